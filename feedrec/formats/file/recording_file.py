"""The file of a recording, read at any place, whatever the format; or stdin or an object of a store in its place."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ...errors import NotARecordingError, ObjectMissingError, RecordingError
from ..places.read_ahead import Span
from ..places.url_path import UrlPath
from .lock import is_locked
from .names import part_path
from .pipe import pipe_at

if TYPE_CHECKING:
    from ..places.object_file import ObjectFile

__all__ = ["RecordingFile"]


class RecordingFile:
    """
    The file of a recording, opened for random access.

    A pipe that is open already, such as stdin, is read as if it were a file; see pipe.py. So is an object of a store.

    Args:
        path: The file.
        once: Whether it is read only once, from beginning to end: then nothing that comes from a pipe is kept.

    Attributes:
        path: The file.
        bytes_read: Bytes read so far.

    Raises:
        NotARecordingError: If there is no such file, or it is not a regular file.
        RecordingError: If it cannot be opened.

    """

    def __init__(self, path: Path, *, once: bool = False) -> None:
        self.path = path
        self.bytes_read = 0
        self._object = _object_at(path)
        self._pipe = None if self._object is not None else pipe_at(path)
        if self._pipe is not None and not once:
            with self._reporting_errors():
                self._pipe.keep()
        self._file = _open(path) if self._pipe is None and self._object is None else _nothing()

    @property
    def is_closed(self) -> bool:
        """Whether it is closed."""
        return self._file.closed

    @property
    def is_pipe(self) -> bool:
        """Whether it is a pipe, whose size is not known before its end."""
        return self._pipe is not None

    def is_at(self, path: Path) -> bool:
        """Return whether a name still leads to it, be it through a symlink."""
        if self._object is not None:
            return path == self.path
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), path.stat())
        except OSError:
            return False

    def close(self) -> None:
        """Close it."""
        self._file.close()
        if self._object is not None:
            self._object.close()

    def size(self) -> int:
        """Return the present size of the file in bytes; of a pipe, wait for its end."""
        if self._object is not None:
            return self._object.size()
        if self._pipe is None:
            return os.fstat(self._file.fileno()).st_size
        with self._reporting_errors():
            return self._pipe.size()

    def read_at(self, offset: int, size: int) -> bytes:
        """
        Read bytes at an offset; fewer at the end of the file, none once it is closed.

        Raises:
            RecordingError: If the operating system reports an error.

        """
        if self._file.closed:
            return b""
        with self._reporting_errors():
            if self._object is not None:
                data = self._object.read_at(offset, size)
            elif self._pipe is not None:
                data = self._pipe.read_at(offset, size)
            else:
                data = os.pread(self._file.fileno(), size, offset)
        self.bytes_read += len(data)
        return data

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine: what is read of it costs no request."""
        return self._object is None

    def expect(self, spans: Iterable[tuple[int, int]]) -> None:
        """Take what will be read next, as offsets and ends in ascending order: an object is asked for that ahead."""
        if self._object is not None:
            self._object.expect([Span(start, end) for start, end in spans])

    def is_locked(self) -> bool:
        """Return whether a recorder is writing it."""
        if self._file.closed or self._pipe is not None or self._object is not None:
            return False
        return is_locked(self._file.fileno())

    @contextlib.contextmanager
    def _reporting_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RecordingError(self.path, f"cannot be read: {error.strerror}") from error


def _object_at(path: Path) -> ObjectFile | None:
    """Open an object of a store; None for a path of this machine."""
    if not isinstance(path, UrlPath):
        return None
    from ..places.object_file import ObjectFile  # noqa: PLC0415  needed for URLs only

    try:
        return ObjectFile(path)
    except ObjectMissingError as error:
        raise NotARecordingError(path, error.reason) from error


def _nothing() -> BinaryIO:
    """Return an open file for what has none of its own, which can be closed as others can."""
    return Path(os.devnull).open("rb")


def _open(path: Path) -> BinaryIO:
    try:
        kind = path.stat().st_mode  # before it is opened: opening a pipe waits for a writer
        if stat.S_ISDIR(kind):
            raise NotARecordingError(path, "is a folder, not a recording")
        if not stat.S_ISREG(kind):
            raise NotARecordingError(path, "is a pipe or device: recordings are read from files, or from stdin")
        return path.open("rb")
    except FileNotFoundError:
        unfinished = part_path(path)
        if os.path.lexists(unfinished):
            reason = f"no such file, but {unfinished.name} exists: a recording that is unfinished or being written"
            raise NotARecordingError(path, reason) from None
        raise NotARecordingError(path, "no such file") from None
    except OSError as error:
        raise RecordingError(path, f"cannot be opened: {error.strerror}") from error
    except ValueError as error:  # a zero byte in the name
        raise RecordingError(path, f"cannot be opened: {error}") from error
