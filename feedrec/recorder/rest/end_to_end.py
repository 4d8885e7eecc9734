"""Which headers go on from one connection to another. Pure."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["passed_on"]

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
