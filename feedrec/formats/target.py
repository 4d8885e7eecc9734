"""Where the bytes of a new recording go: a file that gets its name when it is whole, or a stream."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from ..errors import RecordingExistsError, WriteError

__all__ = ["PART_SUFFIX", "FileTarget", "StreamTarget", "Target"]

PART_SUFFIX = ".part"
"""What the name of a recording ends with until it is finished."""


class Target(Protocol):
    """
    A place for bytes.

    Attributes:
        path: Its final name.
        size: Bytes written so far.

    """

    path: Path
    size: int

    def write(self, data: bytes) -> None:
        """
        Append, all the way to the operating system.

        Raises:
            WriteError: If it refused.

        """

    def sync(self) -> None:
        """Have everything written so far put on the medium."""

    def commit(self) -> Path:
        """Make it whole, under its final name; give that."""

    def release(self) -> None:
        """Let go of it as it is."""

    def remove(self) -> None:
        """Let go of it, leaving nothing behind."""


class FileTarget:
    """
    A file that is named `NAME.part`, and locked, until it is committed.

    Raises:
        RecordingExistsError: If either name is taken and `overwrite` is not given, or somebody is writing it.
        WriteError: If it cannot be created.

    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self.path = path
        self.size = 0
        self._part = path.with_name(path.name + PART_SUFFIX)
        self._overwrite = overwrite
        with self._explaining_errors():
            if path.is_dir():
                raise WriteError(path, "is a folder: name a file in it")
            if not overwrite:
                self._refuse_to_overwrite()
            self._file = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                self._lock()
                os.ftruncate(self._file, 0)
            except BaseException:
                os.close(self._file)
                raise

    def write(self, data: bytes) -> None:
        with self._explaining_errors():
            rest = memoryview(data)
            while rest:
                written = os.write(self._file, rest)
                self.size += written
                rest = rest[written:]

    def sync(self) -> None:
        with self._explaining_errors():
            os.fsync(self._file)

    def commit(self) -> Path:
        try:
            with self._explaining_errors():
                os.fsync(self._file)
                if self._overwrite:
                    self._part.replace(self.path)
                else:
                    self._rename_without_overwriting()
                _sync_folder(self.path.parent)
        finally:
            self.release()
        return self.path

    def release(self) -> None:
        os.close(self._file)

    def remove(self) -> None:
        with contextlib.suppress(OSError):
            self._part.unlink()
        self.release()

    def _lock(self) -> None:
        taken = RecordingExistsError(self.path, "another feedrec is recording to it")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise taken from None
        # If another recorder finished between our open() and flock(), we hold its finished file.
        if not self._part.exists() or not os.path.samestat(os.fstat(self._file), self._part.stat()):
            raise taken

    def _refuse_to_overwrite(self) -> None:
        if self.path.exists():
            raise RecordingExistsError(self.path, "is there already: choose another name, or give --overwrite")
        if self._part.exists():
            reason = (
                f"{self._part.name} is there already, left by a recorder that was killed or is still running: "
                "it can be read as it is; move it away, choose another name, or give --overwrite"
            )
            raise RecordingExistsError(self.path, reason)

    def _rename_without_overwriting(self) -> None:
        # rename() would silently replace a file that came while we recorded; link() refuses.
        reason = f"came into being meanwhile; the recording is safe in {self._part.name}"
        try:
            os.link(self._part, self.path)
        except FileExistsError:
            raise RecordingExistsError(self.path, reason) from None
        except OSError:  # a file system without hard links
            if self.path.exists():
                raise RecordingExistsError(self.path, reason) from None
            self._part.rename(self.path)
        else:
            self._part.unlink()

    @contextlib.contextmanager
    def _explaining_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = "its folder does not exist" if isinstance(error, FileNotFoundError) else error.strerror
            raise WriteError(self.path, f"cannot be written: {reason}") from error


def _sync_folder(folder: Path) -> None:
    """Put the name of a file on the medium, as fsync of the file puts its content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class StreamTarget:
    """A stream, such as stdout, that takes the lines as they come."""

    def __init__(self, stream: BinaryIO, name: str = "-") -> None:
        self.path = Path(name)
        self.size = 0
        self._stream = stream

    def write(self, data: bytes) -> None:
        try:
            self._stream.write(data)
            self._stream.flush()
        except (OSError, ValueError) as error:
            raise WriteError(self.path, f"cannot be written: {error}") from error
        self.size += len(data)

    def sync(self) -> None:
        """Do nothing: streams have no medium."""

    def commit(self) -> Path:
        return self.path

    def release(self) -> None:
        """Do nothing: the stream belongs to the caller."""

    def remove(self) -> None:
        """Do nothing: what was sent was sent."""
