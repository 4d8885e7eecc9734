"""Requests and answers in a stream, and the handshakes of WebSockets among them; pure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import h11

from .websocket_messages import MAX_MESSAGE, StreamBrokenError

__all__ = ["Exchange", "Handshake", "HttpReader", "looks_like_request"]

_REQUEST = re.compile(rb"[A-Z]{3,10} ")
_LONGEST_HEAD = 4 << 20
"""Bytes: cryptofeed writes what was subscribed into a header."""

_SWITCHED = 101

RawHeaders = list[tuple[bytes, bytes]]
"""Names in lower case, and values."""


def looks_like_request(data: bytes) -> bool:
    """Return whether a client that begins like this speaks HTTP."""
    return _REQUEST.match(data) is not None


class Asked(NamedTuple):
    """
    A request, whole.

    Attributes:
        started: When its first byte was sent.
        method: Its method.
        target: What it asks for.
        headers: Its headers.
        body: Its content.

    """

    started: int
    method: bytes
    target: bytes
    headers: RawHeaders
    body: bytes = b""

    @property
    def is_handshake(self) -> bool:
        """Whether it asks for a WebSocket."""
        return any(name == b"upgrade" and value.strip().lower() == b"websocket" for name, value in self.headers)


class Exchange(NamedTuple):
    """
    A request and its answer.

    Attributes:
        asked: The request.
        status: The status of the answer.
        headers: Its headers.
        body: Its content, as it was sent, without chunks.

    """

    asked: Asked
    status: int
    headers: RawHeaders
    body: bytes


class Handshake(NamedTuple):
    """
    A request that made the stream a WebSocket.

    Attributes:
        asked: The request.
        headers: Those of the answer.
        sent: What the client sent behind the request.
        received: What the server sent behind the answer.

    """

    asked: Asked
    headers: RawHeaders
    sent: bytes
    received: bytes


class HttpReader:
    """Reads both directions of a stream."""

    def __init__(self) -> None:
        self._asking = _parser(h11.SERVER)
        self._started: int | None = None
        self._request: Asked | None = None
        self._sent = bytearray()
        self._behind: bytearray | None = None  # what the client sent behind a handshake that is not answered
        self._asked: deque[Asked] = deque()
        self._answering: h11.Connection | None = None
        self._answer: h11.Response | None = None
        self._body = bytearray()

    @property
    def is_amid_exchange(self) -> bool:
        """Whether a request, or its answer, is not whole."""
        return self._started is not None or bool(self._asked)

    def take_sent(self, time: int, data: bytes) -> None:
        """
        Take what the client sent next.

        Raises:
            StreamBrokenError: If that is not HTTP.

        """
        if self._behind is not None:
            self._behind += data
            _limit(self._behind)
            return
        rest: bytes | None = data
        while rest:
            self._started = time if self._started is None else self._started
            rest = self._take_request(rest)

    def take_received(self, data: bytes) -> Iterator[Exchange | Handshake]:
        """
        Take what the server sent next; empty if it ended. Yield what is whole now.

        Raises:
            StreamBrokenError: If that is not HTTP, or answers nothing.

        """
        rest: bytes | None = data
        is_end = not data
        while rest or is_end:
            if not self._asked:
                if is_end:
                    return
                raise StreamBrokenError("an answer has no request")
            answered, rest = self._take_answer(rest or b"")
            if answered is None:
                return
            yield answered
            if isinstance(answered, Handshake):
                return
            is_end = False

    def _take_request(self, data: bytes) -> bytes | None:
        """Take what belongs to a request; return what is behind its end, None if that has not come."""
        for event in _events(self._asking, data):
            if isinstance(event, h11.Request):
                started = self._started or 0
                self._request = Asked(started, event.method, event.target, list(event.headers))
            elif isinstance(event, h11.Data):
                self._sent += event.data
                _limit(self._sent)
            elif isinstance(event, h11.EndOfMessage) and self._request is not None:
                asked = self._request._replace(body=bytes(self._sent))
                self._asked.append(asked)
                rest = self._asking.trailing_data[0]
                self._asking, self._request, self._sent, self._started = _parser(h11.SERVER), None, bytearray(), None
                if asked.is_handshake:
                    self._behind = bytearray(rest)
                    return None
                return rest
        return None

    def _take_answer(self, data: bytes) -> tuple[Exchange | Handshake | None, bytes]:
        """Take what belongs to the answer of the first request; return it if it is whole, and what is behind it."""
        asked = self._asked[0]
        if self._answering is None:
            self._answering = _awaiting(asked)
        for event in _events(self._answering, data):
            if isinstance(event, h11.InformationalResponse) and event.status_code == _SWITCHED:
                rest = self._answering.trailing_data[0]
                return Handshake(asked, list(event.headers), bytes(self._behind or b""), rest), b""
            if isinstance(event, h11.Response):
                self._answer = event
            elif isinstance(event, h11.Data):
                self._body += event.data
                _limit(self._body)
            elif isinstance(event, h11.EndOfMessage) and self._answer is not None:
                answer, body = self._answer, bytes(self._body)
                rest = self._answering.trailing_data[0]
                self._asked.popleft()
                self._answering, self._answer, self._body = None, None, bytearray()
                if asked.is_handshake and self._behind is not None:
                    behind, self._behind = self._behind, None
                    self.take_sent(asked.started, bytes(behind))
                return Exchange(asked, answer.status_code, list(answer.headers), body), rest
        return None, b""


def _limit(text: bytearray) -> None:
    if len(text) > MAX_MESSAGE:
        raise StreamBrokenError("a request or an answer is too long")


def _parser(role: type[h11.CLIENT | h11.SERVER]) -> h11.Connection:
    return h11.Connection(role, max_incomplete_event_size=_LONGEST_HEAD)


def _awaiting(asked: Asked) -> h11.Connection:
    """Return what parses the answer to a request."""
    parser = _parser(h11.CLIENT)
    try:
        parser.send(h11.Request(method=asked.method, target=asked.target, headers=asked.headers))
        if asked.body:
            parser.send(h11.Data(data=asked.body))
        parser.send(h11.EndOfMessage())
    except h11.LocalProtocolError as error:
        raise StreamBrokenError(f"a request is none of HTTP: {error}") from None
    return parser


def _events(parser: h11.Connection, data: bytes) -> Iterator[h11.Event]:
    """Yield what bytes tell; none, that the sender ended."""
    try:
        parser.receive_data(data)
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return
            if isinstance(event, h11.Event):
                yield event
    except (h11.RemoteProtocolError, RuntimeError) as error:
        raise StreamBrokenError(f"what follows is not HTTP: {error}") from None
