"""Marks of lines: the quick way gives what the slow way gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.line.codec import decode_line, encode_event, encode_frame
from feedrec.formats.line.index import mark_of
from feedrec.formats.line.index_marks import LineMarks
from feedrec.model import Event, Frame, FrameInfo, Record

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
