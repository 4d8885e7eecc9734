"""
Several recordings as one: their lines merged by steady time, block by block.

1. Lines are ordered by (steady time, file, line). Steady time never decreases within a file, so no line overtakes
   another line of its file; and where all recorders saw their clocks set, no line moves against those of another file.
2. A file is opened when the merge reaches its first line, so files that follow each other in time need the memory of
   one. Files that overlap need about a block each.
3. Everything that needs no further reading is yielded before a file is read further, since reading a growing file
   means waiting. While two files grow, neither can be ahead of the other.
4. The last file left is not merged with anything: its blocks are yielded as they come.

The order depends only on the lines, not on how they are cut into blocks. So a position, the number of lines before a
line, means the same in every reading of the same files.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, Self

from ..line.fast_path import time_texts
from ..line.steady_clock import SteadyClock

__all__ = ["Batch", "Blocks", "Merge", "Source"]

_NO_CLOCKS: Mapping[int, SteadyClock] = {}
_PIECE_LINES = 512
_BATCH_LINES = 4096


class Blocks(Protocol):
    """The lines of a recording in blocks, none of them empty. Its file is closed at the end, or by `close`."""

    def __next__(self) -> list[bytes]: ...

    def close(self) -> object: ...


class Source(NamedTuple):
    """
    A recording to merge.

    Attributes:
        file: Its number.
        first: Its first steady time, as text, or any earlier time; unused if there is only one source.
        open: Opens it; yields its lines after the header in blocks, none of them empty.
        open_at: Opens it for reading from a wall time on, given as text; returns the number of lines skipped, all of
            them before that time, its clock as of the line after them, and the rest in blocks. None if it can only be
            read from its beginning.
        clock: Its steady clock as of its first line; None for one that knows nothing.
        is_stepped: Whether its wall clock may have been set.

    """

    file: int
    first: bytes
    open: Callable[[], Blocks]
    open_at: Callable[[bytes], tuple[int, SteadyClock, Blocks]] | None = None
    clock: SteadyClock | None = None
    is_stepped: bool = False


class Batch(NamedTuple):
    """
    Lines in merged order.

    Attributes:
        start: Number of lines before the first of these.
        lines: The lines.
        files: The number of the file of each line.
        lap: How many times the recordings were read before.
        clocks: The steady clocks of the files that begin in here, by number, as of their first line.

    """

    start: int
    lines: list[bytes]
    files: list[int]
    lap: int = 0
    clocks: Mapping[int, SteadyClock] = _NO_CLOCKS

    def after(self, count: int, clocks: dict[int, SteadyClock]) -> Batch:
        """
        Return what is left without the first lines.

        Args:
            count: How many lines to leave out.
            clocks: The clocks of the files whose first lines were left out before; it is brought up to date.

        """
        clocks.update(self.clocks)
        files = self.files[:count]
        for file in set(files) & clocks.keys():
            clocks[file].take_lines([line for line, its in zip(self.lines, files, strict=False) if its == file])
        kept = {file: clock.copy() for file, clock in clocks.items()}
        return self._replace(start=self.start + count, lines=self.lines[count:], files=self.files[count:], clocks=kept)


class _Input:
    """
    An opened source: a piece of its lines, each with its steady time, and the rest of the block.

    Attributes:
        passed: Lines that were skipped unread.
        begin: Its clock as of the first line that is not skipped.

    """

    def __init__(self, source: Source, pause: Callable[[], object], start: bytes | None = None) -> None:
        self.file = source.file
        self.passed = 0
        self.lines: list[bytes] = []
        self.times: list[bytes] = []
        self._pause = pause
        if start is None or source.open_at is None:
            self._clock = SteadyClock() if source.clock is None else source.clock.copy()
            self._blocks = source.open()
        else:
            self.passed, self._clock, self._blocks = source.open_at(start)
        self.begin = self._clock.copy()
        self._block: list[bytes] = []
        self._position = 0

    @property
    def must_read(self) -> bool:
        """Whether it must read its file to get lines."""
        return not self.lines and self._position >= len(self._block)

    def fill(self) -> bool:
        """Make sure that it has lines; return whether it has, which is false at its end."""
        if self.lines:
            return True
        if self._position >= len(self._block):
            self._block, self._position = next(self._blocks, []), 0
        self.lines = self._block[self._position : self._position + _PIECE_LINES]
        self._position += len(self.lines)
        if not self.lines:
            return False
        self.times = self._clock.take_lines(self.lines)
        self._pause()
        return True

    def take(self, count: int) -> tuple[list[bytes], list[bytes]]:
        """Take the next lines of the piece; return them and their times."""
        taken = self.lines[:count], self.times[:count]
        self.lines, self.times = self.lines[count:], self.times[count:]
        return taken

    def skip_to(self, start: bytes, *, by_wall: bool) -> int:
        """Skip all lines before the first one at or after a time; return how many."""
        skipped = self.passed
        while self.fill():
            times = time_texts(self.lines) if by_wall else self.times
            count = next((number for number, time in enumerate(times) if time >= start), len(times))
            self.begin.take_lines(self.take(count)[0])
            skipped += count
            if self.lines:
                break
        return skipped

    def take_block(self) -> list[bytes]:
        """Take the rest of the block, or the next block; it is empty at the end."""
        rest = self.lines + self._block[self._position :]
        if not rest:
            return next(self._blocks, [])
        self.lines, self._block, self._position = [], [], 0
        return rest

    def close(self) -> None:
        self._blocks.close()


class Merge:
    """
    The lines of all sources in order, from the first line at or after `start`.

    Iterate over it, and close it: its files stay open until its end, an error, or `close`.

    Args:
        sources: The recordings, in order of their numbers.
        start: A time as text; None for the beginning.
        by_wall: Whether `start` is a wall time, not a steady one.
        pause: Called after each piece of work that occupies the interpreter, a fraction of a millisecond.

    """

    def __init__(
        self,
        sources: Sequence[Source],
        start: bytes | None = None,
        *,
        by_wall: bool = True,
        pause: Callable[[], object] = lambda: None,
    ) -> None:
        self._pause = pause
        self._start = start
        self._by_wall = by_wall
        self._is_stepped = any(source.is_stepped for source in sources)
        self._skips_merged = by_wall and self._is_stepped and len(sources) > 1
        self._waiting = deque(sorted(sources, key=lambda source: (source.first, source.file)))
        self._inputs: list[_Input] = []
        self._begun: dict[int, _Input] = {}  # whose first line was not given yet
        self._position = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Batch:
        try:
            if self._start is not None:
                start, self._start = self._start, None
                batch = self._skip_merged(start) if self._skips_merged else self._skip_to(start)
            else:
                batch = self._next_batch()
        except BaseException:
            self.close()
            raise
        if batch is None:
            raise StopIteration
        return batch

    def close(self) -> None:
        """Close all files, which ends the iteration."""
        self._waiting.clear()
        while self._inputs:
            self._inputs.pop().close()

    def _skip_to(self, start: bytes) -> Batch | None:
        """Skip all lines before a time, file by file; return the next lines."""
        seek = start if self._by_wall or not self._is_stepped else None
        while self._waiting and (self._waiting[0].first < start or self._skips_alone):
            opened = self._open_next(seek)
            self._position += opened.skip_to(start, by_wall=self._by_wall)
            if not opened.lines:
                self._end(opened)
        return self._next_batch()

    @property
    def _skips_alone(self) -> bool:
        """Whether there is one file, whose wall times need not be in order."""
        return self._by_wall and self._is_stepped

    def _skip_merged(self, start: bytes) -> Batch | None:
        """Skip all lines before one with a wall time, in merged order; return the next lines."""
        clocks: dict[int, SteadyClock] = {}
        while (batch := self._next_batch()) is not None:
            times = time_texts(batch.lines)
            count = next((number for number, time in enumerate(times) if time >= start), len(times))
            batch = batch.after(count, clocks)
            if batch.lines:
                break
        return batch

    def _next_batch(self) -> Batch | None:
        """Return the next lines; None at the end."""
        while self._waiting or self._inputs:
            if not self._inputs:
                self._open_next()
            if len(self._inputs) == 1 and not self._waiting:
                last = self._inputs[0]
                lines = last.take_block()
                files = [last.file] * len(lines)
                if not lines:
                    self._end(last)
            else:
                lines, files = self._merge_until_reading()
            if lines:
                return self._batch(lines, files)
        return None

    def _batch(self, lines: list[bytes], files: list[int]) -> Batch:
        start = self._position
        self._position += len(lines)
        if not self._begun:
            return Batch(start, lines, files)
        clocks = {file: self._begun.pop(file).begin for file in self._begun.keys() & set(files)}
        return Batch(start, lines, files, clocks=clocks)

    def _open_next(self, start: bytes | None = None) -> _Input:
        opened = _Input(self._waiting.popleft(), self._pause, start)
        self._inputs.append(opened)
        self._begun[opened.file] = opened
        self._inputs.sort(key=lambda source: source.file)
        return opened

    def _end(self, ended: _Input) -> None:
        ended.close()
        self._inputs.remove(ended)

    def _merge_until_reading(self) -> tuple[list[bytes], list[int]]:
        """Merge the lines that the inputs have, until one must read further; if one must right away, read."""
        lines: list[bytes] = []
        files: list[int] = []
        while len(lines) < _BATCH_LINES:
            if lines and any(source.must_read for source in self._inputs):
                break
            for source in list(self._inputs):
                if not source.fill():
                    self._end(source)
            if not self._inputs:
                break
            limit, last = min((source.times[-1], source.file) for source in self._inputs)
            if self._waiting and (self._waiting[0].first, self._waiting[0].file) < (limit, last):
                if lines:
                    break
                self._open_next()
                continue
            more_lines, more_files = self._take_up_to(limit, last)
            lines += more_lines
            files += more_files
        return lines, files

    def _take_up_to(self, limit: bytes, last: int) -> tuple[list[bytes], list[int]]:
        """Take all lines up to a time, from the files after `last` only those before it; return them in order."""
        lines: list[bytes] = []
        times: list[bytes] = []
        files: list[int] = []
        for source in self._inputs:
            count = (bisect_right if source.file <= last else bisect_left)(source.times, limit)
            some_lines, some_times = source.take(count)
            lines += some_lines
            times += some_times
            files += [source.file] * count
        if files[0] == files[-1]:
            return lines, files
        order = sorted(range(len(times)), key=times.__getitem__)  # stable: files stand in order, lines within them
        return [lines[number] for number in order], [files[number] for number in order]
