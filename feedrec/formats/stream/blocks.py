"""
Lines to a zstd stream and back: the shape of a `.jsonl.zst`.

`BlockEncoder` packs lines into independent zstd frames ("blocks") of whole lines. `BlockDecoder` gives the lines of
such a stream, or of any other zstd stream.

A decoder holds the lines of a block back until the checksum of the block proved them; `take_unverified` hands them out
before that, for a file that was cut off or still grows. A block that is larger than feedrec writes them (a file that
another tool compressed as one long frame) is handed out as it comes: memory stays bounded.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import zstandard

from ..line.index import IndexBuilder, Mark
from ..line.seek_table import SEEK_TABLE_MAGIC
from .coding import MAX_LINE
from .line_splitter import HeldLines, LineSplitter
from .zstd_frames import FrameEnd, StreamDamage, Unpacked, ZstdWalker

__all__ = [
    "BLOCK_SIZE",
    "DEFAULT_LEVEL",
    "BlockDecoder",
    "BlockEncoder",
]

BLOCK_SIZE = 1 << 20
"""Bytes of text in a block; a longer line is a block by itself."""

DEFAULT_LEVEL = 3
"""zstd level of new recordings."""


class BlockEncoder:
    """
    Packs lines into zstd frames of about `block_size` bytes of text, each with a checksum, each of whole lines.

    What begins with `begin` ends with the index and the seek table.

    Args:
        level: zstd level.
        block_size: Bytes of text in a block; a longer line is a block by itself.

    """

    def __init__(self, level: int = DEFAULT_LEVEL, block_size: int = BLOCK_SIZE) -> None:
        self._compressor = zstandard.ZstdCompressor(level=level, write_checksum=True, write_content_size=False)
        self._block_size = block_size
        self._index = IndexBuilder()
        self._ends_with_index = False
        self._block: zstandard.ZstdCompressionObj | None = None
        self._room = block_size
        self._size = self._crc = 0

    def begin(self, header: bytes) -> bytes:
        self._ends_with_index = True
        return self.add([header]) + self.flush()

    def add(self, lines: Sequence[bytes], marks: Sequence[Mark] = ()) -> bytes:
        packed = []
        start = 0
        for number, line in enumerate(lines):
            size = len(line) + 1
            if size > self._room and self._room < self._block_size:
                packed += [self._compress(lines[start:number], marks[start:number]), self._end_block()]
                start = number
            self._room -= size
        packed.append(self._compress(lines[start:], marks[start:]))
        return b"".join(packed)

    def flush(self) -> bytes:
        return self._count(self._block.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)) if self._block else b""

    def finish(self) -> bytes:
        rest = self._end_block()
        return rest + self._index.finish() if self._ends_with_index else rest

    def _end_block(self) -> bytes:
        if self._block is None:
            return b""
        rest = self._count(self._block.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH))
        self._index.end_block(self._size, self._block_size - self._room, self._crc)
        self._block = None
        self._room = self._block_size
        self._size = self._crc = 0
        return rest

    def _compress(self, lines: Sequence[bytes], marks: Sequence[Mark]) -> bytes:
        if not lines:
            return b""
        if self._block is None:
            self._block = self._compressor.compressobj()
        self._index.add(marks)
        return self._count(self._block.compress(b"\n".join([*lines, b""])))

    def _count(self, packed: bytes) -> bytes:
        self._size += len(packed)
        self._crc = zlib.crc32(packed, self._crc)
        return packed


class BlockDecoder:
    """
    Reads a zstd stream of lines.

    A stream whose first zstd block holds one line and is not the last of its frame was begun by `BlockEncoder.begin`:
    it ends with a seek table, or it was cut off.

    Args:
        max_line: Bytes that a line may have.
        start: Byte offset in the file of the first byte that it is fed; that of a zstd frame.
        ends_with_seek_table: Whether there must be one; None to find out from the first block.

    """

    def __init__(self, max_line: int = MAX_LINE, *, start: int = 0, ends_with_seek_table: bool | None = None) -> None:
        self.damage: StreamDamage | None = None
        self.ends_with_seek_table = ends_with_seek_table
        self._walker = ZstdWalker(start=start)
        self._splitter = LineSplitter(max_line)
        self._lines = HeldLines(2 * BLOCK_SIZE)
        self._last_end = start
        self._last_skippable: int | None = None

    def feed(self, data: bytes) -> Iterator[list[bytes]]:
        for piece in self.pieces(data):
            if isinstance(piece, list):
                yield piece

    def pieces(self, data: bytes) -> Iterator[list[bytes] | FrameEnd]:
        """Do as `feed`, and give the end of each zstd frame behind the lines in it."""
        if self.damage is not None:
            return
        try:
            for piece in self._walker.feed(data):
                if isinstance(piece, Unpacked):
                    self._hold(piece)
                else:
                    self._last_end = piece.end
                    self._last_skippable = piece.skippable
                    self._lines.release()
                if lines := self._lines.take():
                    yield lines
                if isinstance(piece, FrameEnd):
                    yield piece
        except StreamDamage as damage:
            self.damage = damage
            self._lines.drop()

    def take_unverified(self) -> list[bytes]:
        self._lines.release()
        return self._lines.take()

    def offset_of_line(self, before: Sequence[bytes]) -> int:  # noqa: ARG002
        return self._walker.frame_start

    @property
    def unfinished(self) -> int | None:
        if self._walker.in_frame or self._walker.pending or self._splitter.held:
            return self._last_end
        if self.ends_with_seek_table and self._last_skippable != SEEK_TABLE_MAGIC:
            return self._last_end
        return None

    @property
    def in_frame(self) -> bool:
        """Whether a zstd frame has begun and not ended."""
        return self._walker.in_frame

    @property
    def offset(self) -> int:
        """Offset up to which the bytes received were understood."""
        return self._walker.offset

    @property
    def frame_start(self) -> int:
        """Offset of the zstd frame that began last."""
        return self._walker.frame_start

    @property
    def is_torn(self) -> bool:
        """Whether the bytes received end within a line, or within what holds some."""
        return self._splitter.held > 0 or self._walker.is_torn

    def _hold(self, block: Unpacked) -> None:
        content = block.content
        if self.ends_with_seek_table is None:
            self.ends_with_seek_table = content.find(b"\n") == len(content) - 1 and not block.is_last
        self._lines.hold(self._splitter.split(content, self._walker.frame_start), len(content))
