"""Where the bytes of a new recording go: a file that gets its name when it is complete, or a stream."""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from ...errors import RecordingExistsError, WriteError
from .lock import is_at, link_to_free_name, lock, name_of, unlink_if_at
from .modes import USUAL, FileMode
from .names import new_paths, old_paths, part_path

__all__ = ["FileTarget", "StreamTarget", "Target", "move_into_place"]

_COPIED_AT_ONCE = 1 << 20
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_NOT_A_FILE = "is a folder, pipe or device: move it away, or choose another name"
_PIECE = 1 << 16  # as much as a pipe holds, so that `size` shows the progress of a slow reader

log = logging.getLogger("feedrec")


class Target(Protocol):
    """
    A destination of bytes.

    Attributes:
        path: Its final name.
        size: Bytes written so far.
        identity: Which file it is; all zeros for what is none.

    """

    path: Path
    size: int
    identity: os.stat_result

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

    The file is what was opened, whatever its name leads to later: if another program removes, moves or replaces
    `NAME.part`, what is there then is neither taken for ours nor removed, and `commit` gives NAME to the open file all
    the same, from a copy if it has no name left.

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
            self.identity = os.fstat(self._file)

    @property
    def is_in_place(self) -> bool:
        """Whether its `.part` name leads to it."""
        return is_at(self._file, self._part)

    @property
    def place(self) -> Path | None:
        """Where it is while it is open: under its `.part` name, or where it was moved; None if it has no name left."""
        return self._part if self.is_in_place else name_of(self._file)

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
                self._take_name()
                unlink_if_at(self._file, self._part)
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
            unlink_if_at(self.identity, self._part)
        self._put_back()
        self.release()

    def _open(self, flags: int = 0) -> None:
        """Open the `.part` file, new or left over, and lock it."""
        self._file = _open_file(self._part, flags, self._mode)
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
        if not self.is_in_place:
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

    def _take_name(self) -> None:
        if os.fstat(self._file).st_nlink == 0:
            self._copy_to_free_name()
        try:
            _give_name(self._file, self._part, self.path, overwrite=self._overwrite)
        except FileExistsError:
            raise _came_between(self.path, self.place) from None

    def _copy_to_free_name(self) -> None:
        """Replace the open file, which has no name left, by a copy that has one."""
        names = itertools.chain([self._part], old_paths(self._part))
        part = next(path for path in names if not os.path.lexists(path))
        copy = _open_file(part, os.O_EXCL, self._mode)
        try:
            lock(copy)
            self._mode.set_exact(copy)
            offset = 0
            while data := os.pread(self._file, _COPIED_AT_ONCE, offset):
                offset += os.write(copy, data)
            os.fsync(copy)
        except BaseException:
            with contextlib.suppress(OSError):
                unlink_if_at(copy, part)
            os.close(copy)
            raise
        os.close(self._file)
        self._file, self._part, self.identity = copy, part, os.fstat(copy)

    @contextlib.contextmanager
    def _explaining_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = "its folder does not exist" if isinstance(error, FileNotFoundError) else error.strerror
            raise WriteError(self.path, f"cannot be written: {reason}") from error


def _open_file(part: Path, flags: int, mode: FileMode) -> int:
    """Open a file for reading and writing, and create it if need be; only a regular one, and not through a link."""
    try:
        file = mode.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | flags)
    except OSError as error:
        if error.errno == errno.ELOOP and part.is_symlink():
            raise WriteError(part, "is a link: move it away, or choose another name") from None
        if error.errno == errno.ENXIO or part.is_dir():  # a socket, or a device without a driver
            raise WriteError(part, _NOT_A_FILE) from None
        raise
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    raise WriteError(part, _NOT_A_FILE)


def move_into_place(source: Path, path: Path, identity: os.stat_result, *, overwrite: bool = False) -> None:
    """
    Rename a finished file to its final name, and force the name onto the storage device.

    Args:
        source: Its present name.
        path: Its final name.
        identity: Which file it is: what another program put in its place is not taken for it.
        overwrite: Whether a file of the final name may be replaced.

    Raises:
        RecordingExistsError: If the name is taken and `overwrite` is false.
        WriteError: If the operating system reports an error, or the file is not there any more.

    """
    try:
        file = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if not os.path.samestat(os.fstat(file), identity):
                raise WriteError(path, f"cannot be written: another program replaced {source.name}")
            _give_name(file, source, path, overwrite=overwrite)
            unlink_if_at(file, source)
        finally:
            os.close(file)
    except FileExistsError:
        raise _came_between(path, source) from None
    except OSError as error:
        raise WriteError(path, f"cannot be written: {error.strerror}") from error
    _sync_folder(path.parent)


def _came_between(path: Path, place: Path | None) -> RecordingExistsError:
    there = "" if place is None else f"; the recording is safe in {place.name}"
    return RecordingExistsError(path, f"was created by another program meanwhile{there}")


def _give_name(file: int, present: Path, path: Path, *, overwrite: bool) -> None:
    """
    Give an open file another name.

    Raises:
        FileExistsError: If it is taken and `overwrite` is false.
        OSError: If the operating system reports another error.

    """
    try:
        if not overwrite:
            link_to_free_name(file, present, path)
            return
        between = next(name for name in new_paths(present) if not os.path.lexists(name))
        link_to_free_name(file, present, between)
        try:
            between.replace(path)
        finally:
            between.unlink(missing_ok=True)  # rename() leaves it if both names are of one file
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if not overwrite and os.path.lexists(path):
            raise FileExistsError from None
        if not is_at(file, present):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
        present.replace(path)


def _rename_to_free_name(source: Path, target: Path) -> None:
    # rename() would silently replace a file created meanwhile; link() fails.
    try:
        os.link(source, target, follow_symlinks=False)
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
        self.identity = os.stat_result([0] * 10)
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
