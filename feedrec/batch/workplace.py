"""
Where a worker makes an output before it gets its name, and how what dead workers left there is removed.

Each output is made in a folder of its own, which is locked as long as its worker lives: in `.batch` of the destination
if that is a folder, so that a name is all that is missing in the end, else in the temporary folder of the machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import WriteError
from ..formats.file.lock import is_at, lock, lock_if_possible
from ..formats.places.url_path import UrlPath

__all__ = ["BATCH_FOLDER", "sweep", "workplace"]

BATCH_FOLDER = ".batch"
"""The folder of a destination that has what a batch knows of it; nobody takes it for recordings."""

_PREFIX = "work-"
_PREFIX_OF_MACHINE = "feedrec-batch-"

_OTHER_MACHINE = 600.0
"""Seconds without a change after which what another machine left is removed: some locks are of one machine alone."""

_NO_LOCKS = 86_400.0
"""The same where nothing can be locked."""


@contextlib.contextmanager
def workplace(destination: Path) -> Iterator[Path]:
    """
    Give a folder to make an output for a destination in; it is removed in the end.

    Raises:
        WriteError: If none can be made.

    """
    folder, descriptor = _begun(destination)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def sweep(destination: Path) -> int:
    """Remove what dead workers left, for a destination here or on this machine; return how many folders that were."""
    parent, prefix = _parent_and_prefix(destination)
    try:
        left = [one for one in os.scandir(parent) if one.name.startswith(prefix)]
    except OSError:  # there is no such folder
        return 0
    return sum(_removed(Path(one.path), is_ours=one.name.startswith(f"{prefix}{_machine()}-")) for one in left)


def _begun(destination: Path) -> tuple[Path, int]:
    parent, prefix = _parent_and_prefix(destination)
    try:
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            folder = Path(tempfile.mkdtemp(prefix=f"{prefix}{_machine()}-", dir=parent))
            with contextlib.suppress(FileNotFoundError, BlockingIOError):  # swept before it was locked
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                try:
                    lock_if_possible(descriptor)
                except BlockingIOError:
                    os.close(descriptor)
                    raise
                if is_at(descriptor, folder):
                    return folder, descriptor
                os.close(descriptor)
    except OSError as error:
        raise WriteError(parent, f"no folder to work in can be made there: {error.strerror}") from error


def _parent_and_prefix(destination: Path) -> tuple[Path, str]:
    if isinstance(destination, UrlPath):
        return Path(tempfile.gettempdir()), _PREFIX_OF_MACHINE
    return destination / BATCH_FOLDER, _PREFIX


def _machine() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def _removed(folder: Path, *, is_ours: bool) -> bool:
    """Remove a folder unless a worker has it; tell whether it is gone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:  # no folder, another user's, or gone
        return False
    try:
        if os.fstat(descriptor).st_uid != os.getuid():
            return False
        least = 0.0 if is_ours else _OTHER_MACHINE
        try:
            lock(descriptor)
        except BlockingIOError:
            return False
        except OSError:
            least = _NO_LOCKS
        if _unchanged_for(folder) < least:
            return False
        shutil.rmtree(folder, ignore_errors=True)
        return True
    finally:
        os.close(descriptor)


def _unchanged_for(folder: Path) -> float:
    """Return for how many seconds nothing in a folder has changed."""
    latest = folder.stat().st_mtime
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            status = path.lstat()
            if not stat.S_ISLNK(status.st_mode):
                latest = max(latest, status.st_mtime)
    return max(0.0, time.time() - latest)
