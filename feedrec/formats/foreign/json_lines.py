"""
Lines of JSON, each of which is a payload, or an envelope with a payload in it. Pure: lines in, records out.

One field has the time. Others may have the payload, the direction, and the connection. Payloads stay as they are, byte
for byte: a string is taken for its text, any other value as it stands in the line.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ...errors import LineError
from ...model import Direction, Event, Frame, Record
from ..line.payload.json_strings import text_of
from .json_fields import Fields, fields_of, find, time_of
from .line_source import LineReader
from .source import Secrecy, imported_frame, lost
from .told_directions import CLOSED, OPENED, direction_of

__all__ = ["EnvelopeFields", "JsonlLines"]


class EnvelopeFields(NamedTuple):
    """
    Names of fields, each with its parents if it is nested: `data.ts`.

    Attributes:
        time: Has the time: RFC 3339 text, or a number, also in a string, of s, ms, us or ns since 1970.
        payload: Has the payload; None if the whole line is the payload.
        direction: Has the direction, or what became of the connection; None if all was received.
        conn: Has what tells connections apart; None if there is one.

    """

    time: str
    payload: str | None = None
    direction: str | None = None
    conn: str | None = None


class JsonlLines(LineReader):
    """
    Reads lines of JSON.

    Connections are numbered from 0 in the order in which they appear. One that is opened again has the next number.

    Args:
        names: Where everything stands.
        secrecy: What must not be recorded of what was sent.

    """

    def __init__(self, names: EnvelopeFields, secrecy: Secrecy) -> None:
        self._names = names
        self._secrecy = secrecy
        self._open: dict[bytes, int] = {}
        self._next = 0

    def __call__(self, line: bytes) -> list[Record]:
        """
        Turn the next line into records; a blank line has none.

        Raises:
            LineError: If it is not a JSON object, or lacks one of the fields.

        """
        line = line.removesuffix(b"\r")
        if not line.strip():
            return []
        names, fields = self._names, fields_of(line)
        time = time_of(find(fields, names.time), names.time)
        way = "in" if names.direction is None else direction_of(find(fields, names.direction), names.direction)
        key = b"" if names.conn is None else find(fields, names.conn)
        if way == OPENED:
            return [*self._close(key, time), self._opened(key, time, _address_in(fields))]
        if way == CLOSED:
            return self._close(key, time)
        payload = line if names.payload is None else _payload(find(fields, names.payload), names.payload)
        opening = [] if key in self._open else [self._opened(key, time)]
        return [*opening, self._frame(time, self._open[key], payload, "out" if way == "out" else "in")]

    def is_whole(self, line: bytes) -> bool:  # noqa: ARG002
        """Return true: an object that was read has its end."""
        return True

    def _frame(self, time: int, conn: int, payload: bytes, direction: Direction) -> Frame:
        return imported_frame(time, conn, payload, self._secrecy, direction=direction)

    def _opened(self, key: bytes, time: int, address: str | None = None) -> Event:
        conn = self._open[key] = self._next
        self._next += 1
        return Event(time, conn, "open", {} if address is None else {"url": self._secrecy.address(address)})

    def _close(self, key: bytes, time: int) -> list[Record]:
        """Return the end of a connection, if it is open."""
        conn = self._open.pop(key, None)
        return [] if conn is None else [Event(time, conn, "close", lost())]


def _payload(text: bytes, field: str) -> bytes:
    """Return what a value says that is a string, and any other as it stands in the line."""
    if text == b"null":
        raise LineError(f"its field {field!r} is null")
    if not text.startswith(b'"'):
        return text
    try:
        return text_of(memoryview(text))
    except (msgspec.DecodeError, UnicodeError):
        raise LineError(f"its field {field!r} is not valid Unicode text") from None


def _address_in(fields: Fields) -> str | None:
    """Return the first value of a line that is the address of a WebSocket."""
    for value in fields.values():
        text = bytes(value)
        if text[1:6].lower().startswith((b"ws://", b"wss:/")):
            try:
                return msgspec.json.decode(text, type=str)
            except msgspec.DecodeError:
                continue
    return None
