"""
One recording in several files, by time or by size, each of them a complete recording, named by a `FileNaming`.

By time, a new file begins when the wall time of a line is in another span than that of the file, later or earlier (by
more than lines out of order are), or when one span of steady time has passed since the file began. Each file begins
with a `clock` event; if its first line is none, one is derived from the latest reading in the files before.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from ...errors import RecordingExistsError
from ...model import Header
from ..line.frame_run import FrameRun
from ..line.index import Mark
from ..line.steady_clock import DISORDER, Reading, SteadyClock, reading_in
from ..stream.whole_block import WholeBlock
from .growing.disk_rules import DiskRules
from .growing.file_sequence import FileSequence
from .growing.growing_file import GrowingFile
from .growing.recovering_sequence import RecoveringSequence
from .lock import is_being_written
from .names import PLAIN_SUFFIX, part_path, recording_number, repaired_path, work_path
from .naming.file_naming import FileNaming, NumberedNames, SingleName
from .naming.folders import Folders
from .writer import RecordingWriter

__all__ = ["MOST_WAITING", "RotateAfter", "RotatingWriter", "next_number"]

MOST_WAITING = 16 << 20
"""Bytes of text between who reads faster and the disk."""

_STEP = 64  # lines written between waits for the disk
_GUESSES = ((PLAIN_SUFFIX, 1.0), ("", 0.12))  # bytes on disk per byte of text, until it is known better


class RotateAfter(NamedTuple):
    """
    When a new file begins.

    Attributes:
        nanoseconds: After a span of time, aligned to 1970.
        size: After about so many bytes on disk.
        one_clock: Whether the lines were put on one clock, of which spans are then: their wall times may go back and
            forth from line to line.

    """

    nanoseconds: int | None = None
    size: int | None = None
    one_clock: bool = False


def next_number(path: Path) -> int:
    """
    Return the number of the first file of a run: one above those of earlier runs under this name, finished or not.

    Args:
        path: The name from which the names of the files are made.

    Raises:
        RecordingExistsError: If another recorder is writing such files.

    """
    try:
        numbers = {other: recording_number(path, other.name) for other in path.parent.iterdir()}
    except OSError:  # creating the file reports it
        return 1
    found = {other: number for other, number in numbers.items() if number is not None}
    if any(is_being_written(other) and not _is_being_repaired(other) for other in found):
        raise RecordingExistsError(path, "another feedrec is recording to it")
    return max(found.values(), default=0) + 1


def _is_being_repaired(path: Path) -> bool:
    """Return whether who has the lock of a file is finishing it, for a recorder that was killed: it takes no number."""
    outputs = (repaired_path(path), repaired_path(path, in_place=True))
    return any(is_being_written(part_path(work_path(output))) for output in outputs)


def _naming_of(path: Path, after: RotateAfter | None, first: int) -> FileNaming:
    return SingleName(path) if after is None else NumberedNames(path, first)


class RotatingWriter(RecordingWriter):
    """
    Writes to one file after another, each of which is finished while the next one is written.

    Any failure to finish one ends the writing, as a failure of the present file does, unless there are `rules`.

    Args:
        names: How the files are named; for a single name, several files have names made from it, `x-0001` and so on.
        header: The first line; each of several files gets its number as `part`.
        create: Begins a file, which may get another name than the one passed: a journal.
        after: When a new file begins; None for a single file.
        on_finished: Called with the name of each complete file, as `create` chose it, in another thread.
        first: Number of the first of several files.
        fsync_interval: Seconds between forced writes to the storage device; None leaves that to the operating system.
        rules: How to deal with a disk that refuses; None if every error is final, for what can be done again.

    Raises:
        UsageError: If the name implies no format.
        RecordingError: If the first file exists already, or cannot be written.

    """

    def __init__(
        self,
        names: Path | FileNaming,
        header: Header,
        create: Callable[[Path, Header], GrowingFile],
        after: RotateAfter | None = None,
        on_finished: Callable[[Path], object] = lambda _: None,
        *,
        first: int = 1,
        fsync_interval: float | None = None,
        rules: DiskRules | None = None,
    ) -> None:
        naming = names if isinstance(names, FileNaming) else _naming_of(names, after, first)
        self._folders = Folders(naming, is_live=rules is not None)
        self._header, self._create = header, create
        self._after = after
        self._first = naming.first
        self._first_name: Path | None = None
        self._begun: set[str] = set()
        self._span = None if after is None else after.nanoseconds
        self._span_start = -math.inf  # less what a line may be out of order
        self._span_end = math.inf if self._span is None else -math.inf
        self._one_clock = after is not None and after.one_clock
        self._clock = SteadyClock()
        self._steady_end: int | None = None  # of the span that began with the file
        if naming.tells_time and self._span is not None:
            self._is_complete(header.created)  # of which the first file has its name
        make = FileSequence if rules is None else functools.partial(RecoveringSequence, rules=rules)
        files = make(
            self._begin,
            first=naming.first,
            limit=None if after is None else after.size,
            ratio=next(guess for suffix, guess in _GUESSES if naming.pattern.name.endswith(suffix)),
            fsync_interval=fsync_interval,
            on_finished=on_finished,
        )
        super().__init__(files)
        self._turns = self._span is not None

    @property
    def path(self) -> Path:
        """The name; of several files a pattern that matches all, except those after a disk error."""
        naming = self._folders.naming
        if self._first_name is not None and (self._after is None or self._files.number == self._first):
            return naming.folder / self._first_name
        return naming.pattern

    def write_lines(self, lines: Sequence[bytes], marks: Sequence[Mark]) -> int:
        """Write lines, waiting for the disk; else as `write_line`. Return how many were taken: all of them."""
        for start in range(0, len(lines), _STEP):
            self.wait_for_room(MOST_WAITING)
            step = slice(start, start + _STEP)
            for line, mark in zip(lines[step], marks[step], strict=True):
                self.write_line(line, mark)
        return len(lines)

    def take_run(self, run: FrameRun) -> None:
        """Write frames that follow each other, waiting for the disk; else as `write_run`."""
        self.wait_for_room(MOST_WAITING)
        self.write_run(run)

    def finish(self, patience: float | None = None) -> Path:
        """Finish the present file, and wait for those before it; see `RecordingWriter.finish`."""
        super().finish(patience)
        return self.path

    def discard(self) -> None:
        """Remove the present file, and the folders that were made for it; see `RecordingWriter.discard`."""
        super().discard()
        self._folders.take_back()

    def _begins_new_file(self, line: bytes, mark: Mark) -> bool:
        time, _, info, *_ = mark
        if info is None and (reading := reading_in(line)) is not None:
            self._take_reading(time, reading)
        if self._one_clock and self._clock.reading is not None:
            time -= self._clock.reading.offset
        return not self._span_start <= time < self._span_end and self._is_complete(time)

    def _is_within_file(self, run: FrameRun | WholeBlock) -> bool:
        if isinstance(run, WholeBlock):
            return False
        return not self._one_clock and self._span_start <= run.times[0] and run.times[-1] < self._span_end

    def _take_reading(self, time: int, reading: Reading) -> None:
        """Follow the clock: where it was set, the span of the file ends at another wall time."""
        self._clock.take(time, reading)
        if self._span is not None and self._steady_end is not None and not self._one_clock:
            self._span_end = min(self._span_start + DISORDER + self._span, self._steady_end - self._clock.shift)

    def _is_complete(self, time: int) -> bool:
        """Return whether the present file takes no line of that time."""
        span = self._span or 1
        is_first = self._steady_end is None
        self._span_end = time - time % span + span
        self._span_start = self._span_end - span - DISORDER
        self._steady_end = time + self._clock.shift + span
        return not is_first

    def _begin(self, number: int, time: int | None) -> GrowingFile:
        if number > self._first:
            self._folders.follow(self._files.path)
        header = self._header
        if self._after is not None or number > 1:
            header = msgspec.structs.replace(header, extra={**header.extra, "part": number})
        names = self._folders.naming.names(number, header.created if time is None else time)
        for path in names:
            if str(path) in self._begun:  # it may be without a name for the moment
                continue
            self._folders.make(path, is_first=number == self._first)
            try:
                file = self._create(path, header)
            except RecordingExistsError as error:
                taken = error
                continue
            self._begun.add(str(path))
            self._first_name = self._first_name or path.relative_to(self._folders.naming.folder)
            return file
        raise taken
