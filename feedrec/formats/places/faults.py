"""
Why a store failed, in a line, from what obstore tells.

That has many lines, all that the server answered, and the URL with its signature. What is picked from it here is
what is known to be harmless: status codes, error codes of S3, and kinds of failures.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ...visible import with_escapes

__all__ = ["Fault", "fault_of"]

_MOST_REASON = 200  # characters
_STATUS = re.compile(r"status code: (\d{3})((?: [A-Z][A-Za-z-]*)*)", re.ASCII)
_CODE = re.compile(r"<Code>(\w{1,60})</Code>", re.ASCII)
_PROVIDER = re.compile(r"External \w+ credential provider:? ?(.*)")
_GENERIC = re.compile(r"^Generic \w+ error: ", re.ASCII)
_URL = re.compile(r"\b[a-z]+://[^\s,)]*", re.ASCII)

_TRANSIENT_STATUSES = {408, 429, 500, 502, 503, 504, 509}
_TRANSIENT_CODES = {
    "RequestTimeout",
    "SlowDown",
    "InternalError",
    "ServiceUnavailable",
    "OperationAborted",
    "Throttling",
}
"""What goes away by itself: S3 API Reference, Error responses. A slow upload is answered 400 with RequestTimeout."""

_HINTS = {
    "ExpiredToken": "the credentials have expired",
    "InvalidAccessKeyId": "no such access key: see AWS_ACCESS_KEY_ID or AWS_PROFILE",
    "InvalidToken": "the session token is not valid: see AWS_SESSION_TOKEN",
    "NoSuchBucket": "there is no such bucket",
    "PermanentRedirect": "the bucket is in another region: set AWS_REGION",
    "AuthorizationHeaderMalformed": "the bucket is in another region: set AWS_REGION",
    "IllegalLocationConstraintException": "the bucket is in another region: set AWS_REGION",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
    "SignatureDoesNotMatch": "the secret key is another one: see AWS_SECRET_ACCESS_KEY or AWS_PROFILE",
}


class Fault(NamedTuple):
    """
    Why an attempt failed.

    Attributes:
        reason: In some words, for a line.
        is_transient: Whether another attempt may succeed.
        kind: `no ranges`, `out of range`, `missing`, or empty.

    """

    reason: str
    is_transient: bool
    kind: str = ""


_NO_RANGES = Fault("its server gives no parts of objects", is_transient=False, kind="no ranges")
_KINDS = {  # what stands in the text of obstore, the first that does
    "/latest/": Fault(
        "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE;"
        " or AWS_SKIP_SIGNATURE=true for a public bucket",
        is_transient=False,
    ),
    "/computeMetadata/": Fault(
        "there are no credentials: set GOOGLE_APPLICATION_CREDENTIALS;"
        " or GOOGLE_SKIP_SIGNATURE=true for a public bucket",
        is_transient=False,
    ),
    "MissingAccount": Fault("set AZURE_STORAGE_ACCOUNT_NAME: az:// names only the container", is_transient=False),
    "Missing AccessKeyId": Fault("AWS_SECRET_ACCESS_KEY needs AWS_ACCESS_KEY_ID", is_transient=False),
    "Missing SecretAccessKey": Fault("AWS_ACCESS_KEY_ID needs AWS_SECRET_ACCESS_KEY", is_transient=False),
    "BareRedirect": Fault("the bucket is in another region: set AWS_REGION", is_transient=False),
    "BadScheme": Fault("the address is plain http, which is not used unless AWS_ALLOW_HTTP=true", is_transient=False),
    "dns error": Fault("its server is not found by name", is_transient=True),
    "ConnectionRefused": Fault("its server refuses connections", is_transient=True),
    "UnknownIssuer": Fault(
        "the certificate of its server is of an unknown authority: set SSL_CERT_FILE", is_transient=False
    ),
    "InvalidContentType": Fault("its server does not speak TLS: is it http:// that is meant?", is_transient=False),
    "InvalidCertificate": Fault("the certificate of its server is not valid", is_transient=False),
    "kind: Timeout": Fault("there was no answer in time", is_transient=True),
    "kind: Connect": Fault("its server is not reached", is_transient=True),
    "IncompleteBody": Fault("the answer was cut", is_transient=True),
    "kind: Body": Fault("the answer was cut", is_transient=True),
    "kind: Request": Fault("the connection was cut", is_transient=True),
    "kind: Interrupted": Fault("the connection was cut", is_transient=True),
    "Content-Length": Fault("its server does not say how large it is", is_transient=False),
    "Wanted range starting at": Fault("it has fewer bytes", is_transient=False, kind="out of range"),
    "RangeNotSupported": _NO_RANGES,
    "NotPartial": _NO_RANGES,
}


def fault_of(error: Exception) -> Fault:
    """Return why a store failed, of an exception of obstore."""
    text = str(error)
    if provider := _PROVIDER.search(text):
        return Fault(f"the profile gives no credentials: {_first_line(provider[1])}", is_transient=False)
    status, code = _STATUS.search(text), _CODE.search(text)
    known = next((fault for sign, fault in _KINDS.items() if sign in text), None)
    if known is not None and (status is None or not known.is_transient):
        return known._replace(is_transient=True) if status and status[1].startswith("5") else known
    if code and code[1] in _HINTS:
        return Fault(_HINTS[code[1]], is_transient=False, kind="missing" if code[1] == "NoSuchBucket" else "")
    if status:
        reason = f"the store answers {status[1]}{status[2]}{f' ({code[1]})' if code else ''}"
        is_transient = int(status[1]) in _TRANSIENT_STATUSES or (code is not None and code[1] in _TRANSIENT_CODES)
        return Fault(reason, is_transient, "out of range" if status[1] == "416" else "")
    return Fault(_first_line(text) or type(error).__name__, is_transient=False)


def _first_line(text: str) -> str:
    line = with_escapes(_URL.sub("…", _GENERIC.sub("", text.partition("\n")[0])))
    return " ".join(line.split())[:_MOST_REASON]
