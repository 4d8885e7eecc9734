"""
What comes from a pipe such as stdin, read as if it were a file: at any place, and more than once.

A pipe can be read only once, so what came from it is kept in a temporary file without a name, as long as the process
lives. Where it is known to be read once, from beginning to end, only the latest megabytes are kept, in memory.
"""

from __future__ import annotations

import functools
import os
import re
import stat
import weakref
from pathlib import Path
from typing import BinaryIO

from ...errors import NotARecordingError

__all__ = ["STDIN", "Pipe", "pipe_at"]

STDIN = Path("/dev/stdin")
"""The name of stdin, be it a pipe or a file."""

_OPEN_FILE = re.compile(r"/dev/stdin|/(?:dev|proc/self)/fd/(\d{1,9})", re.ASCII)
_READ_SIZE = 1 << 18
_LEAST = 4  # bytes to wait for, if so many are asked for: they tell the format
_WINDOW = 1 << 20  # bytes that are kept in memory


def pipe_at(path: Path) -> Pipe | None:
    """
    Return the pipe, socket or device that is open already under a name such as `/dev/stdin` or `/dev/fd/63`.

    Returns:
        The same each time; None for all other names, and if it is a file. A pipe that has a name of its own is not
        opened: that waits for a writer, who may never come.

    Raises:
        NotARecordingError: If it is a terminal.

    """
    match = _OPEN_FILE.fullmatch(str(path))
    if match is None:
        return None
    descriptor = int(match[1] or 0)
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None  # opening it reports that
    if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
        return None
    if os.isatty(descriptor):
        raise NotARecordingError(path, "is a terminal: pipe a recording into it, or name a file")
    return _pipe(descriptor, found.st_dev, found.st_ino)


class Pipe:
    """
    What comes from an open pipe.

    Args:
        descriptor: Its number.

    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._received = 0
        self._has_ended = False
        self._recent = bytearray()
        self._file: BinaryIO | None = None

    def keep(self) -> None:
        """
        Keep everything from now on.

        Raises:
            OSError: If its beginning is gone already, or the operating system reports an error.

        """
        if self._file is None:
            if self._received > len(self._recent):
                raise OSError(0, "it was read already, and a pipe can be read only once")
            import tempfile  # noqa: PLC0415  few read from a pipe

            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  stays open
            weakref.finalize(self, self._file.close)
            self._store(bytes(self._recent))
            self._recent.clear()

    def read_at(self, offset: int, size: int) -> bytes:
        """
        Wait for bytes at an offset, and return them; fewer than asked for if no more have come, none at the end.

        Raises:
            OSError: If they are no longer kept, or the operating system reports an error.

        """
        while self._received < offset + min(size, _LEAST) and not self._has_ended:
            self._receive()
        if self._file is not None:
            return os.pread(self._file.fileno(), size, offset)
        start = offset - (self._received - len(self._recent))
        if start < 0:
            raise OSError(0, "it was read already, and a pipe can be read only once")
        return bytes(self._recent[start : start + size])

    def size(self) -> int:
        """Wait for the end, and return the number of all bytes; raises as `read_at` does."""
        while not self._has_ended:
            self._receive()
        return self._received

    def _receive(self) -> None:
        data = os.read(self._descriptor, _READ_SIZE)
        if data:
            self._store(data)
            self._received += len(data)
        else:
            self._has_ended = True

    def _store(self, data: bytes) -> None:
        if self._file is None:
            self._recent += data
            if len(self._recent) > 2 * _WINDOW:
                del self._recent[:-_WINDOW]
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            import tempfile  # noqa: PLC0415

            where = f"a temporary file in {tempfile.gettempdir()} cannot be written"
            raise OSError(error.errno, f"{where}: {error.strerror}") from error


@functools.cache
def _pipe(descriptor: int, _device: int, _inode: int) -> Pipe:
    return Pipe(descriptor)
