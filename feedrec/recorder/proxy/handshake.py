"""Which headers and which address of a handshake are passed on. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from ...errors import UsageError

__all__ = ["address_for", "passed_on"]

_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("trailer", "transfer-encoding", "upgrade"),
        *("content-length", "host", "origin"),
    }
)
"""
Headers of one connection only (RFC 9110, 7.6.1), and those that speak of this server or of a body of its own.

An Origin names the page that a browser shows. It is for this server to judge; the venue would judge another page.
"""

_OF_THE_HANDSHAKE = "sec-websocket-"
"""What each side of the proxy agrees on by itself (RFC 6455, 11.3)."""


def passed_on(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers that go on, in order and as they are written; names may occur several times."""
    pairs = list(headers)
    named = {
        token.strip().lower() for name, value in pairs if name.lower() == "connection" for token in value.split(",")
    }
    kept = _HOP_BY_HOP | named
    return [
        (name, value)
        for name, value in pairs
        if (lower := name.lower()) not in kept and not lower.startswith(_OF_THE_HANDSHAKE)
    ]


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
