"""Lines are cut out of text, and held back until they are verified, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.stream import line_splitter
from feedrec.formats.stream.line_splitter import HeldLines, LineSplitter, text_pieces
from feedrec.formats.stream.zstd_parser import StreamDamage

from .chunks import chunk_sizes, chunks_of


def split_all(splitter: LineSplitter, chunks: Iterable[bytes]) -> list[bytes]:
    return [line for chunk in chunks for line in splitter.split(chunk, 7)]


@given(st.binary(max_size=300).map(lambda data: data.replace(b"x", b"\n")), chunk_sizes)
def test_lines_are_those_of_the_text_whatever_the_chunks(text: bytes, sizes: list[int]) -> None:
    splitter = LineSplitter(max_line=1000)
    *lines, rest = text.split(b"\n")
    assert split_all(splitter, chunks_of(text, sizes)) == lines
    assert splitter.held == len(rest)


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
@given(lines=st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"")), max_size=8))
def test_the_text_of_lines_is_theirs_whatever_the_pieces(piece: int, lines: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_splitter, "_PIECE", piece)
        assert b"".join(text_pieces(lines)) == b"".join(line + b"\n" for line in lines)


@given(chunk_sizes)
def test_a_line_may_be_as_long_as_the_limit_and_no_longer(sizes: list[int]) -> None:
    splitter = LineSplitter(max_line=50)
    text = b"x" * 50 + b"\n"
    assert split_all(splitter, chunks_of(text, sizes)) == [b"x" * 50]
    with pytest.raises(StreamDamage, match="50 bytes") as caught:
        split_all(splitter, chunks_of(b"x" + text, sizes))
    assert caught.value.offset == 7


def test_lines_are_given_when_they_are_verified() -> None:
    lines = HeldLines(most=100)
    lines.hold([b"one"], 4)
    assert lines.take() == []
    lines.release()
    lines.hold([b"two"], 4)
    assert lines.take() == [b"one"]
    lines.drop()
    lines.release()
    assert lines.take() == []


def test_lines_above_the_limit_wait_no_longer_unless_there_is_only_one() -> None:
    lines = HeldLines(most=100)
    lines.hold([b"x" * 199], 200)
    assert lines.take() == []
    lines.hold([b"y"], 2)
    assert lines.take() == [b"x" * 199, b"y"]
    lines.hold([b"z" * 49] * 2, 100)
    assert lines.take() == []
