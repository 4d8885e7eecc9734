"""
The index: the skippable zstd frame between the last block and the seek table of a cleanly closed recording.

Being skippable (RFC 8878, 3.1.2), it is ignored by every other reader. It has the position of each block, the span of
its times, the number of frames by connection and channel, the places of snapshots, and a CRC; and before all that, a
CRC of itself. It is found through the last entry of the seek table.

docs/format.md is normative. An index is trusted only if its CRC matches and it fits the file; otherwise it is ignored.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Callable, Sequence

import msgspec
import zstandard

from ...model import TIME_LIMIT, Frame, FrameInfo, Record
from .seek_table import MAX_BLOCKS, Tail, find_seek_table

__all__ = [
    "INDEX_MAGIC",
    "Index",
    "IndexedBlock",
    "Mark",
    "SnapshotPlace",
    "decode_index",
    "encode_index",
    "encode_row",
    "encode_rows",
    "find_index",
    "mark_of",
    "read_index",
]

INDEX_MAGIC = 0x184D2A5D
"""Magic number of the skippable frame that holds the index."""

_SIGNATURE = b"feedrec\x01"
_SKIPPABLE = struct.Struct("<II")
_CRC = struct.Struct("<I")

_MAX_INDEX = 64 << 20  # bytes decompressed: the index of some 256 GB of text

Mark = tuple[int, int | None, FrameInfo | None, int, bool]
"""
What the index needs to know about a line: time, connection (None for an event of none), and of a received frame what it
is (else None), the bytes of its payload (else 0), and whether it is one of the venue's sequence, neither synthetic nor
unverified (else True).
"""


def mark_of(record: Record, info: FrameInfo | None = None) -> Mark:
    """Return what the index needs to know about a record."""
    if isinstance(record, Frame) and record.direction == "in":
        in_sequence = not (record.synthetic or record.unverified)
        return record.time, record.conn, info or FrameInfo(), len(record.payload), in_sequence
    return record.time, record.conn, None, 0, True


class SnapshotPlace(msgspec.Struct, frozen=True, array_like=True):
    """
    The place of a snapshot.

    Attributes:
        line: Number of its line within the block, from 0, not counting the header.
        channel: Its channel.
        products: Its products.

    """

    line: int
    channel: str
    products: tuple[str, ...]


class IndexedBlock(msgspec.Struct):
    """
    What the index says about one block.

    Attributes:
        offset: Byte offset of the zstd frame in the file.
        size: Bytes of the zstd frame.
        text: Bytes of text in it.
        lines: Lines in it, not counting the header.
        crc: CRC-32 (ISO 3309, as in gzip) of the zstd frame.
        first: Earliest time of its lines in nanoseconds; None if there is no line.
        last: Latest time of its lines.
        frames: Received frames by connection (as text) and channel.
        snapshots: The places of snapshots.
        http: Numbers of the lines that are `http` events, like those of snapshots; unset if there is none.

    """

    offset: int
    size: int
    text: int
    lines: int
    crc: int
    first: int | None = None
    last: int | None = None
    frames: dict[str, dict[str, int]] = {}
    snapshots: list[SnapshotPlace] = []
    http: list[int] | msgspec.UnsetType = msgspec.UNSET

    @property
    def requests(self) -> list[int]:
        """What is said of `http` events; nothing if it is unset."""
        return [] if self.http is msgspec.UNSET else self.http

    @property
    def end(self) -> int:
        """Offset of the byte after it."""
        return self.offset + self.size

    @property
    def has_others(self) -> bool:
        """Whether it may have lines that are no received frames: events, sent frames, and what came without marks."""
        return sum(sum(counts.values()) for counts in self.frames.values()) < self.lines

    @property
    def is_possible(self) -> bool:
        """Whether such a block can exist."""
        if self.first is None or self.last is None:
            has_times = self.first is self.last is None and not self.lines
        else:
            has_times = 0 <= self.first <= self.last < TIME_LIMIT and self.lines > 0
        return (
            has_times
            and self.size > 0
            and self.text >= self.lines  # not negative, as the times show
            and all(0 <= place.line < self.lines for place in self.snapshots)
            and all(0 <= line < self.lines for line in self.requests)
        )


class Index(msgspec.Struct):
    """
    The index of a recording.

    Attributes:
        products: Products by channel, of all received frames; an empty product stands for frames without any.
        blocks: The blocks, in order.
        summary: What the file has in it, as JSON (`facts/file_facts.py`); None if it does not say.
        http: How many `http` events there are; None if it does not say, since a summary does.

    """

    products: dict[str, list[str]]
    blocks: list[IndexedBlock]
    summary: bytes | None = None
    http: int | None = None

    @property
    def end(self) -> int:
        """Byte offset at which the last block ends."""
        return self.blocks[-1].end if self.blocks else 0

    @property
    def lines(self) -> int:
        """Lines in the recording, not counting the header."""
        return sum(block.lines for block in self.blocks)

    def fits(self, offset: int) -> bool:
        """Return whether the blocks are possible, and cover the file from its beginning to `offset` without holes."""
        ends = itertools.chain([0], (block.end for block in self.blocks))
        return self.end == offset and all(
            block.offset == end and block.is_possible for block, end in zip(self.blocks, ends, strict=False)
        )


class _Head(msgspec.Struct):
    """The first line of the index."""

    blocks: int
    products: dict[str, list[str]]
    summary: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    http: int | msgspec.UnsetType = msgspec.UNSET


_encode = msgspec.json.encode
_decode_head = msgspec.json.Decoder(_Head).decode
_decode_blocks = msgspec.json.Decoder(IndexedBlock).decode_lines


def encode_rows(
    products: dict[str, list[str]], rows: Sequence[bytes], summary: bytes | None = None, http: int | None = None
) -> bytes:
    """
    Encode an index as a skippable frame, from encoded rows.

    Args:
        products: Products by channel.
        rows: The rows of the blocks, see `encode_row`.
        summary: What the file has in it, as JSON; None to say nothing of that.
        http: How many `http` events there are; None to say nothing of that.

    """
    said = msgspec.UNSET if summary is None else msgspec.Raw(summary)
    head = _Head(len(rows), products, said, msgspec.UNSET if http is None else http)
    return _wrap_index(b"\n".join([_encode(head), *rows, b""]))


def encode_row(block: IndexedBlock) -> bytes:
    """Encode what the index says about one block."""
    return _encode(block)


def encode_index(index: Index) -> bytes:
    """Encode an index as a skippable frame."""
    return encode_rows(index.products, [*map(encode_row, index.blocks)], index.summary, index.http)


def _wrap_index(text: bytes) -> bytes:
    packed = zstandard.ZstdCompressor(level=9, write_checksum=True).compress(text)
    content = _SIGNATURE + _CRC.pack(zlib.crc32(packed)) + packed
    return _SKIPPABLE.pack(INDEX_MAGIC, len(content)) + content


def decode_index(frame: bytes, max_blocks: int = MAX_BLOCKS) -> Index:
    """
    Decode an index from its skippable frame.

    Raises:
        ValueError: If it is not one, its CRC does not match, it is too large, or it has more than `max_blocks`.

    """
    prefix = _SKIPPABLE.size + len(_SIGNATURE)
    if len(frame) < prefix + _CRC.size or frame[_SKIPPABLE.size : prefix] != _SIGNATURE:
        raise ValueError("not an index")
    magic, size = _SKIPPABLE.unpack_from(frame)
    if magic != INDEX_MAGIC or size != len(frame) - _SKIPPABLE.size:
        raise ValueError("not an index")
    packed = frame[prefix + _CRC.size :]
    if zlib.crc32(packed) != _CRC.unpack_from(frame, prefix)[0]:
        raise ValueError("CRC mismatch")
    try:
        if zstandard.get_frame_parameters(packed).content_size > _MAX_INDEX:
            raise ValueError(f"larger than the limit of {_MAX_INDEX} bytes")
        text = zstandard.ZstdDecompressor().decompress(packed)
        head_line, _, rows = text.partition(b"\n")
        head = _decode_head(head_line)
        if rows.count(b"\n") != head.blocks or head.blocks > max_blocks:
            raise ValueError(f"impossible number of blocks: {head.blocks}")
        blocks = _decode_blocks(rows)
    except (zstandard.ZstdError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be decoded: {error}") from error
    if len(blocks) != head.blocks:
        raise ValueError(f"{len(blocks)} blocks, but the first line says {head.blocks}")
    summary = None if isinstance(head.summary, msgspec.UnsetType) else bytes(head.summary)
    return Index(head.products, blocks, summary, None if isinstance(head.http, msgspec.UnsetType) else head.http)


def find_index(read_at: Callable[[int, int], bytes], size: int) -> Index:
    """
    Find the index of a recording through its seek table, reading only the end of the file.

    Args:
        read_at: Returns, for an offset in the file and a size, so many bytes.
        size: Bytes in the file.

    Raises:
        ValueError: If there is none, or it cannot be trusted; the text says why.

    """
    tail = Tail(read_at, size)
    table = find_seek_table(tail)
    room = size - len(table.frame)
    index_size, _ = table.entries[-1]
    if index_size > min(room, _MAX_INDEX):
        raise ValueError("the seek table does not fit the file")
    try:
        index = decode_index(tail.last(index_size, before=len(table.frame)), len(table.entries) - 1)
    except ValueError as error:
        raise ValueError(f"the index is damaged: {error}") from error
    if not index.fits(room - index_size):
        raise ValueError("the index does not fit the file")
    return index


def read_index(read_at: Callable[[int, int], bytes], size: int) -> Index | None:
    """Return what `find_index` finds; None if there is no index that can be trusted."""
    try:
        return find_index(read_at, size)
    except ValueError:
        return None
