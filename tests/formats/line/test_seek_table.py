"""The seek table is that of the official seekable zstd format: pyzstd opens recordings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyzstd import SeekableZstdFile

from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import encode_frame, encode_header
from feedrec.formats.line.seek_table import (
    Tail,
    decode_seek_table,
    encode_seek_table,
    find_seek_table,
    was_finished,
)
from feedrec.model import NANOSECONDS, Frame, Header

START = 1_795_280_400 * NANOSECONDS
HEADER = Header("coinbase-advanced", url="wss://example.test", created=START)

sizes = st.integers(0, 2**32 - 1)
tables = st.lists(st.tuples(sizes, sizes), max_size=9)


def tail_of(data: bytes) -> Tail:
    return Tail(lambda offset, size: data[offset : offset + size], len(data))


def test_pyzstd_reads_it_all_and_seeks_into_the_middle(tmp_path: Path) -> None:
    """The text is the same, from the beginning and from any place, over several blocks."""
    frames = [Frame(START + number, 0, b'{"number":%d,"pad":"%s"}' % (number, b"x" * 1000)) for number in range(5000)]
    path = tmp_path / "a.jsonl.zst"
    writer = create_recording(path, HEADER)
    for frame in frames:
        writer.write(frame)
    writer.finish()
    text = b"\n".join([encode_header(HEADER), *map(encode_frame, frames), b""])
    with open_recording(path) as recording:
        assert recording.index is not None
        assert len(recording.index.blocks) > 3
    assert SeekableZstdFile.is_seekable_format_file(path)
    with SeekableZstdFile(path) as file:
        assert file.read() == text
        for place in (len(text) // 2, 0, len(text) - 10, (1 << 20) + 1, len(text)):
            assert file.seek(place) == place
            assert file.read(5000) == text[place : place + 5000]
        assert file.seek(0, 2) == len(text)


@given(tables)
def test_a_seek_table_is_read_again(table: list[tuple[int, int]]) -> None:
    assert decode_seek_table(encode_seek_table(table)) == table


def test_a_seek_table_with_checksums_is_read_too() -> None:
    entries = b"".join(number.to_bytes(4, "little") * 3 for number in (7, 8))
    footer = (2).to_bytes(4, "little") + b"\x80" + (0x8F92EAB1).to_bytes(4, "little")
    content = entries + footer
    frame = (0x184D2A5E).to_bytes(4, "little") + len(content).to_bytes(4, "little") + content
    assert decode_seek_table(frame) == [(7, 7), (8, 8)]


@given(st.binary(max_size=80))
def test_bytes_that_are_not_a_seek_table_raise_one_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a seek table"):
        decode_seek_table(data)
    with pytest.raises(ValueError, match="seek table"):
        find_seek_table(tail_of(data))


@given(st.binary(max_size=80), tables)
def test_the_seek_table_at_the_end_of_a_file_is_found_if_it_has_entries(
    before: bytes, table: list[tuple[int, int]]
) -> None:
    frame = encode_seek_table(table)
    data = before + frame
    assert was_finished(lambda offset, size: data[offset : offset + size], len(data))
    if table:
        assert find_seek_table(tail_of(data)) == (frame, table)
    else:
        with pytest.raises(ValueError, match="no seek table"):
            find_seek_table(tail_of(data))


@given(st.binary(max_size=40), tables.filter(bool), st.integers(1, 8))
def test_a_file_that_was_cut_off_has_no_seek_table(before: bytes, table: list[tuple[int, int]], cut: int) -> None:
    with pytest.raises(ValueError, match="seek table"):
        find_seek_table(tail_of((before + encode_seek_table(table))[:-cut]))


def test_a_long_seek_table_is_read_in_two_reads() -> None:
    table = [(number, number) for number in range(20_000)]
    data = bytes(1 << 20) + encode_seek_table(table)
    reads: list[int] = []

    def read_at(offset: int, size: int) -> bytes:
        reads.append(size)
        return data[offset : offset + size]

    assert find_seek_table(Tail(read_at, len(data))).entries == table
    assert len(reads) == 2
    assert sum(reads) == 17 + 8 * len(table)
