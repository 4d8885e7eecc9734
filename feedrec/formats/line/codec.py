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
from operator import itemgetter
from typing import Any, Literal

import msgspec

from ...errors import LineError
from ...model import FORMAT_VERSION, Direction, Event, Frame, Header, Record, format_time, parse_time
from .json_strings import base64_pieces, base64_size, from_base64, is_utf8, joined, string_pieces, string_size, text_of
from .timed_text import OF_ANOTHER_TOOL, looks_timed

__all__ = [
    "MAX_NESTING",
    "PAYLOAD_KEYS",
    "PayloadKey",
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
    "is_json",
    "line_time",
    "payload_key",
    "received_text",
    "stand_verbatim",
]

MAX_NESTING = 100
"""Payloads that nest this deep are stored as `text`: recursive parsers give up not far beyond."""

PayloadKey = Literal["frame", "text", "base64"]
"""The last key of the line of a frame."""

PAYLOAD_KEYS: tuple[PayloadKey, ...] = ("frame", "text", "base64")

_SPACE, _BRACE, _BRACKET = 0x20, ord("{"), ord("[")
_TAB, _LINE_FEED, _RETURN = 0x09, 0x0A, 0x0D
_BRACES_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
_ALL_BUT_NESTING = bytes(byte for byte in range(256) if byte not in b"[]{}")
_ALL_BUT_NESTING_AND_QUOTES = _ALL_BUT_NESTING.replace(b'"', b"")

_FLAGS = ("redacted", "synthetic", "unverified", "rewritten")

_SECOND_HEADER = "a second header: two recordings in one file; `feedrec repair` joins them"

_NULL = b"null"
_PIECE = 1 << 20

_ORDINARY = bytes(byte for byte in range(0x20, 0x80) if byte not in b"[{")
_first, _last = itemgetter(slice(1)), itemgetter(slice(-1, None))
_validate = msgspec.json.Decoder(msgspec.Raw).decode
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
    fields = {"time": format_time(event.time), "conn": event.conn, "event": event.name}
    return _encode({**fields, **{key: value for key, value in event.details.items() if key not in fields}})


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
    payload, is_text = frame.payload, not frame.binary
    if is_text and _stands_verbatim(payload, parses=parses):
        return "frame"
    return "text" if is_text and is_utf8(payload) and string_size(payload) <= base64_size(payload) else "base64"


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
    if key == "frame":
        yield b'"frame":'
        yield frame.payload
        yield b"}"
        return
    if key == "text":
        yield b'"text":"'
        yield from string_pieces(frame.payload)
    else:
        yield b'"op":"%b","base64":"' % (b"binary" if frame.binary else b"text")
        yield from base64_pieces(frame.payload)
    yield b'"}'


def encode_received(time: int, conn: int, payload: bytes, *, binary: bool, parses: bool) -> bytes:
    """Encode a received frame as `encode_frame` does, but faster: a recorder calls it for every frame."""
    if not binary and _stands_verbatim(payload, parses=parses):
        return b'%b"frame":%b}' % (_frame_start(time, conn, "in"), payload)
    return encode_frame(Frame(time, conn, payload, "in", binary), parses=parses)


def received_text(time: int, conn: int, payloads: Sequence[bytes]) -> bytes:
    """Return the lines of frames received together, each with its line feed; all must be able to stand verbatim."""
    start = b'%b"frame":' % _frame_start(time, conn, "in")
    return b"%b%b}\n" % (start, (b"}\n" + start).join(payloads))


def stand_verbatim(payloads: Sequence[bytes], text: bytes) -> bool:
    """
    Return whether texts can stand in their lines verbatim: `_stands_verbatim` at once.

    Args:
        payloads: The texts, all known to be JSON.
        text: What `received_text` makes of them, at any times.

    """
    odd = text.translate(None, _ORDINARY)  # in one pass over all of them
    opened = odd.split(b"\n")
    if len(opened) != len(payloads) + 1 or (
        odd.translate(None, b"\n[{") and not is_utf8(text)
    ):  # that ends no character
        return False
    if _RETURN in odd or _TAB in odd:  # other control bytes fail to parse
        return False
    if _SPACE in text and (b" " in set(map(_first, payloads)) or b" " in set(map(_last, payloads))):
        return False
    if max(map(len, opened)) <= MAX_NESTING:  # a line has one more than its payload
        return True
    deep = (payload for payload, marks in zip(payloads, opened, strict=False) if len(marks) > MAX_NESTING)
    return all(_nesting_below(payload, MAX_NESTING) for payload in deep)


@functools.lru_cache(maxsize=16)  # all frames of one socket read share it
def _frame_start(time: int, conn: int, direction: Direction, *flags: bool) -> bytes:
    marks = "".join(f',"{name}":true' for name, is_set in zip(_FLAGS, flags, strict=False) if is_set)
    return f'{{"time":"{format_time(time)}","conn":{conn},"dir":"{direction}"{marks},'.encode()


def _stands_verbatim(payload: bytes, *, parses: bool) -> bool:
    # Cheapest checks first: this runs for every frame that a recorder receives.
    if not payload or payload[0] <= _SPACE or payload[-1] <= _SPACE:
        return False
    if _LINE_FEED in payload or _RETURN in payload or _TAB in payload:  # other control bytes fail to parse
        return False
    if not payload.isascii() and not is_utf8(payload):  # msgspec does not look inside strings
        return False
    if not (parses or is_json(payload)):
        return False
    if payload.count(_BRACE) + payload.count(_BRACKET) < MAX_NESTING:
        return True
    return _nesting_below(payload, MAX_NESTING)


def is_json(payload: bytes) -> bool:
    """Return whether a payload is JSON text; its strings are not checked for valid UTF-8."""
    try:
        _validate(payload)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _nesting_below(payload: bytes, limit: int) -> bool:
    """Return whether valid JSON text nests less than `limit` deep, peeling it from the inside, level by level."""
    if b"\\" in payload:
        payload = payload.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Now quotes pair up, and a string without brackets leaves two quotes side by side.
    skeleton = payload.translate(_BRACES_AS_BRACKETS, _ALL_BUT_NESTING_AND_QUOTES).replace(b'""', b"")
    if b'"' in skeleton:
        skeleton = joined(_outside_strings(skeleton))
    for _ in range(limit):
        if not skeleton:
            return True
        skeleton = skeleton.replace(b"[]", b"")
    return False


def _outside_strings(text: bytes) -> Iterator[bytes]:
    """Yield what is not between quotes, which pair up."""
    is_inside = False
    for start in range(0, len(text), _PIECE):
        parts = text[start : start + _PIECE].split(b'"')
        yield b"".join(parts[is_inside::2])
        is_inside ^= len(parts) % 2 == 0


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


_decode = msgspec.json.Decoder(_Line).decode
_decode_event_line = msgspec.json.Decoder(_EventLine).decode
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


def decode_line(line: bytes) -> Record:
    """
    Decode a line other than the header.

    Keys may come in any order and with any spacing, so files rewritten by another tool are read as well.

    Raises:
        LineError: If it is neither a frame nor an event.

    """
    try:
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
    details = _decode_object(line)
    for key in _EventLine.__struct_fields__:
        details.pop(key, None)
    return Event(parse_time(fields.time), fields.conn, fields.event, details)


def _payload(fields: _Line) -> tuple[bytes, bool]:
    """Return the payload of a frame, and whether it is a binary message."""
    frame, text, base64 = memoryview(fields.frame), memoryview(fields.text), memoryview(fields.base64)
    try:
        if frame:
            _refuse_invalid_strings(text, base64)
            return bytes(frame), False
        if text and text != _NULL:
            _refuse_invalid_strings(base64)
            return text_of(text), False
        if base64 and base64 != _NULL:
            return from_base64(base64), fields.op == "binary"
    except (msgspec.DecodeError, ValueError) as error:
        raise LineError(f"not a line of a recording: invalid payload: {error}") from error
    raise LineError("not a line of a recording: none of `frame`, `text` and `base64`")


def _refuse_invalid_strings(*ignored: memoryview) -> None:
    """Refuse a line whose further payload, which is ignored, is neither null nor a string."""
    for string in ignored:
        if string and string != _NULL:
            text_of(string)


def decode_header(line: bytes) -> Header:
    """
    Decode the first line of a recording.

    Raises:
        LineError: If it is not a header, or has a version that this package does not know.

    """
    try:
        fields = _decode_object(line)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        if looks_timed(line):
            raise LineError(OF_ANOTHER_TOOL) from None
        raise LineError(f"the first line is not a recording header: {error}") from error
    version = fields.pop("feedrec", None)
    if version != FORMAT_VERSION or type(version) is not int:
        if version is None:
            raise LineError('the first line is not a recording header: it has no "feedrec" key')
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
