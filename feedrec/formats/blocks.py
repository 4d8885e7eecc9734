"""
Lines to bytes and back, without files: the shape of a recording as a stream.

`BlockEncoder` packs lines into independent zstd frames ("blocks") of whole lines. `BlockDecoder` gives the lines of
such a stream, or of any other zstd stream. `PlainEncoder` and `PlainDecoder` do the same for uncompressed JSONL.

A decoder holds the lines of a block back until the checksum of the block proved them; `take_unverified` hands them out
before that, for a file that was cut off or still grows. A block that is larger than feedrec writes them (a file that
another tool compressed as one long frame) is handed out as it comes: memory stays bounded.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Protocol

import zstandard

from .index import SEEK_TABLE_MAGIC, IndexBuilder, Mark
from .splitting import HeldLines, LineSplitter
from .zstd import FrameEnd, StreamDamage, Unpacked, ZstdWalker

__all__ = [
    "BLOCK_SIZE",
    "DEFAULT_LEVEL",
    "MAX_LINE",
    "BlockDecoder",
    "BlockEncoder",
    "Decoder",
    "Encoder",
    "PlainDecoder",
    "PlainEncoder",
]

BLOCK_SIZE = 1 << 20
"""Bytes of text in a block; a longer line is a block by itself."""

MAX_LINE = 64 << 20
"""Bytes that a line may have before a reader refuses it."""

DEFAULT_LEVEL = 3
"""zstd level of new recordings."""


class Encoder(Protocol):
    """Turns lines into the bytes of a file."""

    def begin(self, header: bytes) -> bytes:
        """Take the header; give all that is needed to read it."""

    def add(self, lines: Sequence[bytes], marks: Sequence[Mark] = ()) -> bytes:
        """Take lines without their newlines, and what the index needs of each; give the bytes that are ready."""

    def flush(self) -> bytes:
        """Give all that is needed to read every line added so far."""

    def finish(self) -> bytes:
        """Give the rest; nothing may be added after it."""


class Decoder(Protocol):
    """
    Turns the bytes of a file into lines.

    Attributes:
        damage: Why the stream cannot be read on; None while it can.
        ends_with_seek_table: Whether it must end with one, or was cut off; None as long as that is not known.

    """

    damage: StreamDamage | None
    ends_with_seek_table: bool | None

    def feed(self, data: bytes) -> Iterator[list[bytes]]:
        """
        Take the next bytes; give the lines that are now whole and verified, some at a time; none after damage.

        Exhaust it before the next call. It unpacks no faster than the lines are taken: a few bytes of a hostile file
        hold gigabytes.
        """

    def take_unverified(self) -> list[bytes]:
        """Give the whole lines received that no checksum covers yet."""

    def offset_of_line(self, before: Sequence[bytes]) -> int:
        """
        Tell where a line of those given last stands.

        Args:
            before: The lines before it that were given together with it.

        Returns:
            The offset of its first byte in plain text; that of the zstd frame that holds it in a compressed stream.

        """

    @property
    def unfinished(self) -> int | None:
        """Offset from which on the bytes received make up no whole line or block; None if nothing is left over."""


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


class PlainEncoder:
    """Writes lines as they are."""

    def begin(self, header: bytes) -> bytes:
        return self.add([header])

    def add(self, lines: Sequence[bytes], marks: Sequence[Mark] = ()) -> bytes:  # noqa: ARG002
        return b"\n".join([*lines, b""]) if lines else b""

    def flush(self) -> bytes:
        return b""

    def finish(self) -> bytes:
        return b""


class PlainDecoder:
    """Reads uncompressed JSONL; `max_line` and `start` as for `BlockDecoder`."""

    def __init__(self, max_line: int = MAX_LINE, *, start: int = 0) -> None:
        self.damage: StreamDamage | None = None
        self.ends_with_seek_table: bool | None = False
        self._splitter = LineSplitter(max_line)
        self._offset = start
        self._lines_start = start

    def feed(self, data: bytes) -> Iterator[list[bytes]]:
        if self.damage is not None:
            return
        start = self._offset - self._splitter.held
        try:
            lines = self._splitter.split(data, start)
        except StreamDamage as damage:
            self.damage = damage
            return
        self._offset += len(data)
        if lines:
            self._lines_start = start
            yield lines

    def take_unverified(self) -> list[bytes]:
        return []

    def offset_of_line(self, before: Sequence[bytes]) -> int:
        return self._lines_start + sum(len(line) + 1 for line in before)

    @property
    def unfinished(self) -> int | None:
        return self._offset - self._splitter.held if self._splitter.held else None


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
