"""What is said on a stream, as records: a WebSocket and its messages, or requests and their answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ....http_messages import RECORDED_ENDPOINT, RECORDED_URL, HttpAnswer, HttpRequest, first_value
from ....model import Direction, Event, Frame, Record
from ...line.http_events import http_event
from ..source import Secrecy, imported_frame, lost
from .http_exchanges import Exchange, Handshake, HttpReader, RawHeaders
from .record_order import RecordOrder
from .websocket_messages import BINARY, CLOSE, Message, MessageReader, inflater_of

__all__ = ["Conversation"]

_NO_CODE = 1005
"""RFC 6455, 7.4.1: closed by a close frame without a code."""

_META = "x-cryptofeed-"
_ADDRESS, _URL, _SUBSCRIPTION = f"{_META}address", f"{_META}url", f"{_META}subscription"
_NOT_SENT = (_META, RECORDED_ENDPOINT, RECORDED_URL)
_TOLD = {
    "conn_id": f"{_META}conn-id",
    "exchange": f"{_META}exchange",
    "ordinal": f"{_META}connect-ordinal",
    "resumed": f"{_META}resumed",
}
"""Headers in which cryptofeed tells what it recorded."""

Headers = tuple[tuple[str, str], ...]


class Conversation:
    """
    What is said on one stream.

    Args:
        order: Takes its records.
        secrecy: What must not be recorded of what was sent.
        number: Gives the next number of a connection.

    Attributes:
        conn: The number of its WebSocket; None as long as it is none.
        endpoint: The endpoint that feedrec, which wrote the capture, says it is of; empty if it does not.

    """

    def __init__(self, order: RecordOrder, secrecy: Secrecy, number: Callable[[], int]) -> None:
        self.conn: int | None = None
        self.endpoint = ""
        self._order = order
        self._secrecy = secrecy
        self._number = number
        self._http: HttpReader | None = HttpReader()
        self._sent = self._received = MessageReader(order.begin)
        self._close: dict[str, Any] | None = None
        self._is_closed = False

    @property
    def is_amid_something(self) -> bool:
        """Whether a message, or an exchange, is not whole."""
        if self._http is not None:
            return self._http.is_amid_exchange
        return self._sent.is_amid_message or self._received.is_amid_message

    def take(self, time: int, data: bytes, *, is_sent: bool) -> None:
        """
        Take the next bytes of the client or of the server.

        Raises:
            StreamBrokenError: If they are not what either says.

        """
        if self._http is None:
            for message in (self._sent if is_sent else self._received).take(time, data):
                self._tell(message, is_sent=is_sent)
        elif is_sent:
            self._http.take_sent(time, data)
        else:
            self._take_answers(self._http, time, data)

    def end(self, time: int) -> None:
        """
        Take the end of both directions.

        Raises:
            StreamBrokenError: If that is amid an answer.

        """
        if self._http is not None:
            if self._http.is_amid_exchange:
                self._take_answers(self._http, time, b"")
        elif not self._is_closed:
            self._is_closed = True
            self._order.add([Event(time, self.conn, "close", self._close or lost())])

    def end_if_told(self, time: int) -> None:
        """Take the end of the capture, which is that of a WebSocket if it has said so."""
        if self._close is not None:
            self.end(time)

    def _take_answers(self, http: HttpReader, time: int, data: bytes) -> None:
        for told in http.take_received(data):
            if isinstance(told, Exchange):
                self._exchange(told, time)
            else:
                self._open(told, time)

    def _exchange(self, told: Exchange, time: int) -> None:
        asked, headers = told.asked, _text(told.headers)
        method, target = asked.method.decode("latin-1"), asked.target.decode("latin-1")
        sent = _text(asked.headers)
        request = HttpRequest(method, target, _own(sent), asked.body)
        answer = HttpAnswer(told.status, told.body, first_value(headers, "content-type") or "", headers)
        url = self._told_url(sent, _URL) or f"http://{request.host}{target}"
        exchange = self._secrecy.exchange(request, url, answer, min(asked.started, time), time)
        if exchange is not None:
            self._order.add([http_event(exchange)])

    def _open(self, told: Handshake, time: int) -> None:
        self.conn, self._http = self._number(), None
        agreed = first_value(_text(told.headers), "sec-websocket-extensions") or ""
        self._sent = MessageReader(self._order.begin, inflater_of(agreed, "client"))
        self._received = MessageReader(self._order.begin, inflater_of(agreed, "server"))
        headers, target = _text(told.asked.headers), told.asked.target.decode("latin-1")
        url = self._told_url(headers, _ADDRESS)
        if url is None and not self.endpoint:  # else feedrec made up what is asked for
            url = f"ws://{first_value(headers, 'host') or ''}{target}"
        details: dict[str, Any] = {} if url is None else {"url": self._secrecy.address(url)}
        if about := self._about(headers):
            details["cryptofeed"] = about
        self._order.add([Event(time, self.conn, "open", details)])
        for rest, is_sent in ((told.sent, True), (told.received, False)):
            if rest:
                self.take(time, rest, is_sent=is_sent)

    def _told_url(self, headers: Headers, name: str) -> str | None:
        """Return the address that who wrote the capture tells, under a name or feedrec's; take note of the endpoint."""
        self.endpoint = first_value(headers, RECORDED_ENDPOINT) or ""
        return first_value(headers, name) or first_value(headers, RECORDED_URL)

    def _about(self, headers: Headers) -> dict[str, str]:
        """Return what cryptofeed tells of a connection, without secrets."""
        told = {key: value for key, name in _TOLD.items() if (value := first_value(headers, name))}
        if subscription := first_value(headers, _SUBSCRIPTION):
            told["subscription"] = self._secrecy.message(subscription.encode()).decode()
        return told

    def _tell(self, message: Message, *, is_sent: bool) -> None:
        """Put a message into its place; control frames but the first close frame leave it empty."""
        records: list[Record] = []
        if message.operation < CLOSE:
            records.append(self._frame(message, is_sent=is_sent))
        elif message.operation == CLOSE:
            if self._close is None:
                self._close = _told_by(message.payload)
            else:
                self.end(message.time)
        self._order.fill(message.place, records)

    def _frame(self, message: Message, *, is_sent: bool) -> Frame:
        direction: Direction = "out" if is_sent else "in"
        is_binary = message.operation == BINARY
        return imported_frame(
            message.time, self.conn or 0, message.payload, self._secrecy, direction=direction, binary=is_binary
        )


def _told_by(payload: bytes) -> dict[str, Any]:
    """Return the details of a `close` event by the payload of a close frame."""
    code = int.from_bytes(payload[:2], "big") if len(payload) > 1 else _NO_CODE
    return {"code": code, "reason": payload[2:].decode(errors="replace")}


def _text(headers: RawHeaders) -> Headers:
    """Return headers as text: UTF-8 if they are, as cryptofeed writes them."""
    return tuple((name.decode("latin-1"), _decoded(value)) for name, value in headers)


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _own(headers: Headers) -> Headers:
    """Return the headers that the client sent, not those that who wrote the capture added."""
    return tuple((name, value) for name, value in headers if not name.startswith(_NOT_SENT))
