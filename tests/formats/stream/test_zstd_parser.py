"""zstd frames, walked piece by piece."""

from __future__ import annotations

import random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.stream.zstd_parser import FrameEnd, StreamDamage, Unpacked, ZstdWalker, looks_like_zstd

from .chunks import chunk_sizes, chunks_of

MAGIC = b"\x28\xb5\x2f\xfd"


def compressed(content: bytes, *, checksum: bool = True, size: bool = False) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=checksum, write_content_size=size).compress(content)


def skippable(content: bytes, number: int = 0) -> bytes:
    return bytes([0x50 + number]) + b"\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content


def block(kind: int, size: int, body: bytes, *, last: bool = True) -> bytes:
    return (size << 3 | kind << 1 | last).to_bytes(3, "little") + body


def walk(chunks: list[bytes]) -> tuple[bytes, list[FrameEnd]]:
    walker = ZstdWalker()
    content, ends = b"", []
    for chunk in chunks:
        for piece in walker.feed(chunk):
            if isinstance(piece, Unpacked):
                content += piece.content
            else:
                ends.append(piece)
    assert not walker.in_frame
    assert not walker.pending
    assert walker.offset == sum(map(len, chunks))
    return content, ends


stream_parts = st.one_of(
    st.builds(compressed, st.binary(max_size=400), checksum=st.booleans(), size=st.booleans()),
    st.builds(skippable, st.binary(max_size=40), st.integers(0, 15)),
)


@given(st.lists(stream_parts, max_size=6), chunk_sizes)
def test_frames_are_found_and_unpacked_whatever_the_chunks(parts: list[bytes], sizes: list[int]) -> None:
    content, ends = walk(chunks_of(b"".join(parts), sizes))
    assert [end.end - end.start for end in ends] == [len(part) for part in parts]
    magics = [int.from_bytes(part[:4], "little") for part in parts]
    assert [end.skippable for end in ends] == [None if magic == 0xFD2FB528 else magic for magic in magics]
    assert content == b"".join(
        zstandard.ZstdDecompressor().decompressobj().decompress(part) for part in parts if part.startswith(MAGIC)
    )


def test_a_block_unpacks_to_no_more_than_128_kib() -> None:
    stream = compressed(random.Random(1).randbytes(300_000) + bytes(1_000_000))
    sizes = [len(piece.content) for piece in ZstdWalker().feed(stream) if isinstance(piece, Unpacked)]
    assert sum(sizes) == 1_300_000
    assert max(sizes) <= 128 << 10


def test_what_is_flushed_is_unpacked_before_the_frame_ends() -> None:
    compressor = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    start = compressor.compress(b"one\n") + compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    walker = ZstdWalker()
    assert list(walker.feed(start)) == [Unpacked(b"one\n", is_last=False)]
    assert walker.in_frame
    assert [type(piece) for piece in walker.feed(compressor.flush())] == [FrameEnd]


def test_a_skippable_frame_of_gigabytes_is_not_held_in_memory() -> None:
    walker = ZstdWalker()
    assert list(walker.feed(b"\x50\x2a\x4d\x18" + (2**32 - 1).to_bytes(4, "little"))) == []
    for _ in range(3):
        assert list(walker.feed(bytes(1 << 16))) == []
        assert walker.pending == 0
    assert walker.in_frame


def frame_header(window_log: int = 20) -> bytes:
    return MAGIC + bytes([0x00, (window_log - 10) << 3])


@pytest.mark.parametrize(
    ("stream", "offset", "reason"),
    [
        (b"\x00\x00\x00\x00", 0, "not a zstd frame"),
        (compressed(b"one\n") + b"GARBAGE", len(compressed(b"one\n")), "not a zstd frame"),
        (frame_header(24), 0, "window of 16777216 bytes; the limit is 8388608"),
        (frame_header(41), 0, "zstd frame"),
        (MAGIC + b"\x01\x50\x07", 0, "dictionary"),
        (MAGIC + b"\x08\x50", 0, "corrupt zstd frame header"),
        (frame_header() + block(3, 4, b"abcd"), 6, "reserved type"),
        (frame_header() + block(1, 1 << 20, b"a"), 6, "1048576 bytes; the limit is 131072"),
        (frame_header() + block(0, 1 << 20, bytes(1 << 20)), 6, "1048576 bytes; the limit is 131072"),
        (frame_header() + block(2, 4, b"\xff\xff\xff\xff"), 0, "corrupt"),
        (compressed(b"one\n")[:-1] + b"\x00", 0, "corrupt"),
    ],
)
def test_damage_is_named_with_its_offset(stream: bytes, offset: int, reason: str) -> None:
    with pytest.raises(StreamDamage, match=reason) as caught:
        list(ZstdWalker().feed(stream))
    assert caught.value.offset == offset


def test_a_window_of_the_limit_is_accepted() -> None:
    stream = frame_header(23) + block(0, 4, b"one\n")
    assert [type(piece) for piece in ZstdWalker().feed(stream)] == [Unpacked, FrameEnd]


@given(st.binary(max_size=60), st.sampled_from([b"", MAGIC, MAGIC + b"\x04\x50", b"\x51\x2a\x4d\x18"]))
def test_any_bytes_are_walked_or_damage(garbage: bytes, start: bytes) -> None:
    walker = ZstdWalker()
    try:
        unpacked = [piece for piece in walker.feed(start + garbage) if isinstance(piece, Unpacked)]
    except StreamDamage as damage:
        assert 0 <= damage.offset <= len(start + garbage)  # noqa: PT017  that no other error comes is the point
        return
    assert walker.offset + walker.pending == len(start + garbage)
    assert all(len(piece.content) <= 128 << 10 for piece in unpacked)


@pytest.mark.parametrize(
    ("head", "is_zstd"),
    [
        (MAGIC, True),
        (b"\x50\x2a\x4d\x18", True),
        (b"\x5f\x2a\x4d\x18", True),
        (b"\x60\x2a\x4d\x18", False),
        (b"\x4f\x2a\x4d\x18", False),
        (b'{"fe', False),
        (b"\x89PNG", False),
        (b"    ", False),
    ],
)
def test_zstd_is_detected_from_its_first_four_bytes(head: bytes, is_zstd: object) -> None:
    assert looks_like_zstd(head) == is_zstd
