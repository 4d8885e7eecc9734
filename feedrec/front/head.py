"""
Where the head of a request ends, and whether it is the handshake of a WebSocket. Pure.

This is all that must be known of a head before it is given to whoever reads it: the websockets library a handshake,
h11 anything else. Both check it again, and more closely. What is said of a head does not depend on how its bytes came:
whatever is said of some bytes is said of all that begin with them.
"""

from __future__ import annotations

import http
import re

import msgspec

from ..admission.handshakes import Refusal

__all__ = ["BODY_IN_HANDSHAKE", "LONGEST_HEAD", "Head", "read_head"]

LONGEST_HEAD = 1 << 15
"""Bytes of a request, without its body, that are looked at; the library says what it thinks of longer handshakes."""

_MOST_LINES = 200  # of a head; each takes some 5 µs

BODY_IN_HANDSHAKE = Refusal(http.HTTPStatus.BAD_REQUEST, "the handshake of a WebSocket is a GET without a body")
"""What is said of a handshake that is none."""

_MALFORMED = Refusal(http.HTTPStatus.BAD_REQUEST, "this is not an HTTP/1.1 request")
_TWO_LENGTHS = Refusal(http.HTTPStatus.BAD_REQUEST, "a body has either a Content-Length or a Transfer-Encoding")
_TOO_LONG = Refusal(
    http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    f"the head of a request has at most {LONGEST_HEAD:,} bytes, in {_MOST_LINES} lines",
)

_LINE = re.compile(rb"(?:\r\n)?([A-Z]{1,32}) ([!-~]+) HTTP/1\.([01])\r\n")
_BEGINNING = re.compile(rb"(\r(\n|\Z))?([A-Z]{1,32}( |\Z)|\Z)")  # some clients send an empty line after a body
_HEADER = re.compile(rb"^([!-9;-~]+):([^\r\n]*)", re.MULTILINE)  # any attempt to strip it here is quadratic
_BLANK_LINE = re.compile(rb"\n\r?\n")
_STRAY = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)|\0")  # what one reader takes for the end of a line, and another does not


class Head(msgspec.Struct, frozen=True):
    """
    The head of a request.

    Attributes:
        size: Its bytes, the empty line at its end included.
        is_handshake: Whether it is for the websockets library.
        refusal: Why it is for nobody, and the connection is closed.
        is_http: Whether that can be said in HTTP: whoever sent it may not speak that at all.

    """

    size: int
    is_handshake: bool = False
    refusal: Refusal | None = None
    is_http: bool = True


_NO_HTTP = Head(0, refusal=_MALFORMED, is_http=False)


def read_head(data: bytes) -> Head | None:
    """Look at the bytes with which a request begins; None if there is more to come."""
    data = data[:LONGEST_HEAD]
    if _BEGINNING.match(data) is None:
        return _NO_HTTP
    blank_line = _BLANK_LINE.search(data)
    if blank_line is not None:
        return _judge(data[: blank_line.end()], is_whole=True)
    return _judge(data, is_whole=False) if len(data) == LONGEST_HEAD else None


def _judge(head: bytes, *, is_whole: bool) -> Head:
    line = _LINE.match(head)
    if head.count(b"\n") > _MOST_LINES:
        return Head(len(head), refusal=_TOO_LONG)
    if line is None or _STRAY.search(head):
        return Head(len(head), refusal=_MALFORMED if is_whole else _TOO_LONG)
    headers = [(name.lower(), value.strip()) for name, value in _HEADER.findall(head, line.end())]
    lengths = {name for name, value in headers if name == b"content-length" and value != b"0"}
    lengths |= {name for name, _ in headers if name == b"transfer-encoding"}
    asks_upgrade = any(name == b"upgrade" and b"websocket" in value.lower() for name, value in headers)
    is_handshake = line[1] == b"GET" and line[3] == b"1" and asks_upgrade
    if is_handshake and not lengths:
        return Head(len(head), is_handshake=True)
    if not is_whole:
        return Head(len(head), refusal=_TOO_LONG)
    if is_handshake:
        return Head(len(head), refusal=BODY_IN_HANDSHAKE)
    return Head(len(head), refusal=_TWO_LENGTHS if len(lengths) > 1 else None)
