"""The index says what is there, is found again, and is not trusted when it lies."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats import create_recording, open_recording
from feedrec.formats.file.block_search import walk_frames
from feedrec.formats.line.codec import decode_line, encode_frame, encode_header
from feedrec.formats.line.index import (
    INDEX_MAGIC,
    Index,
    IndexedBlock,
    Mark,
    SnapshotPlace,
    decode_index,
    encode_index,
    find_index,
    mark_of,
    read_index,
)
from feedrec.formats.line.seek_table import decode_seek_table, encode_seek_table
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import NANOSECONDS, TIME_LIMIT, Frame, FrameInfo, Header

HEADER = Header("coinbase-advanced")
START = 1_795_280_400 * NANOSECONDS

sizes = st.integers(0, 2**32 - 1)
names = st.text(max_size=8)
blocks = st.builds(
    IndexedBlock,
    offset=st.integers(0, 2**60),
    size=sizes,
    text=sizes,
    lines=sizes,
    crc=sizes,
    first=st.none() | st.integers(0, 2**62),
    last=st.none() | st.integers(0, 2**62),
    frames=st.dictionaries(st.integers(0, 9).map(str), st.dictionaries(names, sizes, max_size=2), max_size=2),
    snapshots=st.lists(st.builds(SnapshotPlace, sizes, names, st.lists(names, max_size=2).map(tuple)), max_size=2),
)
indexes = st.builds(
    Index, products=st.dictionaries(names, st.lists(names), max_size=3), blocks=st.lists(blocks, max_size=5)
)


def found_in(data: bytes) -> Index:
    return find_index(lambda offset, size: data[offset : offset + size], len(data))


def recorded(frames: list[tuple[Frame, FrameInfo]], block_size: int = 400) -> bytes:
    encoder = BlockEncoder(block_size=block_size)
    lines = [encode_frame(frame) for frame, _ in frames]
    marks: list[Mark] = [mark_of(frame, info) for frame, info in frames]
    return encoder.begin(encode_header(HEADER)) + encoder.add(lines, marks) + encoder.finish()


@given(indexes)
def test_what_is_encoded_is_decoded(index: Index) -> None:
    assert decode_index(encode_index(index)) == index


@given(st.binary(max_size=80))
def test_bytes_that_are_not_an_index_raise_one_error(data: bytes) -> None:
    for decode in (decode_index, found_in):
        with pytest.raises(ValueError, match=r"\w"):
            decode(data)


@given(indexes, st.data())
def test_an_index_with_a_flipped_bit_is_not_trusted(index: Index, data: st.DataObject) -> None:
    frame = bytearray(encode_index(index))
    place = data.draw(st.integers(0, len(frame) - 1))
    frame[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ValueError, match=r"index|CRC"):
        decode_index(bytes(frame))


records = st.builds(
    lambda seconds, conn, channel, products, is_snapshot: (
        Frame(START + seconds, conn, b'{"n":1}'),
        FrameInfo(channel, tuple(products), kind="snapshot" if is_snapshot else "update"),
    ),
    st.integers(0, 99),
    st.integers(0, 2),
    st.sampled_from(["level2", "ticker", ""]),
    st.lists(st.sampled_from("ABC"), unique=True, max_size=2),
    st.booleans(),
)


@given(st.lists(records, max_size=40))
def test_it_tells_what_each_block_holds(frames: list[tuple[Frame, FrameInfo]]) -> None:
    data = recorded(frames)
    index = found_in(data)
    spans = list(walk_frames(lambda offset, size: data[offset : offset + size], len(data)))
    assert [(span.start, span.end) for span in spans[:-2]] == [(block.offset, block.end) for block in index.blocks]
    rest = list(frames)
    for block in index.blocks:
        packed = data[block.offset : block.end]
        text = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
        lines = text.splitlines()[1 if block.offset == 0 else 0 :]
        here, rest = rest[: len(lines)], rest[len(lines) :]
        assert (block.text, block.lines, block.crc) == (len(text), len(lines), zlib.crc32(packed))
        assert [decode_line(line) for line in lines] == [frame for frame, _ in here]
        times = [frame.time for frame, _ in here]
        assert (block.first, block.last) == ((min(times), max(times)) if times else (None, None))
        counted = {
            (int(conn), channel): count for conn, kinds in block.frames.items() for channel, count in kinds.items()
        }
        keys = [(frame.conn, info.channel) for frame, info in here]
        assert counted == {key: keys.count(key) for key in keys}
        assert block.snapshots == [
            SnapshotPlace(number, info.channel, info.products)
            for number, (_, info) in enumerate(here)
            if info.kind == "snapshot"
        ]
    assert not rest
    products = {(channel, name) for channel, names in index.products.items() for name in names}
    assert products == {(info.channel, name) for _, info in frames for name in info.products or ("",)}


def test_the_seek_table_has_the_size_of_every_zstd_frame() -> None:
    data = recorded([(Frame(START + number, 0, b"[1]"), FrameInfo()) for number in range(50)])
    *spans, table = walk_frames(lambda offset, size: data[offset : offset + size], len(data))
    entries = decode_seek_table(data[table.start : table.end])
    assert [size for size, _ in entries] == [span.end - span.start for span in spans]
    assert sum(size for size, _ in entries[:-1]) == found_in(data).end
    assert [text for _, text in entries] == [*(block.text for block in found_in(data).blocks), 0]


@pytest.mark.parametrize(
    "lie",
    [
        {"offset": 1},
        {"size": 10},
        {"size": 0},
        {"lines": -1},
    ],
)
def test_an_index_that_does_not_fit_the_file_is_not_trusted(lie: dict[str, int]) -> None:
    data = recorded([(Frame(START + number, 0, b"[1]"), FrameInfo()) for number in range(50)])
    index = found_in(data)
    for name, value in lie.items():
        setattr(index.blocks[1], name, value)
    frame = encode_index(index)
    sizes = [(block.size, block.text) for block in found_in(data).blocks]
    lying = data[: found_in(data).end] + frame + encode_seek_table([*sizes, (len(frame), 0)])
    with pytest.raises(ValueError, match=r"the index (does not fit the file|is damaged)"):
        found_in(lying)
    assert read_index(lambda offset, size: lying[offset : offset + size], len(lying)) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"text": 2}, True),
        ({"text": 1}, False),
        ({"size": 0}, False),
        ({"lines": 0}, False),
        ({"lines": 0, "first": None, "last": None, "text": 0}, True),
        ({"lines": 0, "first": None, "last": None, "text": -1}, False),
        ({"lines": -1, "first": None, "last": None}, False),
        ({"lines": -1}, False),
        ({"first": None, "last": None}, False),
        ({"first": None}, False),
        ({"first": 10}, False),
        ({"first": 0}, True),
        ({"first": -1}, False),
        ({"last": TIME_LIMIT - 1}, True),
        ({"last": TIME_LIMIT}, False),
        ({"snapshots": [SnapshotPlace(0, "", ()), SnapshotPlace(1, "", ())]}, True),
        ({"snapshots": [SnapshotPlace(2, "", ())]}, False),
        ({"snapshots": [SnapshotPlace(-1, "", ())]}, False),
    ],
)
def test_a_block_is_possible_or_not(changes: dict[str, Any], *, expected: bool) -> None:
    block = IndexedBlock(0, size=9, text=20, lines=2, crc=0, first=9, last=9)
    assert msgspec.structs.replace(block, **changes).is_possible == expected


def index_frame(text_size: int) -> bytes:
    """Make the frame of an index that unpacks to so many bytes, with a key that readers ignore."""
    start, end = b'{"blocks":0,"products":{},"pad":"', b'"}\n'
    packed = zstandard.ZstdCompressor(1).compress(start + bytes(b"x" * (text_size - len(start) - len(end))) + end)
    content = b"feedrec\x01" + struct.pack("<I", zlib.crc32(packed)) + packed
    return struct.pack("<II", INDEX_MAGIC, len(content)) + content


LIMIT = 64 << 20  # docs/format.md


def test_an_index_is_unpacked_up_to_the_limit_and_no_further() -> None:
    assert decode_index(index_frame(LIMIT)) == Index({}, [])
    with pytest.raises(ValueError, match="larger than the limit of 67108864 bytes"):
        decode_index(index_frame(LIMIT + 1))


@pytest.mark.parametrize(("size", "reason"), [(LIMIT, "not an index"), (LIMIT + 1, "does not fit the file")])
def test_an_index_above_the_limit_is_not_even_read(size: int, reason: str) -> None:
    table = encode_seek_table([(size, 0)])
    file_size = 2 * LIMIT + len(table)
    read = 0

    def read_at(offset: int, size: int) -> bytes:
        nonlocal read
        read += size
        return (bytes(size) + table)[-size:] if offset + size == file_size else bytes(size)

    with pytest.raises(ValueError, match=reason):
        find_index(read_at, file_size)
    assert (read > LIMIT) == (size <= LIMIT)


def test_a_file_may_hold_nothing_but_an_index() -> None:
    frame = encode_index(Index({}, []))
    assert found_in(frame + encode_seek_table([(len(frame), 0)])) == Index({}, [])


def test_a_seek_table_that_claims_too_much_is_not_trusted() -> None:
    data = recorded([(Frame(START, 0, b"[1]"), FrameInfo())])
    blocks = data[: found_in(data).end]
    for size in (len(blocks) + 1, 2**31):
        with pytest.raises(ValueError, match="the seek table does not fit"):
            found_in(blocks + encode_seek_table([(size, 0)]))
    footer = (2**27).to_bytes(4, "little") + b"\0" + (0x8F92EAB1).to_bytes(4, "little")
    with pytest.raises(ValueError, match="no seek table"):
        found_in(data + footer)


def test_only_the_end_of_a_large_file_is_read_for_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    writer = create_recording(path, HEADER)
    payload = b'{"x":"%s"}' % bytes(range(33, 126)).replace(b'"', b"").replace(b"\\", b"").hex().encode()
    for number in range(20_000):
        writer.write(Frame(START + number, 0, payload))
    writer.finish()
    with open_recording(path) as recording:
        before = recording.bytes_read
        assert recording.index is not None
        assert recording.index.lines == 20_000
        assert recording.bytes_read - before <= 1 << 16
