"""
What stands before the frames of a connection, and requests with their answers: HTTP, made of what a recording tells.

A recording is not trusted: of what it says, only what HTTP allows in a place is put there. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import http
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from ....http_messages import FIELD_VALUE, RECORDED_ENDPOINT, RECORDED_URL, TOKEN, HttpExchange, target_of
from .addresses import host_of

__all__ = ["answer_of", "request_of", "upgrade_answer", "upgrade_request"]

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
_MADE_HERE = frozenset(
    {"host", "connection", "upgrade", "content-length", "transfer-encoding", RECORDED_ENDPOINT, RECORDED_URL}
)
_OF_HANDSHAKE = "sec-websocket-"
_MOST_HEADERS = 32_768  # bytes
_WITHOUT_CONTENT = frozenset({204, 304})

Pairs = Iterable[tuple[Any, Any]]


def upgrade_request(
    number: int, url: str, headers: Any = None, subprotocol: Any = None, *, endpoint: str = ""
) -> bytes:
    """
    Return the request that opens a WebSocket.

    Args:
        number: Of the connection; its key is made of it.
        url: What is asked for.
        headers: Those that a client sent, by name, as an `open` event has them.
        subprotocol: What was agreed on.
        endpoint: The endpoint of the recording.

    """
    recorded = headers.items() if isinstance(headers, dict) else ()
    own = [
        ("Host", host_of(url)),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", _key(number)),
        ("Sec-WebSocket-Version", "13"),
        *_agreed(subprotocol),
        *_as_recorded(url, endpoint),
    ]
    return _head(f"GET {_target(url)} HTTP/1.1", own, recorded)


def upgrade_answer(number: int, subprotocol: Any = None) -> bytes:
    """Return the answer to the request of the same connection."""
    accept = base64.b64encode(hashlib.sha1(f"{_key(number)}{_GUID}".encode(), usedforsecurity=False).digest())
    own = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept.decode()),
        *_agreed(subprotocol),
    ]
    return _head("HTTP/1.1 101 Switching Protocols", own)


def request_of(exchange: HttpExchange, endpoint: str = "") -> bytes:
    """Return a request, with its content, in a recording of an endpoint."""
    own = [
        ("Host", host_of(exchange.url)),
        ("Content-Type", exchange.sent_type),
        *_as_recorded(exchange.url, endpoint),
    ]
    if exchange.sent:
        own.append(("Content-Length", str(len(exchange.sent))))
    return _head(f"{exchange.method} {_target(exchange.url)} HTTP/1.1", own) + exchange.sent


def answer_of(exchange: HttpExchange) -> bytes:
    """Return an answer, with its content."""
    answer = exchange.answer
    body = b"" if answer.status in _WITHOUT_CONTENT or exchange.method == "HEAD" else answer.body
    try:
        phrase = http.HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    own = [("Content-Type", answer.content_type)]
    if answer.status not in _WITHOUT_CONTENT:
        own.append(("Content-Length", str(len(answer.body))))
    return _head(f"HTTP/1.1 {answer.status} {phrase}", own, answer.headers) + body


def _key(number: int) -> str:
    return base64.b64encode(hashlib.sha256(f"feedrec {number}".encode()).digest()[:16]).decode()


def _agreed(subprotocol: Any) -> list[tuple[str, str]]:
    if isinstance(subprotocol, str) and TOKEN.match(subprotocol):
        return [("Sec-WebSocket-Protocol", subprotocol)]
    return []


def _as_recorded(url: str, endpoint: str) -> list[tuple[str, str]]:
    """Return the headers that tell what the rest of a request cannot, as far as HTTP allows."""
    told = [(RECORDED_ENDPOINT.title(), endpoint), (RECORDED_URL.title(), url)]
    return [(name, value) for name, value in told if value.isascii() and FIELD_VALUE.match(value)]


def _target(url: str) -> str:
    """Return path and query as they stand in a request: without spaces, and in ASCII."""
    try:
        return quote(target_of(url), safe="/?%:@!$&'()*+,;=-._~[]")
    except ValueError:
        return "/"


def _head(first: str, own: Iterable[tuple[str, str]], recorded: Pairs = ()) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in own if value), *_allowed(recorded), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _allowed(headers: Pairs) -> Iterator[str]:
    """Yield those of recorded headers that HTTP allows, and that are not made here."""
    room = _MOST_HEADERS
    for name, value in headers:
        if not (isinstance(name, str) and isinstance(value, str) and TOKEN.match(name) and FIELD_VALUE.match(value)):
            continue
        room -= len(name) + len(value)
        if name.lower() not in _MADE_HERE and not name.lower().startswith(_OF_HANDSHAKE) and room >= 0:
            yield f"{name}: {value}"
