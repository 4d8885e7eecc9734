"""
Lines as a writer of recordings writes them, whoever wrote them: keys in their order, no spaces, the payload last.

docs/format.md is normative. In a file with an index every line must be so: payloads are cut out of them by position.
"""

from __future__ import annotations

import functools

import msgspec

from ...model import Event, Frame, Record, format_time
from .codec import frame_pieces, is_encoded_as, payload_key
from .http_events import BODY_KEYS, HTTP, conn_in
from .payload.in_lines import PAYLOAD_KEYS
from .payload.json_strings import joined

__all__ = ["as_written", "header_as_written"]

_FRAME_KEYS = frozenset(
    {"time", "conn", "dir", "redacted", "synthetic", "unverified", "rewritten", "op", "event", *PAYLOAD_KEYS}
)
_EVENT_KEYS = frozenset({"time", "conn", "event"})
_HEADER_KEYS = ("feedrec", "endpoint", "url", "created", "software", "subscriptions")

_TIME_SHAPE = b'{"time":"0000-00-00T00:00:00.000000000Z'
_TIME_END = len(_TIME_SHAPE)
_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")

_Fields = dict[str, msgspec.Raw]

_decode = msgspec.json.Decoder(_Fields).decode
_encode = msgspec.json.encode


def as_written(line: bytes, record: Record) -> bytes:
    """
    Return the line of a frame or an event as a writer writes it: the same one if it is so.

    Keys that the format does not know stay: those of a frame before its payload.

    Args:
        line: The line.
        record: What it decodes to.

    """
    if isinstance(record, Event):
        return _event_as_written(line, record)
    if _is_plain(line, record) or any(is_encoded_as(line, record, key) for key in PAYLOAD_KEYS):
        return line
    return _frame_as_written(line, record)


def _event_as_written(line: bytes, event: Event) -> bytes:
    conn = conn_in(line) if event.conn is None else b'"conn":%d,' % event.conn
    start = b'{"time":"%b",%b"event":%b' % (format_time(event.time).encode(), conn, _encode(event.name))
    verbatim = BODY_KEYS if event.name == HTTP else frozenset[str]()
    return joined([start, *(b",%b" % field for field in _further(line, _EVENT_KEYS, verbatim)), b"}"])


def _is_plain(line: bytes, frame: Frame) -> bool:
    """Return whether a line is as written, as a quick look at one without flags tells: most are so."""
    before = _before_payload(frame.conn, frame.direction)
    end = _TIME_END + len(before)
    return (
        line.startswith(before, _TIME_END)
        and len(line) == end + len(frame.payload) + 1
        and line.startswith(frame.payload, end)
        and line[:_TIME_END].translate(_DIGITS_AS_ZEROS) == _TIME_SHAPE
    )


@functools.lru_cache(maxsize=16)
def _before_payload(conn: int, direction: str) -> bytes:
    return b'","conn":%d,"dir":"%b","frame":' % (conn, direction.encode())


def _frame_as_written(line: bytes, frame: Frame) -> bytes:
    start, *payload = frame_pieces(frame, payload_key(frame))
    return joined([start, *(b"%b," % field for field in _further(line, _FRAME_KEYS)), *payload])


def header_as_written(line: bytes) -> bytes:
    """Return the first line of a recording as a writer writes it, but for keys that it lacks."""
    fields = _decode(line)
    order = [*(name for name in _HEADER_KEYS if name in fields), *(name for name in fields if name not in _HEADER_KEYS)]
    return b"{%b}" % b",".join(_field(name, fields[name]) for name in order)


def _further(line: bytes, known: frozenset[str], verbatim: frozenset[str] = frozenset()) -> list[bytes]:
    """
    Return the other keys of a line with their values; none if one of them is no text (docs/format.md, Lines).

    Args:
        line: The line.
        known: The keys that are left out.
        verbatim: Those whose values stay as they are, spaces included.

    """
    try:
        fields = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    return [
        b"%b:%b" % (_encode(name), value) if name in verbatim else _field(name, value)
        for name, value in fields.items()
        if name not in known
    ]


def _field(name: str, value: msgspec.Raw) -> bytes:
    """Return a key and its value without spaces; numbers and strings stay as they are written."""
    return b"%b:%b" % (_encode(name), msgspec.json.format(bytes(value), indent=-1))
