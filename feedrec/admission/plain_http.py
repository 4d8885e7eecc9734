"""
Requests of plain HTTP, which no WebSocket client sends: they get an answer in words. Pure.

The library reads handshakes only; what has another method or a body it drops without a word, in most of its versions.
So the first request of a connection is looked at before the library sees it. A handshake goes on as it is. Of anything
else the library gets the target and the Host, as a GET: it asks what to answer, and closes the connection, as it does
with a handshake that is refused.
"""

from __future__ import annotations

import http
import re

import msgspec

__all__ = ["LONGEST_HEAD", "FirstRequest", "first_request", "plain_answer"]

LONGEST_HEAD = 1 << 15
"""Bytes of a request, without its body, that are looked at; the library says what it thinks of longer ones."""

_LINE = re.compile(rb"([A-Z]{1,32}) ([!-~]+) HTTP/1\.[01]\r\n")
_BEGINNING = re.compile(rb"[A-Z]{1,32}( |\Z)")
_HEADER = re.compile(rb"^([!-9;-~]+):[ \t]*(.*?)[ \t]*\r\n", re.MULTILINE)


class FirstRequest(msgspec.Struct, frozen=True):
    """
    The first request of a connection.

    Attributes:
        data: What the library shall read.
        method: The method of a request that is no handshake; empty for a handshake, and for what is not HTTP at all.
        asks_upgrade: Whether such a request wants a WebSocket all the same.

    """

    data: bytes
    method: str = ""
    asks_upgrade: bool = False


def first_request(data: bytes) -> FirstRequest | None:
    """Look at what a client sent first; None if there is more to come."""
    line, end = _LINE.match(data), data.find(b"\r\n\r\n")
    if end < 0 and len(data) < LONGEST_HEAD and _BEGINNING.match(data):
        return None
    if end < 0 or line is None:
        return FirstRequest(data)
    headers = [(name.lower(), value) for name, value in _HEADER.findall(data, line.end(), end + 2)]
    has_body = any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0") for name, value in headers
    )
    asks_upgrade = any(name == b"upgrade" and b"websocket" in value.lower() for name, value in headers)
    if line[1] == b"GET" and asks_upgrade and not has_body:
        return FirstRequest(data)
    hosts = b"".join(b"Host: %b\r\n" % value for name, value in headers if name == b"host")
    return FirstRequest(b"GET %b HTTP/1.1\r\n%b\r\n" % (line[2], hosts), line[1].decode(), asks_upgrade)


def plain_answer(request: FirstRequest, url: str) -> tuple[http.HTTPStatus, str]:
    """Return status and sentence for a request that is no handshake; `url` is where clients connect to."""
    if request.method not in ("GET", "HEAD"):
        status, why = http.HTTPStatus.METHOD_NOT_ALLOWED, f"this is a WebSocket server, which takes no {request.method}"
    elif request.asks_upgrade:
        status, why = http.HTTPStatus.BAD_REQUEST, "the handshake of a WebSocket is a GET without a body"
    else:
        status, why = http.HTTPStatus.UPGRADE_REQUIRED, "this is a WebSocket server, not a web page"
    return status, f"{why}: connect a WebSocket client to {url}"
