"""Received frames cut out of lines at once are what `decode_line` gives, and lines that are odd are left to it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import LineError
from feedrec.formats.line.as_written import as_written
from feedrec.formats.line.codec import decode_line, encode_frame
from feedrec.formats.line.columns import ReceivedColumns, received_columns, stretches
from feedrec.model import DescribeAll, Frame

from ..tools import odd_recordings
from ..tools.odd_recordings import describe, describe_all, mark

SECOND = 1_786_309_548_000_000_000

LINE = b'{"time":"2026-11-21T17:00:00.000000001Z","conn":0,"dir":"in","frame":{"a":1}}'


def frames_of(columns: ReceivedColumns) -> list[Frame]:
    return [Frame(*one) for one in zip(columns.times, columns.conns, columns.payloads, strict=True)]


@given(odd_recordings.lines, st.integers(0, 2), st.sampled_from([None, describe_all]))
def test_stretches_have_every_line_once_and_columns_say_what_decoding_says(
    lines: list[bytes], start: int, all_at_once: DescribeAll | None
) -> None:
    start = min(start, len(lines))
    place = start
    for begin, end, columns in stretches(lines, describe, start, describe_all=all_at_once):
        assert begin == place < end
        place = end
        if columns is None:
            continue
        assert columns.lines == lines[begin:end]
        assert frames_of(columns) == [decode_line(line) for line in columns.lines]
        assert list(columns.infos) == [describe(payload) for payload in columns.payloads]
        assert columns.times == sorted(columns.times)
        assert all(as_written(line, decode_line(line)) == line for line in columns.lines)
        if columns.run is not None:
            assert columns.run.lines() == [(line, mark(line)) for line in columns.lines]
        assert (columns.run is None) == (len(set(columns.conns)) > 1)
    assert place == max(start, len(lines))


def test_ordinary_lines_are_one_stretch_whatever_their_seconds_and_connections() -> None:
    lines = [
        LINE.replace(b":00.0", b":%02d.%d" % (number, number % 10)).replace(b'"conn":0', b'"conn":%d' % (number % 3))
        for number in range(50)
    ]
    ((begin, end, columns),) = stretches(lines)
    assert (begin, end) == (0, 50)
    assert columns is not None
    assert frames_of(columns) == [decode_line(line) for line in lines]


def test_connections_of_several_digits_are_taken_if_all_are_the_same() -> None:
    line = LINE.replace(b'"conn":0', b'"conn":123')
    columns = received_columns([line] * 3)
    assert columns is not None
    assert columns.conns == [123] * 3
    assert received_columns([line, LINE]) is None


def test_an_odd_line_parts_what_is_before_and_behind_it() -> None:
    event = b'{"time":"2026-11-21T17:00:00.000000001Z","conn":0,"event":"x"}'
    lines = [*[LINE] * 9, event, *[LINE] * 9]
    parts = [(begin, end, columns is not None) for begin, end, columns in stretches(lines)]
    assert parts == [(0, 9, True), (9, 10, False), (10, 19, True)]


@pytest.mark.parametrize(
    "line",
    [
        b'{"time":"2026-11-21T17:00:60.000000000Z","conn":0,"dir":"in","frame":{"a":1}}',
        b"",
        LINE[:-1],
        LINE + b" ",
        LINE[:-1] + b"x",
        LINE[:-1] + b" }",
        LINE.replace(b'{"a":1}', b'{"a":}'),
        LINE.replace(b'{"a":1}', b'{"a":1},"frame":{}'),
        LINE.replace(b'{"a":1}', b' {"a":1}'),
        LINE.replace(b'{"a":1}', b"[1]"),
        LINE.replace(b'"frame":{"a":1}', b'"text":"{}"'),
        LINE.replace(b'"in"', b'"out"'),
        LINE.replace(b'"in",', b'"in","redacted":true,'),
        LINE.replace(b'"conn":0,', b""),
        LINE.replace(b'"conn":0', b'"conn":00'),
        LINE.replace(b'"conn":0', b'"conn":x'),
        LINE.replace(b'"conn":0', b'"conn": 0'),
        LINE.replace(b"T", b"t"),
        LINE.replace(b"11-21", b"02-30"),
        LINE.replace(b"2026", b"1969"),
        LINE.replace(b".000000001", b".00000000x"),
        LINE.replace(b".000000001", b".00000001"),
        LINE.replace(b".000000001", b".0000000010"),
        LINE.replace(b".000000001", b".000000000"),  # before the line before it
    ],
)
def test_an_odd_line_is_not_taken_first_last_or_between(line: bytes) -> None:
    for lines in ([line, LINE, LINE], [LINE, line, LINE], [LINE, LINE, line]):
        columns = received_columns(lines)
        if columns is not None:  # what is alone in being early is in order where it is the first
            assert line is lines[0]
            assert frames_of(columns) == [decode_line(one) for one in lines]


def test_no_lines_are_no_frames() -> None:
    assert received_columns([]) is None
    assert list(stretches([])) == []
    with pytest.raises(LineError):
        decode_line(b"")


def test_connections_of_more_digits_are_taken_by_runs() -> None:
    lines = [encode_frame(Frame(SECOND + number, conn, b'{"a":1}')) for number, conn in enumerate([9] * 8 + [120] * 8)]
    parts = list(stretches(lines))
    assert [(begin, end) for begin, end, _ in parts] == [(0, 8), (8, 16)]
    assert [conn for _, _, received in parts if received is not None for conn in received.conns] == [9] * 8 + [120] * 8


@pytest.mark.parametrize("number", [b"07", b"00"])
def test_a_connection_with_a_zero_before_its_number_is_odd(number: bytes) -> None:
    lines = [encode_frame(Frame(SECOND, 12, b'{"a":1}'))] * 3
    assert received_columns([*lines, lines[0].replace(b'"conn":12', b'"conn":' + number)]) is None


def test_what_is_not_trusted_is_parsed() -> None:
    lines = [encode_frame(Frame(SECOND, 0, b'{"a":1}')).replace(b'{"a":1}', b'{"a":}')] * 4
    assert received_columns(lines) is None
    assert received_columns(lines, trusted=True) is not None


@given(odd_recordings.lines, st.randoms(use_true_random=False))
def test_what_is_chosen_is_the_same_however_it_is_described(lines: list[bytes], random: Random) -> None:
    for begin, end, columns in stretches(lines, describe, describe_all=describe_all):
        if columns is None:
            continue
        kept = [random.random() < 0.5 for _ in columns.lines]
        chosen = columns.chosen(kept)
        assert (chosen is not None) == any(kept)
        if chosen is not None:
            assert list(chosen.lines) == [line for line, one in zip(lines[begin:end], kept, strict=True) if one]
            assert frames_of(chosen) == list(map(decode_line, chosen.lines))
            assert list(chosen.infos) == list(map(describe, chosen.payloads))
