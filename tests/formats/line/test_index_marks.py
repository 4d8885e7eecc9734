"""Marks of lines: the quick way gives what the slow way gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import LineError
from feedrec.formats.line.as_written import as_written
from feedrec.formats.line.codec import decode_line, encode_event, encode_frame
from feedrec.formats.line.index import mark_of
from feedrec.formats.line.index_marks import LineMarks
from feedrec.model import Event, Frame, FrameInfo, Record

from ..tools import odd_recordings

payloads = st.sampled_from([b'{"a":1}', b"{}", b"no json", b"[1]", b'{"dir":"in"}'])
frames = st.builds(
    Frame,
    st.integers(0, 5_000_000_000),
    st.integers(0, 2),
    payloads,
    st.sampled_from(["in", "out"]),
    st.booleans(),
    synthetic=st.booleans(),
)
events = st.builds(Event, st.integers(0, 5_000_000_000), st.integers(0, 2), st.sampled_from(["gap", "open"]))


def describe(payload: bytes) -> FrameInfo:
    return FrameInfo(payload.decode(), parses=payload != b"no json")


@given(st.lists(frames | events, max_size=20))
def test_marks_are_those_of_the_records(records: list[Record]) -> None:
    lines = [encode_frame(item) if isinstance(item, Frame) else encode_event(item) for item in records]
    expected = []
    for line in lines:
        record = decode_line(line)
        is_text = isinstance(record, Frame) and not record.binary
        expected.append(mark_of(record, describe(record.payload) if is_text else None))  # type: ignore[union-attr]
    assert LineMarks(describe).of(lines) == expected


def is_valid(line: bytes) -> bool:
    try:
        decode_line(line)
    except LineError:
        return False
    return True


@given(odd_recordings.lines)
def test_every_line_of_another_program_is_told(lines: list[bytes]) -> None:
    """Whatever is before and behind it; and all have their marks."""
    valid = list(filter(is_valid, lines))
    told: dict[bytes, Record] = {}
    assert LineMarks(odd_recordings.describe).of(valid, told.__setitem__) == list(map(odd_recordings.mark, valid))
    assert told == {line: decode_line(line) for line in told}
    assert {line for line in valid if as_written(line, decode_line(line)) != line} <= told.keys()
