"""
The lines of several recordings, by steady time, with what is known about each.

Where a file goes on from another one, the state that it begins with (`--snapshot-on-rotate`) is left out: what is read
is what would be in a single file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import NamedTuple, NoReturn

from ...errors import LineError
from ...model import DescribeAll, Frame, FrameInfo, Record, describe_nothing
from ..line.as_written import as_written
from ..line.codec import decode_line
from ..line.columns import stretches
from ..line.frame_run import FrameRun
from ..line.index import Mark
from ..line.index_marks import LineMarks
from ..line.selection import Selection
from ..several.clocks import Beginning, beginning_of, beginning_of_cut, starting_clocks
from ..several.continued import continued_files
from ..several.inputs import ConnectionNumbers, Input
from ..several.merge import Batch, Merge, Source

__all__ = ["InputLines", "Piece", "Run"]

_LONGEST_IN_RUN = 1 << 20  # bytes: a run has its lines twice


Choose = Callable[[int, list[bytes]], list[bytes]]
"""Returns some of the lines of an input."""


class Piece(NamedTuple):
    """
    Consecutive lines of one input, with their marks.

    Attributes:
        file: Number of the input.
        lines: The lines.
        marks: Their marks.
        left_out: What is not chosen: the number of lines before it, and its mark.

    """

    file: int
    lines: list[bytes]
    marks: list[Mark]
    left_out: Sequence[tuple[int, Mark]] = ()

    def without_first(self) -> Piece:
        """Return what follows the first line."""
        left_out = [(max(0, place - 1), mark) for place, mark in self.left_out]
        return Piece(self.file, self.lines[1:], self.marks[1:], left_out)


class Run(NamedTuple):
    """
    Received frames of one input that follow each other, in place of a piece.

    Attributes:
        file: Number of the input.
        frames: The frames.

    """

    file: int
    frames: FrameRun

    @property
    def piece(self) -> Piece:
        """The same line by line."""
        lines, marks = zip(*self.frames.lines(), strict=True)
        return Piece(self.file, list(lines), list(marks))


class InputLines:
    """
    The lines of all inputs with their marks, by steady time; those of other programs as a writer writes them.

    Attributes:
        written_anew: Lines that another program had written otherwise.
        describe: Describes a payload.
        numbers: The numbers of their connections.
        has_readings: Whether there is a reading near the beginning of any of them.
        clocks: The steady clock of each as of its first line.

    """

    def __init__(
        self,
        inputs: Sequence[Input],
        describe: Callable[[bytes], FrameInfo] | None,
        on_read: Callable[[int, int], object],
        describe_all: DescribeAll | None = None,
    ) -> None:
        self.written_anew = 0
        self.describe = describe
        self._describe_all = describe_all
        self.numbers = ConnectionNumbers(inputs)
        self._inputs = inputs
        self._on_read = on_read
        self._marks = [LineMarks(describe) for _ in inputs]
        self.has_readings = any(one.reading for one in inputs)
        self.clocks = starting_clocks(inputs)
        self._continued = continued_files([one.header for one in inputs])

    def beginnings(self, start: int | None, end: int | None) -> list[Beginning]:
        """Return how what lies between two wall times begins in each input."""
        files = zip(self._inputs, self.clocks, strict=True)
        if start is None:
            return [beginning_of(file, clock) for file, clock in files]
        return [beginning_of_cut(file, clock, start, end) for file, clock in files]

    def pieces(self, start: int | None, end: int | None, beginnings: Sequence[Beginning]) -> Iterator[Piece]:
        """
        Yield what lies between two wall times.

        Raises:
            DamagedRecordingError: At damage, after everything before it in that recording.

        """
        for file, lines in self.lines(start, end, beginnings):
            yield self.piece(file, lines, lines)

    def runs(self, selection: Selection, beginnings: Sequence[Beginning]) -> Iterator[Piece | Run]:
        """
        Yield the same as `pieces` does, most of it as runs: faster, for those who change no line.

        In runs there are only frames that are chosen; in pieces others may be left.
        """
        for file, lines in self.lines(selection.start, selection.end, beginnings):
            if max(map(len, lines)) > _LONGEST_IN_RUN:
                yield self.piece(file, lines, lines)
                continue
            waiting: list[bytes] = []
            for first, last, received in stretches(
                lines, self.describe or describe_nothing, describe_all=self._describe_all
            ):
                if received is None:
                    waiting += lines[first:last]
                    continue
                if waiting:
                    yield self.piece(file, waiting, lines)
                    waiting = []
                if selection.is_filter:
                    received = received.chosen(selection.takes_each(received.conns, received.infos))  # noqa: PLW2901
                if received is not None:
                    frames = received.run
                    yield Piece(file, list(received.lines), received.marks) if frames is None else Run(file, frames)
            if waiting:
                yield self.piece(file, waiting, lines)

    def piece(self, file: int, lines: list[bytes], batch: Sequence[bytes]) -> Piece:
        """Return lines of a batch with their marks; those of other programs as a writer writes them."""
        anew: dict[bytes, bytes] = {}
        try:
            marks = self._marks[file].of(lines, partial(_note_anew, anew))
        except LineError:
            self._raise_bad_line(file, batch)
        if anew:
            self.written_anew += sum(line in anew for line in lines)
            lines = [anew.get(line, line) for line in lines]
        return Piece(file, lines, marks)

    def lines(
        self,
        start: int | None,
        end: int | None,
        beginnings: Sequence[Beginning],
        choose: Choose = lambda _, lines: lines,
        files: Collection[int] | None = None,
    ) -> Iterator[tuple[int, list[bytes]]]:
        """
        Yield the lines between two wall times, some of one input at a time, with its number.

        Args:
            start: The first time, inclusive.
            end: The last time, exclusive.
            beginnings: How what lies between begins in each input.
            choose: Returns those of some lines of an input that are to be merged.
            files: The inputs to read; None for all.

        """
        at_state = set(self._continued)  # of which nothing but the state may have been read yet

        def blocks(number: int) -> Generator[list[bytes], None, None]:
            with self._inputs[number].open() as recording:
                for lines in recording.batches(start, end):
                    if chosen := choose(number, _without_state(lines, number, at_state)):
                        yield chosen
                    self._on_read(number, recording.bytes_read)

        sources = [
            Source(number, first, partial(blocks, number), clock=clock)
            for number, (clock, first) in enumerate(beginnings)
            if files is None or number in files
        ]
        for batch in Merge(sources):
            yield from _by_file(batch)

    def _raise_bad_line(self, file: int, lines: Sequence[bytes]) -> NoReturn:
        """Report the position of the first invalid line."""
        for line in lines:
            try:
                decode_line(line)
            except LineError as error:
                with self._inputs[file].open() as recording:
                    recording.raise_bad_line(line, error)
        raise AssertionError


def _note_anew(anew: dict[bytes, bytes], line: bytes, record: Record) -> None:
    """Note how a writer writes a line, if another program wrote it otherwise."""
    if (new := as_written(line, record)) != line:
        anew[line] = new


def _without_state(lines: list[bytes], file: int, at_state: set[int]) -> list[bytes]:
    """Return lines of a file without the synthetic frames before the first one that the venue sent."""
    if file not in at_state:
        return lines
    kept: list[bytes] = []
    for number, line in enumerate(lines):
        try:
            record = decode_line(line)
        except LineError:  # reported where it is read
            return kept + lines[number:]
        if isinstance(record, Frame) and record.direction == "in":
            if not record.synthetic:
                at_state.discard(file)
                return kept + lines[number:]
            continue
        kept.append(line)
    return kept


def _by_file(batch: Batch) -> Iterator[tuple[int, list[bytes]]]:
    lines, files = batch.lines, batch.files
    if files.count(files[0]) == len(files):
        yield files[0], lines
        return
    start = 0
    for file, group in groupby(files):
        count = len(list(group))
        yield file, lines[start : start + count]
        start += count
