"""Fast decoding gives what `decode_line` gives, whatever the line."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import LineError
from feedrec.formats.line.codec import decode_line, encode_event, encode_frame
from feedrec.formats.line.fast_path import ReceivedFrames, time_texts
from feedrec.formats.line.http_events import http_event
from feedrec.model import Event, Frame, FrameInfo, Record

from .exchanges import exchanges

START = 1_786_309_548_000_000_000

payloads = st.binary(max_size=30) | st.sampled_from(
    [
        b"{}",
        b'{"a":1}',
        b"[1]",
        b'{"a":{}}',
        b'{"a":"\xff"}',
        b'{"a":1},"b":{"c":2}',
        b' {"a":1}',
        b'{"a":1} ',
        b"1",
        b"",
    ]
)
frames = st.builds(
    Frame,
    time=st.integers(START, START + 3 * 10**9),
    conn=st.integers(0, 2),
    payload=payloads,
    direction=st.sampled_from(["in", "out"]),
    binary=st.booleans(),
    redacted=st.booleans(),
)
events = st.builds(Event, time=st.just(START), conn=st.just(0), name=st.just("clock")) | exchanges.map(http_event)

LINE = b'{"time":"2026-08-09T21:05:48.000000001Z","conn":0,"dir":"in","frame":{"a":1}}'


def plainly(lines: list[bytes]) -> list[Frame]:
    records = [decode_line(line) for line in lines]
    return [record for record in records if isinstance(record, Frame) and record.direction == "in"]


@given(st.lists(frames | events, max_size=20))
def test_the_received_frames_are_given_in_order(records: list[Record]) -> None:
    lines = [encode_frame(record) if isinstance(record, Frame) else encode_event(record) for record in records]
    expected = [record for record in records if isinstance(record, Frame) and record.direction == "in"]
    assert ReceivedFrames().decode(lines) == (expected, [])


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace(b'{"a":1}', b'{"a":1},"note":{"b":2}'),
        LINE.replace(b'{"a":1}', b' {"a":1}'),
        LINE.replace(b'{"a":1}}', b'{"a":1} }'),
        LINE.replace(b'"conn":0', b'"conn": 0'),
        LINE.replace(b"000000001Z", b"000000001+00:00"),
        LINE.replace(b"000000001Z", b"5Z"),
        LINE.replace(b'"in"', b'"out"'),
        LINE.replace(b'"in",', b'"in","redacted":true,'),
        LINE.replace(b'{"a":1}', b'{"frame":{"a":1}}'),
    ],
)
def test_a_line_that_differs_a_little_is_read_the_slow_way(line: bytes) -> None:
    """The first line sets the pattern that the second does not quite follow."""
    assert ReceivedFrames().decode([LINE, line, LINE])[0] == plainly([LINE, line, LINE])


@pytest.mark.parametrize(
    "line",
    [LINE[:-1], LINE.replace(b'{"a":1}', b'{"a":}'), LINE.replace(b"000000001Z", b"00000000_Z"), b"", b"{}", b"\xff"],
)
def test_an_invalid_line_is_refused(line: bytes) -> None:
    with pytest.raises(LineError):
        ReceivedFrames().decode([LINE, line])


@given(st.binary(max_size=20), st.integers(0, len(LINE)))
def test_a_mutilated_line_is_read_as_slowly_or_refused(junk: bytes, at: int) -> None:
    line = LINE[:at] + junk + LINE[at + len(junk) :]
    try:
        expected = plainly([LINE, line])
    except LineError:
        with pytest.raises(LineError):
            ReceivedFrames().decode([LINE, line])
    else:
        assert ReceivedFrames().decode([LINE, line])[0] == expected


@given(st.lists(frames | events, max_size=20))
def test_the_other_records_are_given_in_order_as_well(records: list[Record]) -> None:
    lines = [encode_frame(record) if isinstance(record, Frame) else encode_event(record) for record in records]
    others: list[Record] = []
    frames_found, _ = ReceivedFrames().decode(lines, others)
    assert sorted([*frames_found, *others], key=records.index) == sorted(records, key=records.index)
    assert others == [r for r in records if not isinstance(r, Frame) or r.direction == "out"]


@given(st.lists(frames | events, max_size=20))
def test_the_places_of_the_other_records_restore_the_order(records: list[Record]) -> None:
    lines = [encode_frame(record) if isinstance(record, Frame) else encode_event(record) for record in records]
    others: list[Record] = []
    places: list[int] = []
    restored: list[Record] = list(ReceivedFrames().decode(lines, others, places)[0])
    for place, other in reversed(list(zip(places, others, strict=True))):
        restored.insert(place, other)
    assert restored == records


@given(st.lists(frames | events, max_size=20))
def test_payloads_of_lines_of_our_own_are_those_of_the_frames(records: list[Record]) -> None:
    lines = [encode_frame(record) if isinstance(record, Frame) else encode_event(record) for record in records]
    assert ReceivedFrames().payloads(lines) == [frame.payload for frame in plainly(lines)]


def test_an_invalid_line_has_no_payload() -> None:
    with pytest.raises(LineError):
        ReceivedFrames().payloads([LINE, b"no line"])


def described(payload: bytes) -> FrameInfo:
    """Describe like a feed: by the payload alone."""
    try:
        msgspec.json.decode(payload, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return FrameInfo(channel=f"no JSON of {len(payload)} bytes")
    return FrameInfo(channel=payload.hex(), parses=True)


def knows_nothing(_: bytes) -> FrameInfo:
    return FrameInfo()


@given(st.lists(frames | events, max_size=20), st.sampled_from([described, knows_nothing]))
def test_each_frame_comes_with_what_describe_says(
    records: list[Record], describe: Callable[[bytes], FrameInfo]
) -> None:
    lines = [encode_frame(record) if isinstance(record, Frame) else encode_event(record) for record in records]
    expected = plainly(lines)
    infos = [FrameInfo() if frame.binary else describe(frame.payload) for frame in expected]
    assert ReceivedFrames(describe).decode(lines) == (expected, infos)


@given(st.binary(max_size=20), st.integers(0, len(LINE)))
def test_describing_does_not_let_a_mutilated_line_pass(junk: bytes, at: int) -> None:
    line = LINE[:at] + junk + LINE[at + len(junk) :]
    try:
        expected = plainly([LINE, line])
    except LineError:
        with pytest.raises(LineError):
            ReceivedFrames(described).decode([LINE, line])
    else:
        assert ReceivedFrames(described).decode([LINE, line])[0] == expected


def test_connections_can_be_numbered_from_any_number_on() -> None:
    lines = [encode_frame(Frame(START, conn, b"{}")) for conn in (0, 0, 1, 1, 0)]
    lines.append(encode_frame(Frame(START, 2, b"no JSON")))
    frames_found, _ = ReceivedFrames(first_conn=1000).decode(lines)
    assert [frame.conn for frame in frames_found] == [1000, 1000, 1001, 1001, 1000, 1002]


@pytest.mark.parametrize(
    "odd",
    [
        b'{"time":"2026-08-09T21:05:49.000000001Z","conn":0,"dir":"in","time":"2026-08-09T21:05:40.5Z","frame":{"a":1}}',
        b'{"time":"2026-08-09T21:05:49.000000001Z","conn":0,"dir":"in","frame":{"a":1},"time":"2026-08-09T21:05:40Z"}',
        b'{"time":"2026-08-09T21:05:60.000000001Z","conn":0,"dir":"in","frame":{"a":1}}',
    ],
)
@pytest.mark.parametrize("trusted", [False, True])
def test_a_line_whose_time_is_not_what_stands_first_misleads_none_behind_it(odd: bytes, *, trusted: bool) -> None:
    """Neither one that gives its time twice, of which the last one holds, nor a leap second."""
    lines = [LINE, odd, odd[:30] + LINE[30:], LINE]
    frames_found, _ = ReceivedFrames(trusted=trusted).decode(lines)
    assert frames_found == [decode_line(line) for line in lines]


def test_the_times_of_lines_sort_as_time_does() -> None:
    lines = [
        encode_frame(Frame(START, 0, b"{}")),
        encode_event(Event(START + 1, 0, "clock")),
    ]
    assert time_texts(lines) == [b"2026-08-09T21:05:48.000000000Z", b"2026-08-09T21:05:48.000000001Z"]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b'{"conn":0,"time":"2026-08-09T21:05:48.5Z","event":"open"}', b"2026-08-09T21:05:48.500000000Z"),
        (b'{"time":"2026-08-09 23:05:48.000000000+02:00","event":"open"}', b"2026-08-09T21:05:48.000000000Z"),
        (b'{"time":"2026-12-31T23:59:60.000000001Z","event":"open"}', b"2027-01-01T00:00:00.000000001Z"),
        (
            b'{"time":"2026-08-09T21:05:48.000000000Z","conn":0,"dir":"in","time":"2026-08-09T21:05:47Z","frame":{}}',
            b"2026-08-09T21:05:47.000000000Z",
        ),
        (
            b'{"time":"2026-08-09T21:05:48.000000000Z","conn":0,"dir":"in","frame":{},"time":"2026-08-09T21:05:47Z"}',
            b"2026-08-09T21:05:47.000000000Z",
        ),
        (
            b'{"time":"2026-08-09T21:05:48.000000000Z","event":"note","time":"2026-08-09T21:05:47Z","x":{"y":{}}}',
            b"2026-08-09T21:05:47.000000000Z",
        ),
        (b'{"time":"2026-08-09T21:05:48.000000000Z","conn":0,"dir":"in","fr', b"2026-08-09T21:05:48.000000000Z"),
        (b'{"TIME":"2026-08-09T21:05:48.000000000Z"}', b""),
        (b'{"time":"yesterday"}', b""),
        (b"no line", b""),
        (b"", b""),
    ],
)
def test_the_time_of_a_line_of_another_tool_is_given_the_same_way(line: bytes, text: bytes) -> None:
    assert time_texts([LINE, line]) == [b"2026-08-09T21:05:48.000000001Z", text]
