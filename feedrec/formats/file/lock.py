"""
File locks (flock): a recorder holds one on the file it writes, so that others can tell whether it is still growing.

On a file system without locks, no file counts as locked.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ...errors import RecordingExistsError

__all__ = ["is_being_written", "is_locked", "lock", "locked"]


def lock(descriptor: int) -> None:
    """
    Lock an open file for as long as it is open.

    Raises:
        BlockingIOError: If another process holds the lock.
        OSError: If the file system has no locks.

    """
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


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
    """Return whether a file is being written; False if there is no such file, or it cannot be opened."""
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
    Lock a file, so that no recorder writes it.

    Raises:
        RecordingExistsError: If a recorder is writing it.
        OSError: If it cannot be opened.

    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            lock(descriptor)
        except BlockingIOError:
            raise RecordingExistsError(path, "is being written: stop the recorder first, it closes the file") from None
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(descriptor)
