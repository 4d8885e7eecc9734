"""Which headers and which address of a handshake are passed on. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from ...errors import UsageError
from ..rest.end_to_end import passed_on

__all__ = ["address_for", "passed_on"]


def address_for(url: str, target: str) -> str:
    """
    Return the address that is opened for a client.

    Args:
        url: The address that the proxy leads to.
        target: The path, and the query if any, that the client asked for. `/` stands for those of `url`; any other
            takes their place.

    Raises:
        UsageError: If it is no path.

    """
    if target in {"", "/"}:
        return url
    if not target.startswith("/") or "#" in target:
        raise UsageError("the request is not for a path, such as /ws")
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{target}"
