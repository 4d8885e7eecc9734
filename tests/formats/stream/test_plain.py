"""Uncompressed lines to bytes and back."""

from __future__ import annotations

from hypothesis import given

from feedrec.formats.stream.plain import PlainDecoder, PlainEncoder

from .chunks import chunk_sizes, chunks_of, read, some_lines


@given(some_lines, chunk_sizes)
def test_lines_survive_any_chunks(lines: list[bytes], sizes: list[int]) -> None:
    encoder = PlainEncoder()
    decoder = PlainDecoder()
    stream = encoder.add(lines) + encoder.flush() + encoder.finish()
    assert read(decoder, chunks_of(stream, sizes)) == lines
    assert decoder.unfinished is None


def test_a_stream_that_was_cut_is_unfinished_from_its_last_whole_line() -> None:
    decoder = PlainDecoder()
    assert read(decoder, [b"one\ntw", b"o"]) == [b"one"]
    assert decoder.unfinished == 4
    assert decoder.take_unverified() == []


def test_a_line_beyond_the_limit_is_refused() -> None:
    decoder = PlainDecoder(max_line=10)
    assert read(decoder, [b"short\n", b"12345", b"67890", b"1"]) == [b"short"]
    assert decoder.damage is not None
    assert read(decoder, [b"\nmore\n"]) == []


def test_nothing_encoded_is_nothing() -> None:
    assert PlainEncoder().add([]) == b""


def test_the_offset_of_a_line_is_that_of_its_first_byte() -> None:
    decoder = PlainDecoder(start=100)
    assert read(decoder, [b"one\ntw"]) == [b"one"]
    assert read(decoder, [b"o\nthree\n"]) == [b"two", b"three"]
    assert decoder.offset_of_line([]) == 104
    assert decoder.offset_of_line([b"two"]) == 108
