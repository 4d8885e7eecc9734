"""Lines to bytes and back: any lines, any flushes, any chunks, any damage."""

from __future__ import annotations

import subprocess
import tracemalloc
from collections.abc import Iterable
from typing import Literal

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.base import ConnectionSequence
from feedrec.formats.line.codec import encode_header
from feedrec.formats.line.frame_run import run_of
from feedrec.formats.stream.zstd_blocks import BLOCK_SIZE, BlockDecoder, BlockEncoder
from feedrec.formats.stream.zstd_parser import FrameEnd, ZstdWalker
from feedrec.model import FrameInfo, Header

from .chunks import chunk_sizes, chunks_of, read, some_lines

MAGIC = b"\x28\xb5\x2f\xfd"
SKIPPABLE = b"\x5a\x2a\x4d\x18\x05\x00\x00\x00index"

Step = list[bytes] | Literal["flush", "finish"]


def ends_of(stream: bytes) -> list[FrameEnd]:
    return [piece for piece in ZstdWalker().feed(stream) if isinstance(piece, FrameEnd)]


def unpacked(stream: bytes) -> bytes:
    """Unpack as `zstdcat` does."""
    reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
    return b"".join(iter(lambda: reader.read(1 << 16), b""))


def encoded(steps: Iterable[Step], block_size: int = BLOCK_SIZE) -> bytes:
    encoder = BlockEncoder(block_size=block_size)
    stream = b""
    for step in steps:
        if step == "flush":
            stream += encoder.flush()
        elif step == "finish":
            stream += encoder.finish()
        else:
            stream += encoder.add(step)
    return stream + encoder.finish()


def lines_in(steps: Iterable[Step]) -> list[bytes]:
    return [line for step in steps if not isinstance(step, str) for line in step]


all_steps = st.lists(some_lines | st.sampled_from(["flush", "finish"]), max_size=8)


@given(all_steps, st.integers(1, 500), chunk_sizes)
def test_lines_survive_any_flushes_and_any_chunks(steps: list[Step], block_size: int, sizes: list[int]) -> None:
    stream = encoded(steps, block_size)
    decoder = BlockDecoder(ends_with_seek_table=False)
    assert read(decoder, chunks_of(stream, sizes)) == lines_in(steps)
    assert decoder.damage is None
    assert decoder.unfinished is None
    assert decoder.take_unverified() == []


@given(all_steps, st.integers(1, 500))
def test_a_recording_is_plain_zstd(steps: list[Step], block_size: int) -> None:
    assert unpacked(encoded(steps, block_size)) == b"".join(line + b"\n" for line in lines_in(steps))


@given(all_steps, st.integers(1, 500))
def test_each_block_is_of_whole_lines_no_larger_than_asked_and_unpacks_alone(
    steps: list[Step], block_size: int
) -> None:
    stream = encoded(steps, block_size)
    for end in ends_of(stream):
        block = stream[end.start : end.end]
        parameters = zstandard.get_frame_parameters(block)
        assert parameters.has_checksum
        assert parameters.content_size == zstandard.CONTENTSIZE_UNKNOWN
        text = zstandard.ZstdDecompressor().decompressobj().decompress(block)
        assert text.endswith(b"\n")
        assert len(text) <= block_size or text.count(b"\n") == 1


@given(
    st.lists(st.lists(st.sampled_from([b"1", b"[%b]" % (b"1," * 40 + b"1"), b'{"a":"b"}']), min_size=1), max_size=8),
    st.sampled_from([1, 100, 101, 150, 199, 200, 500, 5000]),
    st.sets(st.integers(0, 8)),
)
def test_a_run_of_frames_makes_the_same_file_as_its_lines(
    payloads: list[list[bytes]], block_size: int, flushes: set[int]
) -> None:
    """With the same blocks, index and summary; and as much of it is pending each time."""
    header = encode_header(Header("x"))
    runs, number = [], 0
    for place, some in enumerate(payloads):
        infos = [
            FrameInfo("a", ("b",), number := number + 1, ("update", "snapshot")[one == b"1"], parses=True)
            for one in some
        ]
        runs.append(run_of(place % 2, [(place * 700_000_000, some)], infos))
    one, other = (BlockEncoder(block_size=block_size, make_rule=lambda _: ConnectionSequence(None)) for _ in range(2))
    written, expected = one.begin(header), other.begin(header)
    for place, run in enumerate(runs):
        assert run is not None
        written += one.add_run(run)
        expected += other.add(*zip(*run.lines(), strict=True))
        if place in flushes:
            written, expected = written + one.flush(), expected + other.flush()
        assert (one.pending, one.end_size) == (other.pending, other.end_size)
    assert written + one.finish() == expected + other.finish()


def test_blocks_are_filled() -> None:
    stream = encoded([[b"x" * 99] * 1000], block_size=1000)
    assert len(ends_of(stream)) == 100


def test_the_zstd_program_finds_nothing_wrong() -> None:
    stream = encoded([[b"one", b"two"], "flush", [b"three"], "finish", [b"four"]])
    try:
        tested = subprocess.run(["zstd", "-t"], input=stream, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no zstd program here")
    assert tested.returncode == 0, tested.stderr


@given(some_lines, some_lines)
def test_what_was_flushed_can_be_read_before_the_block_ends(before: list[bytes], after: list[bytes]) -> None:
    encoder, decoder = BlockEncoder(), BlockDecoder(ends_with_seek_table=False)
    flushed = encoder.add(before) + encoder.flush()
    assert read(decoder, [flushed]) == []
    assert decoder.take_unverified() == before
    assert read(decoder, [encoder.add(after) + encoder.finish()]) == after


def test_nothing_encoded_is_nothing() -> None:
    encoder = BlockEncoder()
    assert encoder.add([]) + encoder.flush() + encoder.finish() == b""


# Streams that another tool wrote.


def foreign(text: bytes, pieces: int, *, checksum: bool) -> bytes:
    """Compress text as several frames, cut anywhere."""
    step = max(1, -(-len(text) // pieces))
    compressor = zstandard.ZstdCompressor(write_checksum=checksum)
    return b"".join(compressor.compress(text[start : start + step]) for start in range(0, len(text), step))


@given(some_lines, st.integers(1, 5), st.booleans(), chunk_sizes)
def test_a_stream_of_another_tool_is_read(lines: list[bytes], pieces: int, checksum: object, sizes: list[int]) -> None:
    stream = foreign(b"".join(line + b"\n" for line in lines), pieces, checksum=bool(checksum))
    decoder = BlockDecoder(ends_with_seek_table=False)
    assert read(decoder, chunks_of(stream, sizes)) == lines
    assert decoder.damage is None
    assert decoder.unfinished is None


@given(st.lists(some_lines, min_size=1, max_size=4), chunk_sizes)
def test_skippable_frames_are_passed_over(groups: list[list[bytes]], sizes: list[int]) -> None:
    stream = SKIPPABLE + b"".join(encoded([lines]) + SKIPPABLE for lines in groups)
    decoder = BlockDecoder(ends_with_seek_table=False)
    assert read(decoder, chunks_of(stream, sizes)) == [line for lines in groups for line in lines]
    assert decoder.unfinished is None


def test_one_long_frame_is_handed_out_as_it_comes() -> None:
    line = b"x" * 999
    stream = zstandard.ZstdCompressor().compress((line + b"\n") * 20_000)
    batches = list(BlockDecoder(ends_with_seek_table=False).feed(stream))
    assert sum(map(len, batches)) == 20_000
    assert max(map(len, batches)) <= 2 * BLOCK_SIZE // 1000 + (128 << 10) // 1000 + 1


def test_a_line_that_ends_without_a_newline_is_unfinished() -> None:
    decoder = BlockDecoder(ends_with_seek_table=False)
    stream = zstandard.ZstdCompressor().compress(b"one\ntwo")
    assert read(decoder, [stream]) == [b"one"]
    assert decoder.unfinished is not None


# Damage.

SMALL_LINES = [b"%d %d" % (number, number**9) for number in range(24)]
SMALL = (
    encoded([SMALL_LINES[:8], "flush", SMALL_LINES[8:10], "finish", SMALL_LINES[10:20]], block_size=150)
    + SKIPPABLE
    + encoded([SMALL_LINES[20:]])
)
BORDERS = {0} | {end.end for end in ends_of(SMALL)}


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_a_cut_at_any_byte_gives_all_lines_before_it_and_is_noticed(chunk: int) -> None:
    given_before = 0
    for cut in range(len(SMALL) + 1):
        decoder = BlockDecoder(ends_with_seek_table=False)
        part = SMALL[:cut]
        lines = read(decoder, [part[start : start + chunk] for start in range(0, cut, chunk)])
        lines += decoder.take_unverified()
        assert lines == SMALL_LINES[: len(lines)]
        assert decoder.damage is None
        assert (decoder.unfinished is None) == (cut in BORDERS)
        assert decoder.unfinished is None or decoder.unfinished == max(end for end in BORDERS if end <= cut)
        assert len(lines) >= given_before
        given_before = len(lines)
    assert given_before == len(SMALL_LINES)


def test_a_flipped_byte_never_goes_unnoticed_where_it_changes_a_line() -> None:
    damaged = 0
    for position in range(len(SMALL)):
        for mask in (0x01, 0x80, 0xFF):
            broken = bytearray(SMALL)
            broken[position] ^= mask
            decoder = BlockDecoder(max_line=1 << 16)
            lines = read(decoder, [bytes(broken)])
            assert lines == SMALL_LINES[: len(lines)]
            noticed = decoder.damage is not None or decoder.unfinished is not None
            assert noticed or lines == SMALL_LINES
            damaged += noticed
    assert damaged > 2 * len(SMALL)


@given(st.binary(max_size=200), st.sampled_from([b"", MAGIC, SMALL, MAGIC + b"\x04\x50"]))
def test_garbage_is_damage_or_unfinished_and_never_an_exception(garbage: bytes, start: bytes) -> None:
    decoder = BlockDecoder(max_line=1 << 16)
    lines = read(decoder, [start, garbage])
    assert lines[: len(SMALL_LINES)] == SMALL_LINES[: len(lines)]
    assert decoder.damage is None or 0 <= decoder.damage.offset <= len(start + garbage)


def test_after_damage_there_are_no_more_lines() -> None:
    decoder = BlockDecoder(ends_with_seek_table=False)
    stream = encoded([[b"one"]])
    assert read(decoder, [stream + b"GARBAGE"]) == [b"one"]
    assert decoder.damage is not None
    assert decoder.damage.offset == len(stream)
    assert read(decoder, [stream]) == []
    assert decoder.take_unverified() == []


def test_lines_of_a_block_whose_checksum_fails_are_not_given() -> None:
    first, second = encoded([[b"one"]]), encoded([[b"two"]])
    decoder = BlockDecoder(ends_with_seek_table=False)
    assert read(decoder, [first + second[:-1] + bytes([second[-1] ^ 1])]) == [b"one"]
    assert decoder.damage is not None
    assert decoder.take_unverified() == []


def test_unverified_lines_of_a_block_that_proves_damaged_end_the_reading() -> None:
    encoder, decoder = BlockEncoder(), BlockDecoder(ends_with_seek_table=False)
    assert read(decoder, [encoder.add([b"one"]) + encoder.flush()]) == []
    assert decoder.take_unverified() == [b"one"]
    rest = encoder.add([b"two"]) + encoder.finish()
    assert read(decoder, [rest[:-1] + bytes([rest[-1] ^ 1])]) == []
    assert decoder.damage is not None


# Hostile streams.


def bomb(byte: bytes, blocks: int) -> bytes:
    """Make a frame of RLE blocks: each of its 4 bytes unpack to 128 KiB."""
    block = ((128 << 10) << 3 | 1 << 1).to_bytes(3, "little") + byte
    return MAGIC + b"\x00\x50" + block * blocks


def test_a_line_beyond_the_limit_is_refused_before_it_is_held() -> None:
    decoder = BlockDecoder(max_line=1 << 20)
    tracemalloc.start()
    try:
        assert read(decoder, [bomb(b"x", 60_000)]) == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert decoder.damage is not None
    assert "limit of 1048576 bytes" in decoder.damage.reason
    assert peak < 8 << 20


def test_a_bomb_of_short_lines_unpacks_no_faster_than_they_are_taken() -> None:
    decoder = BlockDecoder(ends_with_seek_table=False)
    some = zstandard.ZstdCompressor().compress(b"1\n" * BLOCK_SIZE)
    tracemalloc.start()
    try:
        batches = decoder.feed(some * 5000)
        assert sum(len(next(batches)) for _ in range(3)) == 3 * BLOCK_SIZE
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 160 << 20


def test_a_bomb_of_blank_lines_is_damage_and_not_unpacked() -> None:
    """Blank lines are passed over, but nobody takes them: 60,000 blocks would keep a reader busy for an hour."""
    decoder = BlockDecoder()
    assert read(decoder, [bomb(b"\n", 60_000)]) == []
    assert decoder.damage is not None
    assert "blank" in decoder.damage.reason


@pytest.mark.parametrize(
    "hostile",
    [
        MAGIC + b"\x00" + bytes([(31 - 10) << 3]),
        MAGIC + b"\x03\x50\x01\x02\x03\x04",
        MAGIC + b"\x00\x50" + (3 << 1 | 1).to_bytes(3, "little"),
        MAGIC + b"\xe0" + (2**63).to_bytes(8, "little"),
    ],
    ids=["a window of 2 GiB", "a dictionary", "a reserved block", "a single segment of 8 EiB"],
)
def test_what_a_recording_never_holds_is_damage(hostile: bytes) -> None:
    decoder = BlockDecoder(ends_with_seek_table=False)
    stream = encoded([[b"one"]])
    assert read(decoder, [stream + hostile]) == [b"one"]
    assert decoder.damage is not None
    assert decoder.damage.offset >= len(stream)
