"""Recordings of several connections with everything odd that a line can be, whole and damaged, for hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from hypothesis import strategies as st

from feedrec.errors import LineError
from feedrec.feeds.base import ConnectionSequence
from feedrec.formats.facts.sequence_check import Rules
from feedrec.formats.line.codec import decode_line, encode_event, encode_frame, encode_header
from feedrec.formats.line.http_events import http_event
from feedrec.formats.line.index import Mark, mark_of
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import NANOSECONDS, Event, Frame, FrameInfo, FrameInfos, Header, Kind, Record

from ..line.exchanges import exchange

START = 1_795_280_400 * NANOSECONDS
HEADER = Header("test", url="wss://example.test", created=START)

_ORDINARY = 24  # times as often as anything odd


class _Payload(msgspec.Struct):
    s: int
    c: str
    p: tuple[str, ...] = ()
    k: str = "update"


def describe(payload: bytes) -> FrameInfo:
    try:
        found = msgspec.json.decode(payload, type=_Payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return FrameInfo()
    kind: Kind = "snapshot" if found.k == "snapshot" else "update"
    return FrameInfo(found.c, found.p, found.s, kind, parses=True)


def describe_all(payloads: Sequence[bytes]) -> FrameInfos:
    infos = list(map(describe, payloads))
    kinds = [msgspec.structs.replace(info, sequence=None) for info in dict.fromkeys(infos)]
    which = [kinds.index(msgspec.structs.replace(info, sequence=None)) for info in infos]
    return FrameInfos(kinds, which, [info.sequence for info in infos])


RULES = Rules(describe, lambda from_start: ConnectionSequence(0 if from_start else None), describe_all)


class Step(NamedTuple):
    """One line of a recording: what it is, and how it differs from the one before."""

    kind: str
    conn: int
    seconds: int
    nanoseconds: int
    skipped: int
    channel: str


_FLAGS = ("redacted", "synthetic", "unverified", "rewritten")
_EVENTS = ("clock", "gap", "reset", "open", "close", "damage", "note")
KEYS_TWICE = {
    "time twice": b'{"time":"%b","conn":0,"dir":"in","time":"2026-11-21T17:00:00Z","frame":{"s":1,"c":"a"}}',
    "time twice, late": b'{"time":"%b","conn":0,"dir":"in","frame":{"s":1,"c":"a"},"time":"2026-11-21T17:00:00Z"}',
    "time twice in an event": b'{"time":"%b","conn":0,"event":"note","time":"2026-11-21T17:00:00Z"}',
    "conn twice": b'{"time":"%b","conn":0,"dir":"in","conn":1,"frame":{"s":1,"c":"a"}}',
    "conn twice, late": b'{"time":"%b","conn":0,"dir":"in","frame":{"s":1,"c":"a"},"conn":0}',
    "dir twice": b'{"time":"%b","conn":0,"dir":"in","dir":"out","frame":{"s":1,"c":"a"}}',
    "dir twice, late": b'{"time":"%b","conn":0,"dir":"out","frame":{"s":1,"c":"a"},"dir":"in"}',
    "event twice": b'{"time":"%b","conn":0,"event":"note","event":"gap"}',
    "frame that is an event": b'{"time":"%b","conn":0,"dir":"in","frame":{"s":1,"c":"a"},"event":"note"}',
}
"""Lines with a key twice, of which the last one counts."""

_LINES = {
    "garbage": b"no line",
    "torn": b'{"time":"2026-11-21T17:00:00.000000000Z","conn":0,"dir":"in","frame":{"s":1}',
    "two payloads": b'{"time":"%b","conn":0,"dir":"in","frame":{"s":1,"c":"a"},"frame":{"s":2,"c":"a"}}',
    "impossible day": b'{"time":"2026-02-30T17:00:00.000000000Z","conn":0,"dir":"in","frame":{"s":1,"c":"a"}}',
    "leap second": b'{"time":"2026-11-21T17:00:60.000000000Z","conn":0,"dir":"in","frame":{"s":1,"c":"a"}}',
    **KEYS_TWICE,
    "later key": b'{"time":"%b","conn":0,"dir":"in","frame":{"s":1,"c":"a"},"note":{"b":2}}',
    "earlier key": b'{"time":"%b","conn":0,"dir":"in","note":{"b":2},"frame":{"s":1,"c":"a"}}',
    "spaces": b'{"time": "%b", "conn": 0, "dir": "in", "frame": {"s":1,"c":"a"}}',
    "no conn": b'{"time":"%b","dir":"in","frame":{"s":1,"c":"a"}}',
    "short time": b'{"time":"2026-11-21T17:00:00Z","conn":0,"dir":"in","frame":{"s":1,"c":"a"}}',
    "space behind": b'{"time":"%b","conn":0,"dir":"in","frame":{"s":1,"c":"a"} }',
    "request with a connection": b'{"time":"%b","conn":3,"event":"http","status":200,"body":{ }}',
    "request that is none": b'{"time":"%b","event":"http","body_text": 7,"body":[ 1 ]}',
    "invalid": b'{"time":"%b","conn":0,"dir":"in","frame":{"s":1,]}}',
    "second header": encode_header(HEADER),
}
_KINDS = ["frame"] * _ORDINARY + ["snapshot", "sent", "request", "text", "array", "binary", *_FLAGS, *_EVENTS, *_LINES]

_steps = st.builds(
    Step,
    kind=st.sampled_from(_KINDS),
    conn=st.sampled_from([0] * 6 + [1, 1, 2, 9, 10, 11]),
    seconds=st.sampled_from([0] * 12 + [1, 2, 4000, -1, -3]),
    nanoseconds=st.integers(0, 3) | st.just(400_000_000),
    skipped=st.sampled_from([0] * 16 + [1, 5]),
    channel=st.sampled_from("aab"),
)


def _lines(steps: list[Step]) -> list[bytes]:
    time, numbers, lines = START, dict[int, int](), list[bytes]()
    for step in steps:
        time = max(START, time + step.seconds * NANOSECONDS + step.nanoseconds)
        if step.kind in _LINES:
            text = encode_event(Event(time, 0, "x"))[9:39]
            lines.append(_LINES[step.kind].replace(b"%b", text))
            continue
        record = _record(step, time, numbers)
        lines.append(encode_frame(record) if isinstance(record, Frame) else encode_event(record))
    return lines


def _record(step: Step, time: int, numbers: dict[int, int]) -> Record:
    kind, conn = step.kind, step.conn
    if kind == "request":
        return http_event(exchange(time, b'{ "s":1,"c":"a" }'))
    if kind in _EVENTS:
        if kind == "open":
            numbers[conn] = 0
        readings = {"wall": time, "monotonic": time - START} if step.nanoseconds else {"wall": time}
        return Event(time, conn, kind, readings if kind == "clock" else {"expected": 1, "received": 3, "missing": 2})
    number = numbers.get(conn, 0) + step.skipped
    fields = {"s": number, "c": step.channel, "p": [step.channel.upper()]}
    payload = msgspec.json.encode({**fields, "k": "snapshot"} if kind == "snapshot" else fields)
    if kind == "sent":
        return Frame(time, conn, payload, "out")
    if kind in {"text", "array", "binary"}:
        payload = {"text": b"no json", "array": b"[1]", "binary": b"\xff\x00"}[kind]
        return Frame(time, conn, payload, binary=kind == "binary")
    frame = Frame(time, conn, payload)
    if kind in {"synthetic", "unverified"}:
        return msgspec.structs.replace(frame, **{kind: True})
    numbers[conn] = number + 1
    return msgspec.structs.replace(frame, **{kind: True}) if kind in _FLAGS else frame


def mark(line: bytes) -> Mark:
    try:
        record = decode_line(line)
    except LineError:
        return START, 0, None, 0, True
    is_text = isinstance(record, Frame) and record.direction == "in" and not record.binary
    return mark_of(record, describe(record.payload) if is_text and isinstance(record, Frame) else None)


def pack(lines: list[bytes], block_size: int, header: Header = HEADER, *, is_described: bool = True) -> bytes:
    """Give a recording in blocks of about so much text, as a writer writes it, whatever its lines."""
    encoder = BlockEncoder(block_size=block_size, make_rule=RULES.sequence_rule if is_described else None)
    stream = encoder.begin(encode_header(header))
    for line in lines:
        stream += encoder.add([line], [mark(line)])
    return stream + encoder.finish()


def _damaged(data: bytes, kind: str, place: float) -> bytes:
    offset = int(place * (len(data) - 1))
    if kind == "cut":
        return data[:offset]
    if kind == "flip":
        return data[:offset] + bytes([data[offset] ^ 0xFF]) + data[offset + 1 :]
    return data


lines = st.lists(_steps, max_size=60).map(_lines)
"""Lines of a recording, without its header."""

headers = st.sampled_from([HEADER, Header("test", extra={"filtered": {"channels": ["a"]}})])

recordings = st.builds(
    _damaged,
    st.builds(pack, lines, st.sampled_from([300, 2000, 1 << 20]), headers, is_described=st.booleans()),
    st.sampled_from(["none", "none", "none", "cut", "flip"]),
    st.floats(0, 1),
)
"""The bytes of a `.jsonl.zst`, some of them damaged."""
