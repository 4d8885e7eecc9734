"""Where the bytes of a new recording go: a file that gets its name when it is complete."""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import math
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from ...errors import RecordingExistsError, WriteError
from .lock import give_name, is_at, lock, name_of, remove_state, rename_to_free_name, sync_folder, unlink_if_at
from .modes import USUAL, FileMode
from .names import old_paths, part_path

__all__ = ["FileTarget", "Target", "move_into_place"]

_COPIED_AT_ONCE = 1 << 20
_NOT_A_FILE = "is a folder, pipe or device: move it away, or choose another name"

log = logging.getLogger("feedrec")


class Target(Protocol):
    """
    A destination of bytes.

    Attributes:
        path: Its final name.
        size: Bytes written so far.
        identity: Which file it is; all zeros for what is none.
        busy_since: When the write began that is going on, in seconds of the steady clock; None if there is none.
        on_removed: Called when it is removed.

    """

    path: Path
    size: int
    identity: os.stat_result
    busy_since: float | None
    on_removed: Callable[[], object]

    @property
    def is_in_place(self) -> bool:
        """Whether its name still leads to it."""

    @property
    def place(self) -> Path | None:
        """Where it is; None if it has no name left."""

    @property
    def is_gone(self) -> bool:
        """Whether it has no name anywhere, so that it is lost when it is closed."""

    @property
    def free_space(self) -> float:
        """Bytes that its file system has free for us; infinite if that is unknown."""

    def write(self, data: bytes) -> None:
        """
        Append, all the way to the operating system.

        Raises:
            WriteError: If that fails.

        """

    def follow(self) -> bool:
        """Return whether its folder was moved, and it with it; it is completed there then."""

    def cut(self, size: int) -> None:
        """
        Remove what was written after the first `size` bytes.

        Raises:
            WriteError: If that fails.

        """

    def sync(self) -> None:
        """
        Force everything written so far onto the storage device.

        Raises:
            WriteError: If that fails.

        """

    def commit(self) -> Path:
        """
        Complete it under its final name, close it, and return that name.

        Raises:
            RecordingExistsError: If the name is taken.
            WriteError: If the operating system reports an error; another attempt may succeed.

        """

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
        self.busy_since: float | None = None
        self.on_removed: Callable[[], object] = lambda: None
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
        """Whether its `.part` name leads to it; a network file system that does not answer counts as yes."""
        try:
            return os.path.samestat(self.identity, self._part.lstat())
        except OSError as error:
            return error.errno not in {errno.ENOENT, errno.ENOTDIR}

    @property
    def place(self) -> Path | None:
        """Where it is: under its `.part` name, or while it is open where it was moved; None if it has no name left."""
        if is_at(self.identity, self._part):
            return self._part
        return None if self._is_released else name_of(self._file)

    @property
    def is_gone(self) -> bool:
        """Whether it has no name anywhere, so that it is lost when it is closed."""
        try:
            return not self._is_released and os.fstat(self._file).st_nlink == 0
        except OSError:  # removed from a network file system
            return True

    @property
    def free_space(self) -> float:
        """Bytes that the file system has free for us; infinite if it does not say."""
        try:
            status = os.fstatvfs(self._file)
        except OSError:
            return math.inf
        return status.f_bavail * status.f_frsize

    def write(self, data: bytes) -> None:
        with self._explaining_errors():
            self._check_size()
            rest = memoryview(data)
            try:
                while rest:
                    self.busy_since = time.monotonic()
                    written = os.write(self._file, rest)
                    self.size += written
                    rest = rest[written:]
            finally:
                self.busy_since = None

    def _check_size(self) -> None:
        """Notice another program that wrote to the file: `> NAME.part` leaves its name and its identity as they are."""
        found = os.fstat(self._file).st_size
        if found > self.size:
            os.ftruncate(self._file, self.size)
        elif found < self.size:
            self.size = found
            raise OSError(errno.EIO, f"another program cut it to {found:,} bytes")

    def follow(self) -> bool:
        place = self.place
        if place is None or place.name != self._part.name or self.path.parent.exists():
            return False
        self._part, self.path = place, place.with_name(self.path.name)
        return True

    def cut(self, size: int) -> None:
        with self._explaining_errors():
            size = min(size, os.fstat(self._file).st_size)  # of a file that another program cut there is less
            os.ftruncate(self._file, size)
            os.lseek(self._file, size, os.SEEK_SET)
            self.size = size

    def sync(self) -> None:
        with self._explaining_errors():
            os.fsync(self._file)

    def commit(self) -> Path:
        with self._explaining_errors():
            os.fsync(self._file)
            self._take_name()
            unlink_if_at(self._file, self._part)
            remove_state(self.path)
            sync_folder(self.path.parent)
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
        self.on_removed()

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
                rename_to_free_name(self._aside, self._part)

    def _taken(self) -> RecordingExistsError:
        return RecordingExistsError(self.path, "another feedrec is recording to it")

    def _lock(self) -> None:
        try:
            lock(self._file)
        except BlockingIOError:
            raise self._taken() from None
        # If another recorder finished between our open() and flock(), we hold its finished file.
        if not is_at(self._file, self._part):
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
        if self.is_gone:
            self._copy_to_free_name()
        try:
            give_name(self._file, self._part, self.path, overwrite=self._overwrite)
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
            give_name(file, source, path, overwrite=overwrite)
            unlink_if_at(file, source)
            remove_state(path)
        finally:
            os.close(file)
    except FileExistsError:
        raise _came_between(path, source) from None
    except OSError as error:
        raise WriteError(path, f"cannot be written: {error.strerror}") from error
    sync_folder(path.parent)


def _came_between(path: Path, place: Path | None) -> RecordingExistsError:
    there = "" if place is None else f"; the recording is safe in {place.name}"
    return RecordingExistsError(path, f"was created by another program meanwhile{there}")
