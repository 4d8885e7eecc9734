"""A recording that goes on from file to file, each a whole recording, while frames arrive without a pause."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import msgspec

from ...errors import FeedrecError, RecordingExistsError
from ...formats import RecordingWriter
from ...formats.file.lock import is_being_written
from ...formats.file.names import numbered_path, recording_number, rotation_pattern
from ...formats.file.rotation import Portions
from ...formats.file.writer import mark_of
from ...formats.line.codec import decode_line
from ...formats.line.index import Mark
from ...model import FrameInfo, Header, Record

__all__ = ["GrowingRecording", "RotatingWriter", "next_number"]

Create = Callable[[Path, Header], RecordingWriter]


def next_number(path: Path) -> int:
    """
    Give the number of the first file of a run, behind those that earlier runs left under this name, finished or not.

    Args:
        path: The name that the names of the files are made of.

    Raises:
        RecordingExistsError: If another recorder is writing such files.

    """
    try:
        found = {
            other: number
            for other in path.parent.iterdir()
            if (number := recording_number(path, other.name)) is not None
        }
    except OSError:  # who begins the file will say
        return 1
    if any(is_being_written(other) for other in found):
        raise RecordingExistsError(path, "another feedrec is recording to it")
    return max(found.values(), default=0) + 1


class GrowingRecording(Protocol):
    """What a run writes to: a `RecordingWriter`, which describes all this, or something that looks like one."""

    on_drained: Callable[[], object]

    @property
    def path(self) -> Path:
        """Where it is, or will be when finished."""

    @property
    def file_size(self) -> int:
        """Bytes written to the disk."""

    @property
    def backlog(self) -> int:
        """Bytes of text handed over that are not on their way to the disk."""

    @property
    def is_full(self) -> bool:
        """Whether the disk does not keep up."""

    @property
    def failure(self) -> FeedrecError | None:
        """Why nothing is written any more."""

    def write(self, record: Record, info: FrameInfo | None = None) -> None:
        """Hand over a frame or an event."""

    def write_line(self, line: bytes, mark: Mark | None = None) -> None:
        """Hand over one line."""

    def finish(self, patience: float | None = None) -> Path:
        """Write everything, and give the recording its final name."""

    def discard(self) -> None:
        """Throw the recording away."""


class RotatingWriter:
    """
    Writes to one file after another.

    A file is finished by a thread while the next one is written. Whatever fails there ends the run as a failure of the
    present file would.

    Args:
        path: The name; several files have names made of it, `x-0001` and so on.
        header: The first line; each of several files gets its number as `part`.
        create: Begins a file, which may have another name than it is given: a journal.
        portions: How much goes into one; None for a single file.
        first: Number of the first of several files.
        on_finished: Called with the name of each file that is whole, as `create` made it: in that thread, and with the
            last one by `finish`.

    """

    def __init__(
        self,
        path: Path,
        header: Header,
        create: Create,
        portions: Portions | None,
        on_finished: Callable[[Path], object] = lambda _: None,
        *,
        first: int = 1,
    ) -> None:
        self._path = path
        self._header = header
        self._create = create
        self._portions = portions
        self._on_finished = on_finished
        self._on_drained: Callable[[], object] = lambda: None
        self._first = first
        self._number = first - 1
        self._span_end: int | None = None
        self._size_before = 0
        self._failure: FeedrecError | None = None
        self._finishing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="feedrec-finish")
        self._unfinished: list[Future[None]] = []
        self._lock = threading.Lock()
        self._writer = self._begin()

    @property
    def on_drained(self) -> Callable[[], object]:
        """Called when the backlog has become small, or will never shrink again."""
        return self._on_drained

    @on_drained.setter
    def on_drained(self, callback: Callable[[], object]) -> None:
        self._on_drained = self._writer.on_drained = callback

    @property
    def path(self) -> Path:
        """The name; where there are several files, a pattern for all of them."""
        if self._portions is None:
            return self._path
        if self._number == self._first:
            return numbered_path(self._path, self._first)
        return rotation_pattern(self._path, self._first)

    @property
    def file_size(self) -> int:
        """Bytes written to the disk, in all files."""
        with self._lock:
            return self._size_before + self._writer.file_size

    @property
    def backlog(self) -> int:
        """Bytes of text handed over and not yet taken by the writer's thread, of the present file."""
        return self._writer.backlog

    @property
    def is_full(self) -> bool:
        """Whether the disk does not keep up: with the present file, or with finishing those before it."""
        return self._writer.is_full or sum(not future.done() for future in self._unfinished) > 1

    @property
    def failure(self) -> FeedrecError | None:
        """Why nothing is written any more; None while all is well."""
        return self._failure or self._writer.failure

    def write(self, record: Record, info: FrameInfo | None = None) -> None:
        """Hand over a frame or an event; see `RecordingWriter.write`."""
        self._turn(record.time)
        self._writer.write(record, info)

    def write_line(self, line: bytes, mark: Mark | None = None) -> None:
        """Hand over one line; see `RecordingWriter.write_line`."""
        mark = mark or mark_of(decode_line(line))
        self._turn(mark[0])
        self._writer.write_line(line, mark)

    def finish(self, patience: float | None = None) -> Path:
        """Finish the present file, and wait for those before it; see `RecordingWriter.finish`."""
        path = self._writer.finish(patience)
        self._finishing.shutdown(wait=True)
        if self._failure is not None:
            raise self._failure
        self._on_finished(path)
        return self.path

    def discard(self) -> None:
        """Throw the present file away; those before it are kept."""
        self._writer.discard()
        self._finishing.shutdown(wait=True)

    def _turn(self, time: int) -> None:
        """Go on in a new file if the present one has its portion."""
        if self._failure is not None:
            raise self._failure
        if self._portions is None:
            return
        span, size = self._portions
        if span is not None:
            if self._span_end is not None and time < self._span_end:
                return
            is_first = self._span_end is None
            self._span_end = time - time % span + span
            if is_first:
                return
        elif self._writer.file_size < (size or 0):
            return
        writer = self._writer
        self._writer = self._begin()
        with self._lock:
            self._size_before += writer.file_size
        self._unfinished = [future for future in self._unfinished if not future.done()]
        self._unfinished.append(self._finishing.submit(self._finish_one, writer, writer.file_size))

    def _begin(self) -> RecordingWriter:
        self._number += 1
        path, header = self._path, self._header
        if self._portions is not None:
            path = numbered_path(path, self._number)
            header = msgspec.structs.replace(header, extra={**header.extra, "part": self._number})
        writer = self._create(path, header)
        writer.on_drained = self._on_drained
        return writer

    def _finish_one(self, writer: RecordingWriter, counted: int) -> None:
        try:
            path = writer.finish()
        except FeedrecError as error:
            self._failure = error
        else:
            with self._lock:
                self._size_before += writer.file_size - counted
            self._on_finished(path)
        self._on_drained()
