"""Lines whose connection gets another number."""

from __future__ import annotations

import msgspec

from ...model import Event
from .codec import decode_line, encode_event, encode_frame

__all__ = ["renumbered"]

_START, _CONN = b'{"time":"', b'Z","conn":'
_CONN_AT = 38  # its position in a line that we wrote; only there is it the key of the line itself


def renumbered(line: bytes, conn: int | None, number: int | None) -> bytes:
    """Return a line with another number of its connection; everything else stays as it is, also if it has none."""
    if conn == number or conn is None or number is None:
        return line
    old = b"%b%d," % (_CONN, conn)
    if line.startswith(_START) and line.startswith(old, _CONN_AT):
        return b"%b%b%d,%b" % (line[:_CONN_AT], _CONN, number, line[_CONN_AT + len(old) :])
    record = msgspec.structs.replace(decode_line(line), conn=number)  # a line of another tool
    return encode_event(record) if isinstance(record, Event) else encode_frame(record)
