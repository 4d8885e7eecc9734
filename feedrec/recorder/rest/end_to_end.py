"""Which headers go on from one connection to another. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ...http_messages import OF_CONNECTION

__all__ = ["TOLD_OTHERWISE", "passed_on"]

TOLD_OTHERWISE = frozenset({"content-type", "content-encoding"})
"""Headers of an answer that `HttpAnswer` has attributes for."""

_HOP_BY_HOP = OF_CONNECTION | {"proxy-authenticate", "proxy-authorization", "content-length", "host", "origin"}
"""
Headers of one connection only, and those that speak of a proxy on the way, of this server, or of a body of its own.

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
