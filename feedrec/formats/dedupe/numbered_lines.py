"""The lines of recordings, each with its number and its steady time; most of them many together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from ...model import Record
from ..facts.sequence_check import Rules
from ..line.codec import decode_line
from ..line.columns import ReceivedColumns, stretches
from ..line.index import Mark
from ..line.steady_clock import SteadyClock, reading_of
from ..tools.input_lines import InputLines

__all__ = ["Choose", "NumberedLines", "Received", "Single"]

_FILE_BITS = 40
_LONGEST_TOGETHER = 1 << 20  # bytes of a line

Choose = Callable[[int, list[bytes]], Sequence[int] | None]
"""Returns which lines of an input are wanted, by their place in a list of them; None for all."""


class Received(NamedTuple):
    """
    Received frames of one connection of an input that follow each other.

    Attributes:
        file: The input.
        numbers: The numbers of their lines, growing over all files of a recording.
        times: Their steady times.
        shift: From their wall time to that.
        columns: What they are.

    """

    file: int
    numbers: Sequence[int]
    times: list[int]
    shift: int
    columns: ReceivedColumns


class Single(NamedTuple):
    """Any other line, or a large one; as `Received`."""

    file: int
    number: int
    time: int
    shift: int
    line: bytes
    mark: Mark
    record: Record


class NumberedLines:
    """
    Reads recordings, several times if need be: each line has the same number every time.

    Args:
        reading: What reads and merges their lines.
        rules: What is known about the feed.

    """

    def __init__(self, reading: InputLines, rules: Rules) -> None:
        self._reading = reading
        self._rules = rules
        self._beginnings = reading.beginnings(None, None)
        self._pending: dict[int, deque[Sequence[int]]] = {}
        self._seen: dict[int, int] = {}
        self._choose: Choose = lambda _file, _lines: None
        self._clocks: list[SteadyClock] = []

    def read(
        self, files: Collection[int] | None = None, choose: Choose = lambda _file, _lines: None
    ) -> Iterator[Received | Single]:
        """
        Yield the lines, merged.

        Args:
            files: The inputs to read; None for all.
            choose: Which lines to read.

        """
        self._pending, self._seen, self._choose = {}, {}, choose
        self._clocks = [clock.copy() for clock, _ in self._beginnings]
        for file, lines in self._reading.lines(None, None, self._beginnings, self._chosen, files):
            yield from self._parts(file, lines)

    def _chosen(self, file: int, lines: list[bytes]) -> list[bytes]:
        start = self._seen.get(file, file << _FILE_BITS)
        self._seen[file] = start + len(lines)
        pending = self._pending.setdefault(file, deque())
        places = self._choose(file, lines)
        if places is None:
            pending.append(range(start, start + len(lines)))
            return lines
        if places:
            pending.append([start + place for place in places])
        return [lines[place] for place in places]

    def _numbers(self, file: int, count: int) -> Sequence[int]:
        """Take the numbers of the next lines of an input."""
        pending = self._pending[file]
        first = pending.popleft()
        if len(first) > count:
            pending.appendleft(first[count:])
            return first[:count]
        if len(first) == count:
            return first
        return [*first, *self._numbers(file, count - len(first))]

    def _parts(self, file: int, lines: list[bytes]) -> Iterator[Received | Single]:
        clock = self._clocks[file]
        if max(map(len, lines)) > _LONGEST_TOGETHER:
            yield from self._singles(file, lines, lines)
            return
        for begin, end, columns in stretches(lines, self._rules.describe, describe_all=self._rules.describe_all):
            if columns is None:
                yield from self._singles(file, lines[begin:end], lines)
                continue
            numbers = self._numbers(file, end - begin)
            times = list(clock.take_run(list(columns.times)))
            place = 0
            for conn, group in groupby(columns.conns):
                count = len(list(group))
                if count == len(times):
                    yield Received(file, numbers, times, clock.shift, columns)
                    break
                part = slice(place, place + count)
                place += count
                lines_of, payloads = columns.lines[part], columns.payloads[part]
                some = ReceivedColumns(lines_of, columns.times[part], [conn] * count, payloads, columns.infos[part])
                yield Received(file, numbers[part], times[part], clock.shift, some)

    def _singles(self, file: int, lines: list[bytes], batch: Sequence[bytes]) -> Iterator[Single]:
        piece = self._reading.piece(file, lines, batch)
        clock = self._clocks[file]
        for number, line, mark in zip(self._numbers(file, len(lines)), piece.lines, piece.marks, strict=True):
            record = decode_line(line)
            time = clock.take(record.time, reading_of(record))
            yield Single(file, number, time, clock.shift, line, mark, record)
