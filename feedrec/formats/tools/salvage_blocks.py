"""
Everything that can be read of a damaged recording: the lines of good blocks, and the holes between them.

After damage, reading continues at the next good block. Candidates come, in this order, from the index, from the seek
table, from the headers of the damaged frame's zstd blocks, and from the magic number of zstd. A candidate is good only
if the frame decompresses, its checksum matches, and its lines decode. The work spent on bad candidates is bounded,
since a hostile file may be full of them.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from ...errors import LineError
from ..file.block_search import ReadAt, walk_frames
from ..line.codec import decode_line
from ..line.index import INDEX_MAGIC, Index, read_index
from ..line.seek_table import SEEK_TABLE_MAGIC, Tail, find_seek_table, was_finished
from ..stream.line_splitter import LineSplitter
from ..stream.plain import PlainDecoder
from ..stream.protocols import MAX_LINE
from ..stream.text_form import TextForm, looks_like_lines
from ..stream.whole_block import ReadFrame
from ..stream.zstd_blocks import BLOCK_SIZE, BlockDecoder
from ..stream.zstd_parser import MAGIC, FrameEnd, StreamDamage, Unpacked, ZstdWalker, looks_like_zstd

__all__ = ["BlockSalvage", "Hole", "PlainSalvage", "Salvage", "salvage"]

_READ_SIZE = 1 << 18
_SEARCH_SIZE = 1 << 20
_PROOF = 4 * BLOCK_SIZE  # a longer frame, as other tools write them, is good if so much of it is
_PATIENCE = MAX_LINE  # bytes decompressed in vain, plus `_PATIENCE_FACTOR` for each byte of the file
_PATIENCE_FACTOR = 8


class Hole(NamedTuple):
    """
    Bytes that could not be read.

    Attributes:
        start: Offset of the first.
        end: Offset of the byte after the last.
        reason: What is wrong there.
        lines: Lines that were in it; None if unknown.
        frames: Received frames among them; None if unknown.
        is_end: Whether the file was cut off there, so that it is unknown what would have followed.
        given: Lines of its first frame that were yielded before.

    """

    start: int
    end: int
    reason: str
    lines: int | None = None
    frames: int | None = None
    is_end: bool = False
    given: int = 0

    @property
    def is_line(self) -> bool:
        """Whether it consists of lines."""
        return self.lines is not None and self.lines == self.frames and not self.is_end

    @property
    def is_lossless(self) -> bool:
        """Whether it had no lines."""
        return self.lines == 0


class PlainSalvage:
    """
    Reads uncompressed JSONL; arguments and methods as for `BlockSalvage`.

    Lines that do not decode are yielded like others.
    """

    index: Index | None = None
    was_begun_by_feedrec = False

    def __init__(self, read_at: ReadAt, size: int, *, is_live: bool = False, max_line: int = MAX_LINE) -> None:
        self.offset = 0
        self._read_at = read_at
        self.size = size
        self._is_live = is_live
        self._max_line = max_line
        self.form = TextForm()
        self._decoder = PlainDecoder(max_line)

    def pieces(self) -> Iterator[list[bytes] | FrameEnd | Hole]:
        start = 0
        while True:
            splitter = LineSplitter(self._max_line, self.form, begins_file=not start)
            self._decoder = PlainDecoder(self._max_line, start=start, splitter=splitter)
            for offset, data in _data(self._read_at, start, self.size):
                self.offset = offset
                yield from self._decoder.feed(data)
                if self._decoder.damage is not None:
                    break
            if (damage := self._decoder.damage) is not None:
                start = self._line_behind(damage.offset + self._max_line)
                yield Hole(damage.offset, start, damage.reason, lines=1, frames=1)
                continue
            if not self._is_live and (lines := self._decoder.take_last_line()):
                yield lines
            if self._decoder.unfinished is not None and not self._is_live:
                yield Hole(
                    self._decoder.unfinished, self.size, "the last line is cut off", lines=1, frames=1, is_end=True
                )
            return

    def offset_of_line(self, before: Sequence[bytes]) -> int:
        return self._decoder.offset_of_line(before)

    def whole_frame(self, lines: Sequence[bytes]) -> ReadFrame | None:  # noqa: ARG002
        return None

    def unverified(self, hole: Hole) -> Iterator[list[bytes]]:  # noqa: ARG002
        return iter(())

    def _line_behind(self, offset: int) -> int:
        found = _find(self._read_at, self.size, b"\n", offset)
        return self.size if found is None else found + 1


class BlockSalvage:
    """
    Reads a zstd stream of lines.

    Args:
        read_at: Returns, for an offset in the file and a size, so many bytes; fewer at the end of the file.
        size: Bytes in the file.
        is_live: Whether it is being written, so that it may end anywhere.
        max_line: Maximum length of a line in bytes.

    Attributes:
        offset: Offset up to which it was read.
        size: Bytes in the file.
        index: The index of the file; None if it has none that can be trusted.
        was_begun_by_feedrec: Whether it must end with index and seek table.
        form: What was found beside the lines.

    """

    def __init__(self, read_at: ReadAt, size: int, *, is_live: bool = False, max_line: int = MAX_LINE) -> None:
        self.offset = 0
        self.index = read_index(read_at, size)
        self.was_begun_by_feedrec = False
        self._read_at = read_at
        self.size = size
        self._is_live = is_live
        self._max_line = max_line
        self.form = TextForm()
        self._starts, self._data_end = _frame_starts(self.index, read_at, size)
        self._decoder = BlockDecoder(max_line)
        self._last_skippable: int | None = None
        self._given = 0  # lines of the frame that is being read
        self._patience = _PATIENCE + _PATIENCE_FACTOR * size

    def pieces(self) -> Iterator[list[bytes] | FrameEnd | Hole]:
        """Yield lines, the end of each zstd frame after its lines, and holes, in the order of the file."""
        start: int | None = 0
        while start is not None:
            splitter = LineSplitter(self._max_line, self.form, begins_file=not start)
            must_end = False if start else None
            self._decoder = BlockDecoder(start=start, ends_with_seek_table=must_end, splitter=splitter)
            yield from self._read(start)
            hole = self._hole()
            if hole is not None:
                yield hole
            start = None if hole is None or hole.end >= self.size else hole.end
        self._decoder = BlockDecoder(self._max_line)  # without the window of the last one, which takes 8 MiB

    def offset_of_line(self, before: Sequence[bytes]) -> int:
        """Return the position of one of the lines yielded last; see `Decoder.offset_of_line`."""
        return self._decoder.offset_of_line(before)

    def whole_frame(self, lines: Sequence[bytes]) -> ReadFrame | None:
        """Return what reads the zstd frame whose content is just the lines yielded last; None if none is."""
        frame = self._decoder.whole_frame(lines)
        return None if frame is None else partial(self._read_at, frame.start, frame.end - frame.start)

    def unverified(self, hole: Hole) -> Iterator[list[bytes]]:
        """Yield the lines of a hole that can be decompressed; no checksum verifies them."""
        if hole.is_end:
            return
        starts = [start for start in self._starts if hole.start < start < hole.end]
        given = hole.given
        for start, end in itertools.pairwise([hole.start, *starts, hole.end]):
            for lines in _unpack(self._read_at, start, end, self._max_line):
                rest, given = lines[given:], max(0, given - len(lines))
                if rest:
                    yield rest
            given = 0

    def _read(self, start: int) -> Iterator[list[bytes] | FrameEnd]:
        decoder = self._decoder
        self._given = 0
        for offset, data in _data(self._read_at, start, self.size):
            self.offset = offset
            for piece in decoder.pieces(data):
                if isinstance(piece, FrameEnd):
                    self._given = 0
                    self._last_skippable = piece.skippable
                else:
                    self._given += len(piece)
                yield piece
            if decoder.damage is not None:
                return
        self.was_begun_by_feedrec = self.was_begun_by_feedrec or bool(decoder.ends_with_seek_table)
        self.offset = self.size
        if decoder.unfinished is not None and not self._is_live and self._goes_on():
            return
        if lines := decoder.take_unverified():
            self._given += len(lines)
            yield lines
        if not self._is_live and (lines := decoder.take_last_line()):
            self._given += len(lines)
            yield lines

    def _goes_on(self) -> bool:
        """Return whether a frame that seems cut off is damaged instead, since something complete follows it."""
        start = self._decoder.frame_start
        if not self._decoder.in_frame or start >= self._data_end:
            return False
        if was_finished(self._read_at, self.size) or self._next_good(start) < self.size:
            self._decoder.damage = StreamDamage(start, "a zstd frame extends beyond the end of the file")
            return True
        return False

    def _hole(self) -> Hole | None:
        decoder = self._decoder
        self.was_begun_by_feedrec = self.was_begun_by_feedrec or bool(decoder.ends_with_seek_table)
        if decoder.damage is not None:
            start = decoder.frame_start if decoder.in_frame else decoder.damage.offset
            return self._damaged(start, decoder.damage.reason)
        if self._is_live or decoder.unfinished is None:
            return None
        if decoder.is_torn:
            return Hole(
                decoder.offset,
                self.size,
                "the file is cut off within a line",
                lines=1,
                frames=1,
                is_end=True,
                given=self._given,
            )
        return Hole(decoder.offset, self.size, "the file is cut off between lines", lines=0, is_end=True)

    def _damaged(self, start: int, reason: str) -> Hole:
        end = self._next_good(start)
        if start >= self._data_end or (end == self.size and self._last_skippable in (INDEX_MAGIC, SEEK_TABLE_MAGIC)):
            return Hole(start, end, f"after the last block: {reason}", lines=0, frames=0)
        if self.index is None or self._given:
            return Hole(start, end, reason, given=self._given)
        lost = [block for block in self.index.blocks if start < block.end and block.offset < end]
        frames = sum(sum(channels.values()) for block in lost for channels in block.frames.values())
        return Hole(start, end, reason, sum(block.lines for block in lost), frames)

    def _next_good(self, damaged: int) -> int:
        """Return the offset of the next good frame after a damaged one; the size of the file if there is none."""
        for start in self._starts[bisect_right(self._starts, damaged) :]:
            if self._is_good(start):
                return start
        try:
            end = next(walk_frames(self._read_at, self.size, damaged)).end
            if end == self.size or self._is_good(end):
                return end
        except StreamDamage:
            pass
        candidate = _find(self._read_at, self.size, MAGIC, damaged + 1)
        while candidate is not None and self._patience > 0:
            if self._is_good(candidate):
                return candidate
            candidate = _find(self._read_at, self.size, MAGIC, candidate + 1)
        return self.size

    def _is_good(self, start: int) -> bool:
        """Return whether a complete frame begins there; index and seek table count."""
        head = self._read_at(start, 8)
        if len(head) == 8 and head[:4] != MAGIC:
            magic, size = (int.from_bytes(head[place : place + 4], "little") for place in (0, 4))
            return magic in (INDEX_MAGIC, SEEK_TABLE_MAGIC) and start + 8 + size <= self.size
        proof = _Proof(self._max_line)
        is_good = proof.holds(self._read_at, start, self.size)
        if not is_good:
            self._patience -= proof.size + len(head)
        return is_good


Salvage = BlockSalvage | PlainSalvage


def salvage(read_at: ReadAt, size: int, *, is_live: bool = False, max_line: int = MAX_LINE) -> Salvage:
    """Choose by the first bytes of the file, which may be damaged: only zstd has the magic number of zstd somewhere."""
    head = read_at(0, 4)
    is_text = looks_like_lines(head) or (not looks_like_zstd(head.ljust(4)) and _find(read_at, size, MAGIC, 0) is None)
    return (PlainSalvage if is_text else BlockSalvage)(read_at, size, is_live=is_live, max_line=max_line)


class _Proof:
    """Proves a frame: it decompresses, its checksum matches, its lines decode; `size` counts what was decompressed."""

    def __init__(self, max_line: int) -> None:
        self.size = 0
        self._good = 0
        self._bad = 0
        self._splitter = LineSplitter(max_line)

    def holds(self, read_at: ReadAt, start: int, size: int) -> bool:
        walker = ZstdWalker(start=start)
        try:
            for _, data in _data(read_at, start, size):
                for piece in walker.feed(data):
                    if isinstance(piece, FrameEnd):
                        return self._good > 0 and walker.has_checksum
                    self._take(piece.content, walker.frame_start)
                    if self._bad > 1:
                        return False
                    if self.size > _PROOF and self._good > 1:
                        return True
        except StreamDamage:
            return False
        return self._good > 0  # the last frame of a file that was cut off

    def _take(self, content: bytes, offset: int) -> None:
        self.size += len(content)
        for line in self._splitter.split(content, offset):
            try:
                decode_line(line)
                self._good += 1
            except LineError:  # the first line may have begun in the frame before
                self._bad += 1 if not self._good else 2


def _frame_starts(index: Index | None, read_at: ReadAt, size: int) -> tuple[list[int], int]:
    """Return where frames begin by the index or the seek table, and where the last block ends; the size if unknown."""
    if index is not None:
        starts = [block.offset for block in index.blocks]
        return [*starts, index.end], index.end
    try:
        table = find_seek_table(Tail(read_at, size))
    except ValueError:
        return [], size
    starts = list(itertools.accumulate((stored for stored, _ in table.entries), initial=0))
    if starts.pop() != size - len(table.frame):
        return [], size
    return starts, starts[-1]


def _unpack(read_at: ReadAt, start: int, end: int, max_line: int) -> Iterator[list[bytes]]:
    """Yield the lines of a damaged frame as far as it can be decompressed."""
    walker, splitter = ZstdWalker(start=start), LineSplitter(max_line)
    try:
        for offset, data in _data(read_at, start, end):
            has_no_magic = offset == start and not looks_like_zstd(data)
            for piece in walker.feed(MAGIC + data[4:] if has_no_magic else data):
                if isinstance(piece, Unpacked) and (lines := splitter.split(piece.content, start)):
                    yield lines
    except StreamDamage:
        return


def _data(read_at: ReadAt, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield a part of a file piece by piece, each with its offset."""
    for offset in range(start, end, _READ_SIZE):
        yield offset, read_at(offset, min(_READ_SIZE, end - offset))


def _find(read_at: ReadAt, size: int, pattern: bytes, start: int) -> int | None:
    """Return the first offset of a pattern, from an offset on."""
    overlap = len(pattern) - 1
    for offset in range(start, size, _SEARCH_SIZE):
        found = read_at(offset, _SEARCH_SIZE + overlap).find(pattern)
        if found >= 0:
            return offset + found
    return None
