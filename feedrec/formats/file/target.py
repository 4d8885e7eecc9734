"""Where the bytes of a new recording go: a file that gets its name when it is complete, or a stream."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from ...errors import RecordingExistsError, WriteError
from .lock import lock
from .modes import USUAL, FileMode
from .names import old_paths, part_path

__all__ = ["FileTarget", "StreamTarget", "Target", "move_into_place"]

_PIECE = 1 << 16  # as much as a pipe holds, so that `size` shows the progress of a slow reader

log = logging.getLogger("feedrec")


class Target(Protocol):
    """
    A destination of bytes.

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
            WriteError: If that fails.

        """

    def sync(self) -> None:
        """Force everything written so far onto the storage device."""

    def commit(self) -> Path:
        """Complete it under its final name, and return that."""

    def release(self) -> None:
        """Close it as it is."""

    def remove(self) -> None:
        """Close and remove it."""


class FileTarget:
    """
    A file that is named `NAME.part`, and locked, until it is committed.

    A symlink is followed: both names are beside its target. With `overwrite`, what another recorder left under the
    `.part` name is kept as `NAME.part.old` (`.old2` and so on); `remove` restores its name.

    Raises:
        RecordingExistsError: If either name is taken and `overwrite` is false, or another recorder is writing it.
        WriteError: If it cannot be created.

    """

    def __init__(self, path: Path, *, overwrite: bool = False, mode: FileMode = USUAL) -> None:
        self.path = path
        self.size = 0
        self._mode = mode
        self._overwrite = overwrite
        self._aside: Path | None = None
        self._is_released = False
        with self._explaining_errors():
            if path.is_symlink():
                self.path = path = Path(os.path.realpath(path))
            self._part = part_path(path)
            if path.is_dir():
                raise WriteError(path, "is a folder: name a file in it")
            if path.exists() and not path.is_file():  # possibly through a symlink; the rename would replace it
                raise WriteError(path, "is a pipe or device: name a file")
            if not overwrite:
                self._refuse_to_overwrite()
            self._open()
            if os.fstat(self._file).st_size:
                self._put_aside()
            self._mode.set_exact(self._file)

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
        if not self._is_released:  # only once: the descriptor may belong to another file by now
            self._is_released = True
            os.close(self._file)

    def remove(self) -> None:
        with contextlib.suppress(OSError):
            self._part.unlink()
        self._put_back()
        self.release()

    def _open(self, flags: int = 0) -> None:
        """Open the `.part` file, new or left over, and lock it."""
        self._file = self._mode.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flags)
        try:
            self._lock()
        except BaseException:
            os.close(self._file)
            raise
        try:
            self._mode.restrict(self._file)
        except OSError:
            log.warning("%s: other users may be able to read it, since its file system keeps no modes", self._part)

    def _put_aside(self) -> None:
        """Rename what another recorder left, whose lock we hold, and create a file of our own."""
        try:
            self._aside = next(path for path in old_paths(self._part) if not os.path.lexists(path))
            self._part.rename(self._aside)
        finally:
            os.close(self._file)
        try:
            self._open(os.O_EXCL)
        except BaseException as error:
            self._put_back()
            if isinstance(error, FileExistsError):
                raise self._taken() from None
            raise
        log.warning("%s was left by a recorder that was killed; it is kept as %s", self._part, self._aside.name)

    def _put_back(self) -> None:
        if self._aside is not None:
            with contextlib.suppress(OSError):  # then it stays where the warning says
                _rename_to_free_name(self._aside, self._part)

    def _taken(self) -> RecordingExistsError:
        return RecordingExistsError(self.path, "another feedrec is recording to it")

    def _lock(self) -> None:
        try:
            lock(self._file)
        except BlockingIOError:
            raise self._taken() from None
        # If another recorder finished between our open() and flock(), we hold its finished file.
        if not self._part.exists() or not os.path.samestat(os.fstat(self._file), self._part.stat()):
            raise self._taken()

    def _refuse_to_overwrite(self) -> None:
        if os.path.lexists(self.path):
            raise RecordingExistsError(self.path, "already exists: choose another name, or use --overwrite")
        if os.path.lexists(self._part):
            reason = (
                f"{self._part.name} already exists, left by a recorder that was killed or is still running: "
                "it can be read as it is; move it away, choose another name, or use --overwrite to have it renamed"
            )
            raise RecordingExistsError(self.path, reason)

    def _rename_without_overwriting(self) -> None:
        try:
            _rename_to_free_name(self._part, self.path)
        except FileExistsError:
            reason = f"was created by another program meanwhile; the recording is safe in {self._part.name}"
            raise RecordingExistsError(self.path, reason) from None

    @contextlib.contextmanager
    def _explaining_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = "its folder does not exist" if isinstance(error, FileNotFoundError) else error.strerror
            raise WriteError(self.path, f"cannot be written: {reason}") from error


def move_into_place(source: Path, path: Path, *, overwrite: bool = False) -> None:
    """
    Rename a finished file to its final name, and force the name onto the storage device.

    Raises:
        RecordingExistsError: If the name is taken and `overwrite` is false.
        WriteError: If the operating system reports an error.

    """
    try:
        if overwrite:
            source.replace(path)
        else:
            _rename_to_free_name(source, path)
    except FileExistsError:
        reason = f"was created by another program meanwhile; the recording is safe in {source.name}"
        raise RecordingExistsError(path, reason) from None
    except OSError as error:
        raise WriteError(path, f"cannot be written: {error.strerror}") from error
    _sync_folder(path.parent)


def _rename_to_free_name(source: Path, target: Path) -> None:
    # rename() would silently replace a file created meanwhile; link() fails.
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            raise FileExistsError from None
        source.rename(target)
    else:
        source.unlink()


def _sync_folder(folder: Path) -> None:
    """
    Force the name of a file onto the storage device, as fsync of the file does for its content.

    If the folder cannot be read, or the file system cannot do this, the recording is complete all the same.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class StreamTarget:
    """A stream, such as stdout, that gets the lines as they come."""

    def __init__(self, stream: BinaryIO, name: str = "-") -> None:
        self.path = Path(name)
        self.size = 0
        self._stream = stream
        self._file: int | None = None
        with contextlib.suppress(OSError, ValueError):  # a stream in memory, or a closed one
            stream.flush()
            self._file = stream.fileno()

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                written = self._write(rest[:_PIECE])
                self.size += written
                rest = rest[written:]
        except (OSError, ValueError) as error:
            raise WriteError(self.path, f"cannot be written: {error}") from error

    def _write(self, piece: memoryview) -> int:
        if self._file is not None:
            # Bypass the buffer of the stream: a thread stuck there holds a lock that Python needs to exit.
            return os.write(self._file, piece)
        self._stream.write(piece)
        self._stream.flush()
        return len(piece)

    def sync(self) -> None:
        """Do nothing: a stream has no storage device."""

    def commit(self) -> Path:
        return self.path

    def release(self) -> None:
        """Do nothing: the stream belongs to the caller."""

    def remove(self) -> None:
        """Do nothing: what was sent cannot be taken back."""
