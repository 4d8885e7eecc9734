"""What is beside the lines of a text is left out, and noted; every line stays, and its offset."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.line.codec import encode_frame, encode_header
from feedrec.formats.stream.plain import PlainDecoder
from feedrec.formats.stream.text_form import BYTE_ORDER_MARK, TextForm, foreign_text, looks_like_lines
from feedrec.model import Frame, Header

from .chunks import chunk_sizes, chunks_of, read

HEADER = encode_header(Header("raw"))
ENDS = [b"\n", b"\r\n", b"\n\n", b"\r\n\r\n\n"]

some_frames = st.lists(
    st.builds(
        lambda payload: encode_frame(Frame(1, 0, payload)), st.sampled_from([b"{}", b"1", b"\r", b'"\xef\xbb\xbf"'])
    ),
    max_size=8,
)


@given(some_frames, st.lists(st.sampled_from(ENDS), min_size=9, max_size=9), st.booleans(), st.booleans(), chunk_sizes)
def test_the_lines_are_those_that_were_written(
    frames: list[bytes],
    ends: list[bytes],
    has_mark: bool,  # noqa: FBT001  drawn
    is_open: bool,  # noqa: FBT001  drawn
    sizes: list[int],
) -> None:
    lines = [HEADER, *frames]
    ends = ends[: len(lines) - 1] + ([b""] if is_open else ends[len(lines) - 1 : len(lines)])
    text = BYTE_ORDER_MARK * has_mark + b"".join(line + end for line, end in zip(lines, ends, strict=True))
    decoder = PlainDecoder()
    found = read(decoder, chunks_of(text, sizes))
    assert found + decoder.take_last_line() == lines
    assert decoder.unfinished is None
    form = decoder.form
    assert (form.has_mark, form.is_open) == (has_mark, is_open)
    assert form.returns == sum(end.count(b"\r") for end in ends)
    assert form.blank_lines == sum(max(0, end.count(b"\n") - 1) for end in ends)
    assert len(form.notes) == has_mark + is_open + (form.returns > 0) + (form.blank_lines > 0)


@given(some_frames, st.sampled_from(ENDS), chunk_sizes)
def test_the_offset_of_a_line_is_where_it_stands(frames: list[bytes], end: bytes, sizes: list[int]) -> None:
    lines = [HEADER, *(b"%d%b" % (number, line) for number, line in enumerate(frames))]
    text = end.join([*lines, b""])
    decoder = PlainDecoder()
    for chunk in chunks_of(text, sizes):
        for some in decoder.feed(chunk):
            for number, line in enumerate(some):
                assert decoder.offset_of_line(some[:number]) == text.index(line)


@pytest.mark.parametrize(
    ("rest", "lines"),
    [
        (HEADER, [HEADER]),
        (HEADER[:-1], []),
        (encode_frame(Frame(1, 0, b"1")) + b"\r", [encode_frame(Frame(1, 0, b"1"))]),
        (encode_frame(Frame(1, 0, b"1"))[:-1], []),
        (b'{"a":1}', []),
    ],
)
def test_a_last_line_counts_if_it_is_whole(rest: bytes, lines: list[bytes]) -> None:
    decoder = PlainDecoder()
    read(decoder, [HEADER + b"\n", rest])
    assert decoder.take_last_line() == lines
    assert decoder.unfinished == (None if lines else len(HEADER) + 1)


@pytest.mark.parametrize("rest", [b"\r", b"\x1a", b"\x1a\r"])
def test_an_end_mark_is_no_line_and_nothing_is_missing(rest: bytes) -> None:
    decoder = PlainDecoder()
    assert read(decoder, [HEADER + b"\n", rest]) == [HEADER]
    assert decoder.take_last_line() == []
    assert decoder.unfinished is None
    assert decoder.form.has_end_mark == (b"\x1a" in rest)


def test_text_as_it_is_written_has_nothing_to_note() -> None:
    decoder = PlainDecoder()
    assert read(decoder, [HEADER + b"\n"]) == [HEADER]
    assert decoder.form.notes == TextForm().notes == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_other_text_is_recognised_by_its_beginning(encoding: str) -> None:
    head = HEADER.decode().encode(encoding)[:64]
    assert "UTF-16" in (foreign_text(head) or "")
    assert not looks_like_lines(head)
    assert "feedrec convert" in (foreign_text(b"2019-06-01T00:00:28.6199940Z {}") or "")


@pytest.mark.parametrize("head", [HEADER, BYTE_ORDER_MARK + HEADER])
def test_lines_are_recognised_by_their_beginning(head: bytes) -> None:
    assert looks_like_lines(head[:64])
    assert foreign_text(head[:64]) is None


@pytest.mark.parametrize("head", [b"{\0eed", b"\xff\xfe", b"\xff\xfe\x2f\xfd", b"\x28\xb5\x2f\xfd", b"\x1f\x8b\x08\0"])
def test_damage_is_not_taken_for_other_text(head: bytes) -> None:
    assert foreign_text(head) is None
