"""
Lines to a zstd stream and back: the format `.jsonl.zst`.

`BlockEncoder` packs lines into independent zstd frames ("blocks") of whole lines. `BlockDecoder` decodes such a stream,
and any other zstd stream of lines.

The decoder holds back the lines of a block until its checksum verifies them; `take_unverified` returns them before
that, for a file that was cut off or is still growing. A block larger than any that feedrec writes (another tool may
compress a file as one long frame) is returned as it comes, which keeps memory bounded.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import zstandard

from ..facts.index_builder import IndexBuilder
from ..facts.sequence_check import MakeRule
from ..line.frame_run import FrameRun
from ..line.index import Mark
from ..line.payload.json_strings import joined
from ..line.seek_table import SEEK_TABLE_MAGIC
from .line_splitter import HeldLines, LineSplitter, text_pieces
from .protocols import MAX_LINE, NOTHING_PENDING, Pending
from .text_form import TextForm
from .whole_block import BLOCK_SIZE, WholeBlock
from .zstd_parser import FrameEnd, StreamDamage, Unpacked, ZstdWalker

__all__ = [
    "BLOCK_SIZE",
    "DEFAULT_LEVEL",
    "BlockDecoder",
    "BlockEncoder",
]

DEFAULT_LEVEL = 3
"""zstd level of new recordings."""


_BLOCK_END = 7
"""Bytes: an empty last block, and the checksum (RFC 8878, 3.1.1)."""


class BlockEncoder:
    """
    Packs lines into zstd frames of about `block_size` bytes of text, each with a checksum, each of whole lines.

    A stream begun by `begin` ends with the index and the seek table.

    Args:
        level: zstd level.
        block_size: Bytes of text in a block; a longer line is a block by itself.
        make_rule: The sequence rule of the feed, if it describes every received frame; for the summary.

    """

    def __init__(
        self, level: int = DEFAULT_LEVEL, block_size: int = BLOCK_SIZE, make_rule: MakeRule | None = None
    ) -> None:
        self._compressor = zstandard.ZstdCompressor(level=level, write_checksum=True, write_content_size=False)
        self._block_size = block_size
        self._index = IndexBuilder()
        self._make_rule = make_rule
        self._ends_with_index = False
        self._block: zstandard.ZstdCompressionObj | None = None
        self._room = block_size
        self._size = self._crc = 0
        self._lines = 0
        self._flushed = NOTHING_PENDING  # what of the present block was flushed

    def begin(self, header: bytes) -> bytes:
        self._ends_with_index = True
        data = self.add([header]) + self.flush()
        self._index.begin(header, self._make_rule)
        return data

    def add(self, lines: Sequence[bytes], marks: Sequence[Mark] = ()) -> bytes:
        return joined(self._packed(lines, marks))

    def _packed(self, lines: Sequence[bytes], marks: Sequence[Mark]) -> Iterator[bytes]:
        text = sum(map(len, lines)) + len(lines)
        if text <= self._room:  # mostly: a block takes several calls
            self._room -= text
            yield from self._compress(lines, marks)
            return
        start = 0
        for number, line in enumerate(lines):
            size = len(line) + 1
            if size > self._room and self._room < self._block_size:
                yield from self._compress(lines[start:number], marks[start:number])
                yield self._end_block()
                start = number
            self._room -= size
        yield from self._compress(lines[start:], marks[start:])

    def add_run(self, run: FrameRun) -> bytes:
        packed = []
        while len(run.text) > self._room:
            fitting = run.lines_within(self._room) or int(self._room == self._block_size)
            if fitting == len(run.sizes):
                break
            if fitting:
                first, run = run.parted(fitting)
                packed.append(self._compress_run(first))
            packed.append(self._end_block())
        packed.append(self._compress_run(run))
        return b"".join(packed)

    def add_block(self, block: WholeBlock) -> bytes:
        rest = self._end_block()
        for part in block.parts:
            if isinstance(part, tuple):
                self._index.add([part[0]], [part[1]])
            else:
                self._index.add_received(part)
        self._index.end_block(len(block.data), block.size, zlib.crc32(block.data))
        return rest + block.data

    def _compress_run(self, run: FrameRun) -> bytes:
        self._room -= len(run.text)
        if self._block is None:
            self._block = self._compressor.compressobj()
        self._lines += len(run.times)
        self._index.add_run(run)
        return self._count(self._block.compress(run.text))

    def flush(self) -> bytes:
        rest = self._count(self._block.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)) if self._block else b""
        self._flushed = Pending(self._lines, self._block_size - self._room, self._size)
        return rest

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
        self._size = self._crc = self._lines = 0
        self._flushed = NOTHING_PENDING
        return rest

    @property
    def end_size(self) -> int | None:
        size = self._size + (_BLOCK_END if self._block else 0)
        index = self._index.end_size(size, self._block_size - self._room) if self._ends_with_index else 0
        return index + (_BLOCK_END if self._block else 0)

    @property
    def pending(self) -> Pending:
        lines, text, size = self._flushed
        return Pending(self._lines - lines, self._block_size - self._room - text, self._size - size)

    def _compress(self, lines: Sequence[bytes], marks: Sequence[Mark]) -> Iterator[bytes]:
        if not lines:
            return
        if self._block is None:
            self._block = self._compressor.compressobj()
        self._lines += len(lines)
        self._index.add(lines, marks)
        for text in text_pieces(lines):
            yield self._count(self._block.compress(text))

    def _count(self, packed: bytes) -> bytes:
        self._size += len(packed)
        self._crc = zlib.crc32(packed, self._crc)
        return packed


class BlockDecoder:
    """
    Decodes a zstd stream of lines.

    A stream whose first zstd block is one line and not the last of its frame was begun by `BlockEncoder.begin`: it ends
    with a seek table, or it was cut off.

    Args:
        max_line: Maximum length of a line in bytes.
        start: Offset in the file of the first byte it is fed; a zstd frame begins there.
        ends_with_seek_table: Whether there must be one; None to detect it from the first block.
        splitter: Cuts the text into lines; None for one that leaves out what is beside them.

    """

    def __init__(
        self,
        max_line: int = MAX_LINE,
        *,
        start: int = 0,
        ends_with_seek_table: bool | None = None,
        splitter: LineSplitter | None = None,
    ) -> None:
        self.damage: StreamDamage | None = None
        self.ends_with_seek_table = ends_with_seek_table
        self._walker = ZstdWalker(start=start)
        self._splitter = splitter or LineSplitter(max_line, TextForm(), begins_file=not start)
        self._lines = HeldLines(2 * BLOCK_SIZE)
        self._last_end = start
        self._last_skippable: int | None = None
        self._text = 0  # bytes of the content of the present frame
        self._is_amid_line = False  # where that frame began
        self._whole: tuple[FrameEnd, int] | None = None  # the frame that ended last, if it has whole lines; its content

    def feed(self, data: bytes) -> Iterator[list[bytes]]:
        for piece in self.pieces(data):
            if isinstance(piece, list):
                yield piece

    def pieces(self, data: bytes) -> Iterator[list[bytes] | FrameEnd]:
        """Yield what `feed` does, and after the lines of each zstd frame its end."""
        if self.damage is not None:
            return
        try:
            for piece in self._walker.feed(data):
                self._whole = None
                if isinstance(piece, Unpacked):
                    self._hold(piece)
                else:
                    self._end_frame(piece)
                if lines := self._lines.take():
                    yield lines
                if isinstance(piece, FrameEnd):
                    yield piece
        except StreamDamage as damage:
            self.damage = damage
            self._lines.drop()

    def _end_frame(self, end: FrameEnd) -> None:
        is_amid_line = self._splitter.held > 0
        if end.skippable is None and self._walker.has_checksum and not (self._is_amid_line or is_amid_line):
            self._whole = end, self._text
        self._text, self._is_amid_line = 0, is_amid_line
        self._last_end, self._last_skippable = end.end, end.skippable
        self._lines.release()

    def whole_frame(self, lines: Sequence[bytes]) -> FrameEnd | None:
        """Return the zstd frame whose content is these lines, those yielded last, and nothing else; None if none is."""
        if self._whole is None or sum(map(len, lines)) + len(lines) != self._whole[1]:
            return None
        return self._whole[0]

    def take_unverified(self) -> list[bytes]:
        self._whole = None
        self._lines.release()
        return self._lines.take()

    def take_last_line(self) -> list[bytes]:
        return self._splitter.take_last_line()

    @property
    def form(self) -> TextForm:
        return self._splitter.form

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
        """Whether it is inside a zstd frame."""
        return self._walker.in_frame

    @property
    def offset(self) -> int:
        """Offset up to which the bytes received were parsed."""
        return self._walker.offset

    @property
    def frame_start(self) -> int:
        """Offset of the zstd frame that began last."""
        return self._walker.frame_start

    @property
    def is_torn(self) -> bool:
        """Whether the bytes received end within a line, or within a zstd block."""
        return self._splitter.held > 0 or self._walker.is_torn

    def _hold(self, block: Unpacked) -> None:
        content = block.content
        self._text += len(content)
        if self.ends_with_seek_table is None:
            self.ends_with_seek_table = content.find(b"\n") == len(content) - 1 and not block.is_last
        self._lines.hold(self._splitter.split(content, self._walker.frame_start), len(content))
