"""An entry of an HTTP archive that is a WebSocket, as records. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from ....errors import LineError
from ....model import Direction, Event, Frame, Record, parse_time
from ...line.codec import decode_line
from ...line.payload.json_strings import from_base64, text_of
from ..json_fields import nanoseconds_of, time_of
from ..source import Secrecy, imported_frame, lost
from ..told_directions import direction_of

__all__ = ["ConnectionEntry", "OnBad", "TimedRecord", "event_in", "records_of", "started_at"]

_TEXT, _BINARY, _CLOSE, _CONTROL = 1, 2, 8, (9, 10)
"""RFC 6455, 5.2. Chrome shows no frames but whole messages."""

_NO_CODE = 1005
"""RFC 6455, 7.4.1: closed by a close frame without a code."""

_ERROR = b'"error"'
_FRAMES = 1
_BEFORE, _AFTER = 0, 2
"""Ranks among records of one time and connection: it is opened before its frames, and closed after them."""


class _Request(msgspec.Struct, frozen=True):
    url: str = ""


class ConnectionEntry(msgspec.Struct, frozen=True):
    """An entry, as far as it tells that it is a WebSocket, and of its messages."""

    started: str = msgspec.field(default="", name="startedDateTime")
    request: _Request = _Request()
    messages: list[msgspec.Raw] | None = msgspec.field(default=None, name="_webSocketMessages")
    events: list[msgspec.Raw] = msgspec.field(default=[], name="_feedrecEvents")
    kind: str | None = msgspec.field(default=None, name="_resourceType")
    connection: msgspec.Raw = msgspec.Raw()

    @property
    def is_connection(self) -> bool:
        """Whether it is one."""
        return self.messages is not None or self.kind == "websocket" or self.request.url.startswith(("ws:", "wss:"))

    @property
    def own_number(self) -> int | None:
        """The number of the connection, if feedrec wrote it."""
        digits = bytes(self.connection).strip(b'"')
        return int(digits) if digits.isdigit() and len(digits) < 10 else None


class _Message(msgspec.Struct, frozen=True):
    type: msgspec.Raw
    time: msgspec.Raw
    opcode: int = _TEXT
    data: msgspec.Raw = msgspec.Raw(b'""')
    own_time: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="_feedrecTime")
    is_base64: bool = msgspec.field(default=False, name="_feedrecBase64")
    redacted: bool = msgspec.field(default=False, name="_feedrecRedacted")
    synthetic: bool = msgspec.field(default=False, name="_feedrecSynthetic")
    unverified: bool = msgspec.field(default=False, name="_feedrecUnverified")
    rewritten: bool = msgspec.field(default=False, name="_feedrecRewritten")


_decode_message = msgspec.json.Decoder(_Message).decode
_decode_any = msgspec.json.Decoder().decode


class TimedRecord(NamedTuple):
    """
    A record, and where it stands among those of others.

    Attributes:
        time: Its time.
        rank: What comes first among records of one time.
        number: That of the entry.
        make: Makes it, once it is wanted; None if there is none.

    """

    time: int
    rank: int
    number: int
    make: Callable[[], Record | None]


OnBad = Callable[[str, Exception], object]
"""Takes note of something that cannot be read: what to call it, and the error."""


def records_of(
    entry: ConnectionEntry, number: int, conn: int, secrecy: Secrecy, on_bad: OnBad
) -> Iterator[TimedRecord]:
    """
    Yield the records of a connection, in the order in which they stand there.

    Args:
        entry: The entry.
        number: Its number in the archive.
        conn: The number of the connection.
        secrecy: What must not be recorded of what was sent.
        on_bad: Called with a message that cannot be read.

    Raises:
        LineError: If it does not tell when it was opened.

    """
    found = _messages(entry.messages or [], number, conn, secrecy, on_bad)
    first = next(found, None)
    events = [event for raw in entry.events if (event := event_in(raw)) is not None]
    if not any(event.name == "open" for event in events):
        time = _opened_at(entry, first)
        details = {"url": secrecy.address(_socket_address(entry.request.url))} if entry.request.url else {}
        events.insert(0, Event(time, conn, "open", details))
    told = iter(events)
    event = next(told, None)
    while first is not None or event is not None:
        if event is not None and (first is None or _is_before(event, first)):
            yield TimedRecord(event.time, _rank(event), number, _made(event))
            event = next(told, None)
        elif first is not None:
            yield first
            first = next(found, None)


def started_at(text: str) -> int:
    """
    Return when an entry began.

    Raises:
        LineError: If that is no time.

    """
    try:
        return parse_time(text)
    except ValueError:
        raise LineError(f"its field 'startedDateTime' is not a time: {text[:40]!r}") from None


def event_in(raw: msgspec.Raw) -> Event | None:
    """Return an event that feedrec wrote; None if it is none, or an exchange, which has an entry of its own."""
    try:
        record = decode_line(bytes(raw))
    except LineError:
        return None
    return record if isinstance(record, Event) and record.name != "http" else None


def _socket_address(url: str) -> str:
    """Return the address of a WebSocket; mitmproxy writes that of the handshake, which is HTTP."""
    return f"ws{url.removeprefix('http')}" if url.startswith(("http:", "https:")) else url


def _opened_at(entry: ConnectionEntry, first: TimedRecord | None) -> int:
    if first is None or entry.started:
        started = started_at(entry.started)
        return started if first is None else min(started, first.time)
    return first.time


def _is_before(event: Event, first: TimedRecord) -> bool:
    return (event.time, _rank(event)) < (first.time, first.rank)


def _rank(event: Event) -> int:
    return _AFTER if event.name == "close" else _BEFORE


def _made(record: Record | None) -> Callable[[], Record | None]:
    return lambda: record


def _messages(
    texts: list[msgspec.Raw], number: int, conn: int, secrecy: Secrecy, on_bad: OnBad
) -> Iterator[TimedRecord]:
    for place, text in enumerate(texts):
        try:
            record = _record(text, conn, secrecy)
        except (msgspec.DecodeError, LineError, ValueError) as error:
            on_bad(f"message {place + 1:,} of entry {number + 1:,}", error)
            continue
        if record is not None:
            rank = _FRAMES if isinstance(record, Frame) else _AFTER
            yield TimedRecord(record.time, rank, number, _made(record))


def _record(text: msgspec.Raw, conn: int, secrecy: Secrecy) -> Record | None:
    """Return the record of a message; None if it is a ping or a pong."""
    message = _decode_message(text)
    own_time = bytes(message.own_time)
    time = nanoseconds_of(own_time, "_feedrecTime") if own_time else time_of(bytes(message.time), "time")
    kind = bytes(message.type)
    if kind == _ERROR:
        return Event(time, conn, "close", lost(error=_decode_any(message.data)))
    if message.opcode == _CLOSE:
        return Event(time, conn, "close", _closing(message))
    if message.opcode in _CONTROL:
        return None
    if message.opcode not in (_TEXT, _BINARY):
        raise LineError(f"its opcode {message.opcode} is neither 1 nor 2")
    is_text = message.opcode == _TEXT or message.is_base64
    is_plain = message.opcode == _TEXT and not message.is_base64
    data = memoryview(message.data)
    payload = text_of(data) if is_plain else from_base64(data)
    direction = direction_of(kind, "type")
    if direction not in ("in", "out"):
        raise LineError("its field 'type' is no direction")
    way: Direction = "out" if direction == "out" else "in"
    frame = imported_frame(time, conn, payload, secrecy, direction=way, binary=not is_text)
    marks = {name: True for name in ("redacted", "synthetic", "unverified", "rewritten") if getattr(message, name)}
    return msgspec.structs.replace(frame, **marks) if marks else frame


def _closing(message: _Message) -> dict[str, Any]:
    return {"code": _NO_CODE, "reason": str(_decode_any(message.data) or "")}
