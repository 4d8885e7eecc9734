"""
One recording in several files, by time or by size, each of them a complete recording.

By time, a new file begins when the wall time of a line is in another span than that of the file, later or earlier (by
more than lines out of order are), or when one span of steady time has passed since the file began. Each file begins
with a `clock` event; if its first line is none, one is derived from the latest reading in the files before.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import msgspec

from ...errors import FeedrecError, RecordingExistsError
from ...model import FrameInfo, Header, Record
from ..line.codec import decode_line
from ..line.index import Mark
from ..line.steady_clock import DISORDER, Reading, SteadyClock, reading_in, reading_of
from .lock import is_being_written
from .names import PLAIN_SUFFIX, numbered_path, recording_number, rotation_pattern
from .writer import RecordingWriter, mark_of

__all__ = ["RotateAfter", "RotatingWriter", "next_number"]

_MOST_WAITING = 16 << 20  # bytes of text between the reader and the disk
_MOST_UNFINISHED = 2  # files, the present one included
_STEP = 64  # lines written between waits for the disk
_LOOKS = 64  # at the size of a file while it grows to its limit
_KNOWN_AT = 4 << 20  # bytes of text after which the compression of a file is known
_GUESSES = ((PLAIN_SUFFIX, 1.0), ("", 0.12))  # bytes on disk per byte of text until then


class RotateAfter(NamedTuple):
    """When a new file begins: after a span of time in nanoseconds, aligned to 1970, or about so many bytes on disk."""

    nanoseconds: int | None = None
    size: int | None = None


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
    if any(is_being_written(other) for other in found):
        raise RecordingExistsError(path, "another feedrec is recording to it")
    return max(found.values(), default=0) + 1


class RotatingWriter:
    """
    Writes to one file after another; a thread finishes each while the next one is written.

    Any failure in that thread ends the writing, as a failure of the present file does.

    Args:
        path: The name; several files have names made from it, `x-0001` and so on.
        header: The first line; each of several files gets its number as `part`.
        create: Begins a file, which may get another name than the one passed: a journal.
        after: When a new file begins; None for a single file.
        on_finished: Called with the name of each complete file, as `create` chose it: in that thread; for the last file
            in `finish`.
        first: Number of the first of several files.

    Attributes:
        on_drained: Called when the backlog has become small, or will never shrink again.

    Raises:
        UsageError: If the name implies no format.
        RecordingError: If the first file exists already, or cannot be written.

    """

    def __init__(
        self,
        path: Path,
        header: Header,
        create: Callable[[Path, Header], RecordingWriter],
        after: RotateAfter | None = None,
        on_finished: Callable[[Path], object] = lambda _: None,
        *,
        first: int = 1,
    ) -> None:
        self.on_drained: Callable[[], object] = lambda: None
        self._path, self._header, self._create = path, header, create
        self._after = after
        self._on_finished = on_finished
        self._span_start = -math.inf  # less what a line may be out of order
        self._span_end = -math.inf if after and after.nanoseconds else math.inf
        self._clock = SteadyClock()
        self._steady_end: int | None = None  # of the span that began with the file
        self._next_look = math.inf  # at so many bytes of text the size of the file is looked at again
        self._ratio = next(guess for suffix, guess in _GUESSES if path.name.endswith(suffix))
        self._failure: FeedrecError | None = None
        self._finishing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="feedrec-finish")
        self._last: Future[None] | None = None  # file that is being finished
        self._lock = threading.Lock()
        self._unfinished: list[RecordingWriter] = []
        self._file_size = self._text_size = 0  # of the files that are finished
        self._first = self._number = first
        self._writer = self._begin(first)

    @property
    def path(self) -> Path:
        """The name; of several files a pattern that matches all."""
        if self._after is None:
            return self._path
        if self._number == self._first:
            return numbered_path(self._path, self._first)
        return rotation_pattern(self._path, self._first)

    @property
    def file_size(self) -> int:
        """Bytes written to the disk, in all files."""
        with self._lock:
            return self._file_size + sum(writer.file_size for writer in self._unfinished)

    @property
    def text_size(self) -> int:
        """Bytes of text handed over, headers and newlines included, in all files."""
        with self._lock:
            return self._text_size + sum(writer.text_size for writer in self._unfinished)

    @property
    def backlog(self) -> int:
        """Bytes of text handed over and not yet taken by the writer's thread, of the present file."""
        return self._writer.backlog

    @property
    def is_full(self) -> bool:
        """Whether the disk does not keep up: with the present file, or with finishing those before it."""
        return self._writer.is_full or len(self._unfinished) > _MOST_UNFINISHED

    @property
    def failure(self) -> FeedrecError | None:
        """Why nothing is written any more; None while all is well."""
        return self._failure or self._writer.failure

    def write(self, record: Record, info: FrameInfo | None = None) -> None:
        """Hand over a frame or an event; see `RecordingWriter.write`."""
        self._writer_at(record.time, record.conn, reading_of(record)).write(record, info)

    def write_line(self, line: bytes, mark: Mark | None = None) -> None:
        """Hand over one line; see `RecordingWriter.write_line`."""
        time, conn, info = mark = mark or mark_of(decode_line(line))
        self._writer_at(time, conn, reading_in(line) if info is None else None).write_line(line, mark)

    def write_lines(self, lines: Sequence[bytes], marks: Sequence[Mark]) -> None:
        """Write lines, waiting for the disk; else as `write_line`."""
        for start in range(0, len(lines), _STEP):
            self._writer.wait_for_room(_MOST_WAITING)
            if self._last is not None:
                self._last.result()  # how well that file was compressed tells the size of the next
            step = slice(start, start + _STEP)
            for line, mark in zip(lines[step], marks[step], strict=True):
                self.write_line(line, mark)

    def flush(self) -> None:
        """Have everything on its way to the disk at once; see `RecordingWriter.flush`."""
        self._writer.flush()

    def finish(self, patience: float | None = None) -> Path:
        """Finish the present file, and wait for those before it; see `RecordingWriter.finish`."""
        path = self._finish(self._writer, patience)
        self._finishing.shutdown(wait=True)
        self._on_finished(path)
        if self._failure is not None:
            raise self._failure
        return self.path

    def discard(self) -> None:
        """Remove what is not finished; complete files stay."""
        self._finishing.shutdown(wait=True)
        for writer in self._unfinished:
            writer.discard()

    def _writer_at(self, time: int, conn: int, reading: Reading | None) -> RecordingWriter:
        """Return the file for a line: the present one, or the next."""
        if self._failure is not None:
            raise self._failure
        if reading is not None:
            self._take_reading(time, reading)
        is_due = not self._span_start <= time < self._span_end or self._writer.text_size >= self._next_look
        if is_due and self._is_complete(time):
            complete, self._writer = self._writer, self._begin(self._number + 1)
            self._last = self._finishing.submit(self._finish_before, complete)
            if reading is None and self._clock.reading is not None:
                self._writer.write(self._clock.reading.at(time).event(time, conn))
        return self._writer

    def _take_reading(self, time: int, reading: Reading) -> None:
        """Follow the clock: where it was set, the span of the file ends at another wall time."""
        self._clock.take(time, reading)
        span = self._after.nanoseconds if self._after is not None else None
        if span is not None and self._steady_end is not None:
            self._span_end = min(self._span_start + DISORDER + span, self._steady_end - self._clock.shift)

    def _is_complete(self, time: int) -> bool:
        """Return whether the present file takes no line of that time."""
        span, size = self._after or RotateAfter()
        if span is not None:
            is_first = self._steady_end is None
            self._span_end = time - time % span + span
            self._span_start = self._span_end - span - DISORDER
            self._steady_end = time + self._clock.shift + span
            return not is_first
        size = size or 0
        self._next_look = self._writer.text_size + size // _LOOKS
        return self._expected_size() >= size

    def _expected_size(self) -> float:
        """Return how large the file will be with the lines handed over so far: the disk lags behind them."""
        writer = self._writer
        packed = writer.text_size - writer.backlog
        ratio = writer.file_size / packed if packed >= _KNOWN_AT else self._ratio
        return max(writer.file_size, ratio * writer.text_size)

    def _begin(self, number: int) -> RecordingWriter:
        path, header = self._path, self._header
        if self._after is not None:
            path = numbered_path(path, number)
            header = msgspec.structs.replace(header, extra={**header.extra, "part": number})
            self._next_look = 0 if self._after.size else math.inf
        writer = self._create(path, header)
        writer.on_drained = self._call_on_drained
        self._number = number
        with self._lock:
            self._unfinished.append(writer)
        return writer

    def _call_on_drained(self) -> None:
        self.on_drained()  # as it is set by then

    def _finish_before(self, writer: RecordingWriter) -> None:
        """Finish a file in the thread."""
        try:
            path = self._finish(writer)
        except FeedrecError as error:
            self._failure = error
        else:
            self._on_finished(path)
        self.on_drained()

    def _finish(self, writer: RecordingWriter, patience: float | None = None) -> Path:
        try:
            path = writer.finish(patience)
        except RecordingExistsError:  # the recording is complete, under the `.part` name that the error shows
            self._settle(writer)
            raise
        self._settle(writer)
        return path

    def _settle(self, writer: RecordingWriter) -> None:
        with self._lock:
            self._unfinished.remove(writer)
            self._file_size += writer.file_size
            self._text_size += writer.text_size
        self._ratio = writer.file_size / writer.text_size
