"""The lines of several recordings, by steady time, with what is known about each."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import NamedTuple, NoReturn

from ...errors import LineError
from ...model import FrameInfo, Record
from ..line.as_written import as_written
from ..line.codec import decode_line
from ..line.index import Mark
from ..line.index_marks import LineMarks
from ..several.clocks import Beginning, beginning_of, beginning_of_cut, starting_clocks
from ..several.inputs import ConnectionNumbers, Input
from ..several.merge import Batch, Merge, Source

__all__ = ["InputLines", "Piece"]


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


class InputLines:
    """
    The lines of all inputs with their marks, by steady time; those of other programs as a writer writes them.

    Attributes:
        written_anew: Lines that another program had written otherwise.
        describe: Describes a payload.
        numbers: The numbers of their connections.
        has_readings: Whether there is a reading near the beginning of any of them.

    """

    def __init__(
        self,
        inputs: Sequence[Input],
        describe: Callable[[bytes], FrameInfo] | None,
        on_read: Callable[[int, int], object],
    ) -> None:
        self.written_anew = 0
        self.describe = describe
        self.numbers = ConnectionNumbers(inputs)
        self._inputs = inputs
        self._on_read = on_read
        self._marks = [LineMarks(describe) for _ in inputs]
        self.has_readings = any(one.reading for one in inputs)
        self._clocks = starting_clocks(inputs)

    def beginnings(self, start: int | None, end: int | None) -> list[Beginning]:
        """Return how what lies between two wall times begins in each input."""
        files = zip(self._inputs, self._clocks, strict=True)
        if start is None:
            return [beginning_of(file, clock) for file, clock in files]
        return [beginning_of_cut(file, clock, start, end) for file, clock in files]

    def pieces(self, start: int | None, end: int | None, beginnings: Sequence[Beginning]) -> Iterator[Piece]:
        """
        Yield what lies between two wall times.

        Raises:
            DamagedRecordingError: At damage, after everything before it in that recording.

        """

        def blocks(number: int) -> Generator[list[bytes], None, None]:
            with self._inputs[number].open() as recording:
                for lines in recording.batches(start, end):
                    yield lines
                    self._on_read(number, recording.bytes_read)

        sources = [
            Source(number, first, partial(blocks, number), clock=clock)
            for number, (clock, first) in enumerate(beginnings)
        ]
        for batch in Merge(sources):
            for file, lines in _by_file(batch):
                anew: dict[bytes, bytes] = {}
                try:
                    marks = self._marks[file].of(lines, partial(_note_anew, anew))
                except LineError:
                    self._raise_bad_line(file, lines)
                if anew:
                    self.written_anew += sum(line in anew for line in lines)
                    lines = [anew.get(line, line) for line in lines]  # noqa: PLW2901
                yield Piece(file, lines, marks)

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
