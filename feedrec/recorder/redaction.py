"""Keeping secrets out of what is written down."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Self
from urllib.parse import SplitResult, quote, urlsplit

from ..feeds.redaction import REDACTED

__all__ = ["REDACTED", "Address", "redact_url"]

_SECRET_PARAMETER = re.compile(
    r"(?i)((?:^|[&;])[^=&;]*(?:key|secret|token|jwt|sig|pass|pwd|hmac|auth|cred|session|nonce)[^=&;]*=)[^&]*"
)


class Address(str):
    """
    An address that knows which of its query parameters are secret, besides those whose names say so.

    Args:
        url: The address.
        secret_parameters: Their names; case does not matter.

    Attributes:
        secret_parameters: As above.

    """

    __slots__ = ("secret_parameters",)

    secret_parameters: frozenset[str]

    def __new__(cls, url: str, secret_parameters: Collection[str] = ()) -> Self:
        """Create it."""
        address = super().__new__(cls, url)
        address.secret_parameters = frozenset(secret_parameters)
        return address

    def leads_to(self, url: str) -> Address:
        """Return the address that this one redirects to: the same parameters are secret there."""
        return Address(url, self.secret_parameters)


def redact_url(url: str) -> str:
    """
    Return an address as it may be recorded and shown: without user, password, secret query parameters and fragment.

    In a text that is not an address they cannot be found, so such a text is redacted as a whole.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # "user:password" without a host passes for host and port until the port is looked at
    except ValueError:
        return REDACTED
    host = parts.netloc.rpartition("@")[2]
    query = _SECRET_PARAMETER.sub(rf"\g<1>{REDACTED}", parts.query)
    if isinstance(url, Address) and url.secret_parameters:
        names = {form for name in url.secret_parameters for form in (name, quote(name, safe=""))}
        query = re.sub(rf"(?i)((?:^|[&;])(?:{'|'.join(map(re.escape, names))})=)[^&]*", rf"\g<1>{REDACTED}", query)
    return SplitResult(parts.scheme, host, parts.path, query, "").geturl()
