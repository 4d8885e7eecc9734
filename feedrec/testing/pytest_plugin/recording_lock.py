"""One test at a time makes a recording, of all processes: the workers of pytest-xdist share files."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ...errors import RecordingExistsError, UsageError, WriteError
from ...formats.file.lock import is_at, lock, unlink_if_at
from ...formats.file.names import lock_path

__all__ = ["recording_lock"]

PATIENCE = 600.0
"""Seconds for which another test may take to make the recording."""

_POLL = 0.05

_held: set[Path] = set()


@contextlib.contextmanager
def recording_lock(
    path: Path,
    *,
    patience: float = PATIENCE,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """
    Let no other test make a recording during the block; wait until none does.

    Args:
        path: The recording, which need not exist.
        patience: Seconds to wait at most.
        clock: Returns the monotonic time in seconds.
        sleep: Sleeps for some seconds.

    Raises:
        UsageError: If this process makes it already.
        RecordingExistsError: If it was waited for in vain.
        WriteError: If there can be no lock file beside it.

    """
    if path in _held:
        raise UsageError(f"{path} is being recorded by this test already: have all its clients connect to one feed")
    place = lock_path(path)
    deadline = clock() + patience
    while (descriptor := _locked(place)) is None:
        if clock() >= deadline:
            raise RecordingExistsError(path, f"another test has been recording it for {patience:.0f} s")
        sleep(_POLL)
    _held.add(path)
    try:
        yield
    finally:
        _held.discard(path)
        with contextlib.suppress(OSError):
            unlink_if_at(descriptor, place)
        os.close(descriptor)


def _locked(place: Path) -> int | None:
    """Return an open lock file that is ours; None if another process has it."""
    try:
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise WriteError(place, f"cannot be created, but a recording needs it: {error.strerror}") from error
    try:
        lock(descriptor)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:  # a file system without locks
        return descriptor
    if is_at(descriptor, place):
        return descriptor
    os.close(descriptor)  # whoever had it has removed it meanwhile
    return None
