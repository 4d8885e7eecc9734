"""Keeping secrets out of what is written down."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from ..feeds.redaction import REDACTED

__all__ = ["REDACTED", "redact_url"]

_SECRET_PARAMETER = re.compile(
    r"(?i)((?:^|[&;])[^=&;]*(?:key|secret|token|jwt|sig|pass|pwd|hmac|auth|cred|session|nonce)[^=&;]*=)[^&]*"
)


def redact_url(url: str) -> str:
    """
    Give an address as it may be recorded and shown: without user, password, secret query parameters and fragment.

    Where they stand in a text that is no address cannot be told, so of such a text nothing is given.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # "user:password" without a host passes for host and port until the port is looked at
    except ValueError:
        return REDACTED
    host = parts.netloc.rpartition("@")[2]
    query = _SECRET_PARAMETER.sub(rf"\g<1>{REDACTED}", parts.query)
    return SplitResult(parts.scheme, host, parts.path, query, "").geturl()
