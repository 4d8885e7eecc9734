"""
Which file is ours, and which one is being written.

A recorder holds a lock (flock) on the file it writes, so that others can tell whether it is still growing. On a file
system without locks, no file counts as locked.

A name may lead to another file at any moment, so what is open is given its names through the descriptor.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ...errors import RecordingExistsError
from ..places.url_path import UrlPath
from .names import new_paths, state_path

__all__ = [
    "Identity",
    "give_name",
    "identity_of",
    "is_at",
    "is_being_written",
    "is_locked",
    "link_to_free_name",
    "lock",
    "lock_if_possible",
    "locked",
    "name_of",
    "remove_state",
    "rename_to_free_name",
    "share_lock_if_possible",
    "sync_folder",
    "unlink_if_at",
]

Identity = tuple[int, int, int, int]
"""Device, inode, size, and when it was last changed, in wall nanoseconds: what another file does not have."""

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_DESCRIPTORS = "/proc/self/fd"
_DELETED = " (deleted)"


def identity_of(status: os.stat_result) -> Identity:
    """Return which file has a status."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def lock(descriptor: int) -> None:
    """
    Lock an open file for as long as it is open.

    Raises:
        BlockingIOError: If another process holds the lock.
        OSError: If the file system has no locks.

    """
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def lock_if_possible(descriptor: int) -> None:
    """
    Lock an open file as `lock` does; a file system without locks is no error.

    Raises:
        BlockingIOError: If another process holds the lock.

    """
    try:
        lock(descriptor)
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks
        pass


def share_lock_if_possible(descriptor: int) -> None:
    """
    Lock an open file against whoever would write it, as others may too; a file system without locks is no error.

    Raises:
        BlockingIOError: If another process is writing it.

    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks
        pass


def is_locked(descriptor: int) -> bool:
    """Return whether the lock of an open file is held through another descriptor."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def is_being_written(path: Path) -> bool:
    """Return whether a file is being written; False if there is no such file, or it cannot be opened, and of a URL."""
    if isinstance(path, UrlPath):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe would be waited for
    except (OSError, ValueError):
        return False
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode) and is_locked(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """
    Lock a file, so that no recorder writes it; an object of a store is never half written.

    Raises:
        RecordingExistsError: If a recorder is writing it.
        OSError: If it cannot be opened.

    """
    if isinstance(path, UrlPath):
        yield
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            lock_if_possible(descriptor)
        except BlockingIOError:
            raise RecordingExistsError(path, "is being written: stop the recorder first, it closes the file") from None
        yield
    finally:
        os.close(descriptor)


def is_at(file: int | os.stat_result, path: Path) -> bool:
    """Return whether a name leads to a file, given by its descriptor or status; not if it does so through a symlink."""
    try:
        return os.path.samestat(os.fstat(file) if isinstance(file, int) else file, path.lstat())
    except OSError:
        return False


def unlink_if_at(file: int | os.stat_result, path: Path) -> None:
    """
    Remove the name of a file, if it leads there: what another program put in its place stays.

    Raises:
        OSError: If the operating system reports an error.

    """
    if is_at(file, path):
        path.unlink(missing_ok=True)


def name_of(descriptor: int) -> Path | None:
    """Return the present name of an open file, wherever it was moved; None if it has none, or none can be found."""
    try:
        name = Path(_DESCRIPTORS, str(descriptor)).readlink()
    except OSError:  # a system without /proc
        return None
    path = Path(str(name).removesuffix(_DELETED))
    return path if is_at(descriptor, path) else None


def link_to_free_name(descriptor: int, present: Path, target: Path) -> None:
    """
    Give an open file another name, which nothing has yet.

    It is the open file that gets it, whatever its present name leads to by now. Where a system cannot do that, the
    present name is checked first.

    Args:
        descriptor: The open file.
        present: Its present name, as far as is known.
        target: The new name.

    Raises:
        FileExistsError: If that is taken.
        FileNotFoundError: If the open file has no name any more.
        OSError: If the operating system reports another error, as a file system without hard links does.

    """
    try:
        folder = os.open(_DESCRIPTORS, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # a system without /proc
        if not is_at(descriptor, present):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
        os.link(present, target, follow_symlinks=False)
        return
    try:
        # The folder makes Python call linkat(AT_SYMLINK_FOLLOW), which alone leads from here to the open file.
        os.link(str(descriptor), target, src_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def give_name(file: int, present: Path, path: Path, *, overwrite: bool) -> None:
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


def rename_to_free_name(source: Path, target: Path) -> None:
    """
    Rename a file, unless something has the new name.

    Raises:
        FileExistsError: If something has.
        OSError: If the operating system reports another error.

    """
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


def remove_state(path: Path) -> None:
    """Remove the checkpoints of a recording that is gone, or that another one replaced: they fit nothing any longer."""
    with contextlib.suppress(OSError):  # then they stay, and count as none
        state_path(path).unlink()


def sync_folder(folder: Path) -> None:
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
