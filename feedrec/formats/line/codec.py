"""
The line codec: headers, frames and events as single lines of JSON, payloads verbatim.

The payload is the last key of its line:
- `frame`: JSON text that can stand in the line verbatim;
- `text`: any other UTF-8 text, as a JSON string, unless that is longer than its base64;
- `base64`: everything else, with `op` to distinguish a text message from a binary one.

A payload stands in the line verbatim only if every JSON reader would cut the same bytes out again: it is valid UTF-8,
it parses, it has no byte below 0x20, no white space around it, and it nests less than `MAX_NESTING` deep.
`decode_line(encode_frame(frame)) == frame` for every frame. No line is longer than its payload and a third of that, so
that a recorder can take any message up to its limit (`MAX_LINE`).
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ...errors import LineError
from ...model import FORMAT_VERSION, Direction, Event, Frame, Header, Record, format_time, parse_time
from .http_events import BODY_KEYS, HTTP
from .other_tools import JSON_OF_ANOTHER_TOOL, of_another_tool
from .payload.in_lines import PayloadKey, key_of, payload_of, value_pieces
from .payload.json_strings import joined
from .payload.verbatim import stands_verbatim

__all__ = [
    "decode_header",
    "decode_line",
    "encode_event",
    "encode_frame",
    "encode_header",
    "encode_payload",
    "encode_received",
    "frame_pieces",
    "is_encoded_as",
    "is_header",
    "line_time",
    "payload_key",
    "received_text",
]

_FLAGS = ("redacted", "synthetic", "unverified", "rewritten")

_LINE_KEYS = {"time", "conn"}
"""A line with both is of a recording whose header is lost."""

_SECOND_HEADER = "a second header: two recordings in one file; `feedrec repair` joins them"

_encode = msgspec.json.encode


def encode_header(header: Header) -> bytes:
    """Encode the first line of a recording, without its newline."""
    fields = {
        "feedrec": FORMAT_VERSION,
        "endpoint": header.endpoint,
        "url": header.url,
        "created": format_time(header.created),
        "software": header.software,
        "subscriptions": header.subscriptions,
    }
    return _encode({**fields, **{key: value for key, value in header.extra.items() if key not in fields}})


def encode_event(event: Event) -> bytes:
    """Encode an event as a line, without its newline."""
    conn = {} if event.conn is None else {"conn": event.conn}
    fields = {"time": format_time(event.time), **conn, "event": event.name}
    fields |= {key: value for key, value in event.details.items() if key not in _OF_ALL_EVENTS}
    last, value = fields.popitem()
    if not isinstance(value, msgspec.Raw):
        return _encode({**fields, last: value})
    # A body of megabytes is copied at once: the encoder would move it several times, and hold everybody up meanwhile.
    return b"".join((_encode(fields)[:-1], b",", _encode(last), b":", value, b"}"))


def encode_frame(frame: Frame, *, parses: bool = False) -> bytes:
    """
    Encode a frame as a line, without its newline.

    Args:
        frame: The frame.
        parses: Whether the payload is known to be valid JSON text, so that it need not be parsed again.

    """
    return encode_payload(frame, payload_key(frame, parses=parses))


def payload_key(frame: Frame, *, parses: bool = False) -> PayloadKey:
    """Return the key under which a writer puts the payload of a frame; see `encode_frame`."""
    return key_of(frame.payload, is_text=not frame.binary, parses=parses)


def encode_payload(frame: Frame, key: PayloadKey) -> bytes:
    """
    Encode a frame as a line with its payload under a given key, which must suit the payload.

    Raises:
        UnicodeDecodeError: If the key is `text` and the payload is not UTF-8.

    """
    return joined(frame_pieces(frame, key))


def is_encoded_as(line: bytes, frame: Frame, key: PayloadKey) -> bool:
    """Return whether a line is what `encode_payload` returns, without making that."""
    position = 0
    try:
        for piece in frame_pieces(frame, key):
            if not line.startswith(piece, position):
                return False
            position += len(piece)
    except UnicodeDecodeError:
        return False
    return position == len(line)


def frame_pieces(frame: Frame, key: PayloadKey) -> Iterator[bytes]:
    """Yield the line of a frame in pieces: first all keys before the payload."""
    flags = (frame.redacted, frame.synthetic, frame.unverified, frame.rewritten)
    yield _frame_start(frame.time, frame.conn, frame.direction, *flags)
    if key == "base64":
        yield b'"op":"%b",' % (b"binary" if frame.binary else b"text")
    yield b'"%b":' % key.encode()
    yield from value_pieces(frame.payload, key)
    yield b"}"


def encode_received(time: int, conn: int, payload: bytes, *, binary: bool, parses: bool) -> bytes:
    """Encode a received frame as `encode_frame` does, but faster: a recorder calls it for every frame."""
    if not binary and stands_verbatim(payload, parses=parses):
        return b'%b"frame":%b}' % (_frame_start(time, conn, "in"), payload)
    return encode_frame(Frame(time, conn, payload, "in", binary), parses=parses)


def received_text(time: int, conn: int, payloads: Sequence[bytes]) -> bytes:
    """Return the lines of frames received together, each with its line feed; all must be able to stand verbatim."""
    start = b'%b"frame":' % _frame_start(time, conn, "in")
    return b"%b%b}\n" % (start, (b"}\n" + start).join(payloads))


@functools.lru_cache(maxsize=16)  # all frames of one socket read share it
def _frame_start(time: int, conn: int, direction: Direction, *flags: bool) -> bytes:
    marks = "".join(f',"{name}":true' for name, is_set in zip(_FLAGS, flags, strict=False) if is_set)
    return f'{{"time":"{format_time(time)}","conn":{conn},"dir":"{direction}"{marks},'.encode()


class _Line(msgspec.Struct, gc=False):
    """Every key that a line of version 1 can have; other keys are skipped. Payloads stay what they are in the line."""

    time: str = ""
    conn: int = 0
    dir: str = ""
    redacted: bool = False
    synthetic: bool = False
    unverified: bool = False
    rewritten: bool = False
    op: str = "text"
    frame: msgspec.Raw = msgspec.Raw()
    text: msgspec.Raw = msgspec.Raw()
    base64: msgspec.Raw = msgspec.Raw()
    event: str | None = None


class _EventLine(msgspec.Struct, gc=False):
    """What every event has; its other keys are its own, whatever they mean for a frame."""

    time: str
    event: str
    conn: int = 0


_OF_ALL_EVENTS = frozenset(_EventLine.__struct_fields__)

_decode = msgspec.json.Decoder(_Line).decode
_decode_event_line = msgspec.json.Decoder(_EventLine).decode
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode
_decode_values = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_any = msgspec.json.Decoder().decode

_HTTP_START, _HTTP_START_AT = b'Z","event":"http",', 38


def decode_line(line: bytes) -> Record:
    """
    Decode a line other than the header.

    Keys may come in any order and with any spacing, so files rewritten by another tool are read as well.

    Raises:
        LineError: If it is neither a frame nor an event.

    """
    try:
        if line.startswith(_HTTP_START, _HTTP_START_AT):
            return _decode_http(line)
        fields = _decode_fields(line)
        if fields.event is not None:
            return _decode_event(line)
        time = parse_time(fields.time)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        if is_header(line):
            raise LineError(_SECOND_HEADER) from error
        raise LineError(f"not a line of a recording: {error}") from error
    if fields.dir not in ("in", "out"):
        raise LineError("not a line of a recording: neither `dir` nor `event`")
    direction: Direction = "in" if fields.dir == "in" else "out"
    payload, is_binary = _payload(fields)
    flags = (fields.redacted, fields.synthetic, fields.unverified, fields.rewritten)
    return Frame(time, fields.conn, payload, direction, is_binary, *flags)


def _decode_fields(line: bytes) -> _Line:
    try:
        return _decode(line)
    except msgspec.ValidationError as error:  # an event may have an `op` of its own that is not a string
        with contextlib.suppress(msgspec.ValidationError):
            return _Line(event=_decode_event_line(line).event)
        raise error from None


def _decode_event(line: bytes) -> Event:
    fields = _decode_event_line(line)
    if fields.event == HTTP:
        return _decode_http(line)
    details = _decode_object(line)
    for key in _OF_ALL_EVENTS:
        details.pop(key, None)
    return Event(parse_time(fields.time), fields.conn, fields.event, details)


def _decode_http(line: bytes) -> Event:
    """Decode what seems to be an `http` event, in one pass: its bodies, which may be large, stay as they are."""
    values = _decode_values(line)
    details = {key: value if key in BODY_KEYS else _decode_any(value) for key, value in values.items()}
    fields = msgspec.convert({key: details.pop(key) for key in _OF_ALL_EVENTS if key in details}, _EventLine)
    if fields.event != HTTP:  # it has the key twice
        return _decode_event(line)
    return Event(parse_time(fields.time), None, HTTP, details)


def _payload(fields: _Line) -> tuple[bytes, bool]:
    """Return the payload of a frame, and whether it is a binary message."""
    try:
        found = payload_of(memoryview(fields.frame), memoryview(fields.text), memoryview(fields.base64))
    except (msgspec.DecodeError, ValueError) as error:
        raise LineError(f"not a line of a recording: invalid payload: {error}") from error
    if found is None:
        raise LineError("not a line of a recording: none of `frame`, `text` and `base64`")
    payload, key = found
    return payload, key == "base64" and fields.op == "binary"


def decode_header(line: bytes) -> Header:
    """
    Decode the first line of a recording.

    Raises:
        LineError: If it is not a header, or has a version that this package does not know.

    """
    try:
        fields = _decode_object(line)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        if reason := of_another_tool(line):
            raise LineError(reason) from None
        raise LineError(f"the first line is not a recording header: {error}") from error
    version = fields.pop("feedrec", None)
    if version != FORMAT_VERSION or type(version) is not int:
        if version is None:
            hint = "" if fields.keys() >= _LINE_KEYS else f"; {JSON_OF_ANOTHER_TOOL}"
            raise LineError(f'the first line is not a recording header: it has no "feedrec" key{hint}')
        raise LineError(f"format version {version!r}, but this feedrec reads version {FORMAT_VERSION}: upgrade feedrec")
    try:
        known = {name: fields.pop(name) for name in Header.__struct_fields__ if name in fields and name != "extra"}
        known["created"] = parse_time(known["created"]) if "created" in known else 0
        return msgspec.convert({**known, "extra": fields}, Header)
    except (msgspec.ValidationError, TypeError, ValueError, AttributeError) as error:
        raise LineError(f"invalid header: {error}") from error


def is_header(line: bytes) -> bool:
    """Return whether a line is the header of a recording."""
    try:
        decode_header(line)
    except LineError:
        return False
    return True


def line_time(line: bytes) -> str | None:
    """Return the time of a line as its text; None if it has none."""
    try:
        return _decode(line).time or None
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
