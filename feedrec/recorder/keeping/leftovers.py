"""
Finishes what killed recorders have left of a feed: files with its names that are not finished, and that nobody writes.

A process with low priority does so, as `feedrec repair` would. What a process of the killed recorder still has locked
is waited for, for some seconds. What is damaged stays as it is, under its `.part` name. What ends within its header is
removed: nothing was recorded in it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from pathlib import Path
from typing import NamedTuple

from ...formats.file.lock import is_being_written, lock, unlink_if_at
from ...formats.file.names import finished_path, is_part, pending_path
from ...formats.file.naming.file_naming import FileNaming
from ...formats.stream.first_line import ends_within_first_line
from ..output.finisher import DISK_FULL, PAUSE_OF_FULL_DISK, Finisher
from .named_files import NamedFiles

__all__ = ["LeftOver", "LeftoverFinisher", "left_over", "remove_unbegun"]

_PATIENCE = 30.0  # seconds for which a lock may outlive a killed recorder
_POLL = 0.1
_LARGEST_HEADER = 1 << 20  # bytes; what is longer and has no line is looked at by a person

log = logging.getLogger("feedrec")


class LeftOver(NamedTuple):
    """
    Files that are not finished, in the order of their names.

    Attributes:
        free: Those that nobody writes.
        locked: Those that somebody writes, or that a process of a killed recorder has not let go of yet.

    """

    free: list[Path]
    locked: list[Path]


def left_over(naming: FileNaming) -> LeftOver:
    """
    Return the files with names of a naming that are not finished.

    Look before the first file is begun. A journal is not finished before it is Parquet. What is empty, as at its very
    beginning, has nothing to finish.
    """
    found = LeftOver([], [])
    for file in NamedFiles(naming).look():
        if not file.is_finished and file.size:
            (found.locked if is_being_written(file.path) else found.free).append(file.path)
    return found


def remove_unbegun(naming: FileNaming, before: int) -> None:
    """
    Remove files of a naming that were left with less than a header, and say so; what somebody writes stays.

    Args:
        naming: How they are named.
        before: What was changed at this wall time or later stays, in nanoseconds: another recorder may just begin it.

    """
    for file in NamedFiles(naming).look():
        if is_part(file.path) and file.size <= _LARGEST_HEADER:
            with contextlib.suppress(OSError):  # somebody writes it, nothing tells whether, or it is closed to us
                _remove_if_unbegun(file.path, before)


def _remove_if_unbegun(path: Path, before: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        lock(descriptor)
        is_old = os.fstat(descriptor).st_mtime_ns < before
        if is_old and ends_within_first_line(os.read(descriptor, _LARGEST_HEADER + 1)):
            unlink_if_at(descriptor, path)
            log.info("removed %s, which an earlier recorder left: it ends within its header", path)
    finally:
        os.close(descriptor)


class LeftoverFinisher(Finisher):
    """
    Finishes `.part` files that were left over; see `Finisher`.

    Args:
        endpoint: The endpoint that they must be of.

    Attributes:
        stayed: Those that are damaged, or could not be finished.

    """

    main = "feedrec.cli.recording.finish_leftover:main"
    step = "left over"

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._endpoint = endpoint
        self.stayed: list[Path] = []
        self._patient_until = time.monotonic() + _PATIENCE
        self._is_ending = threading.Event()
        self._locked: set[Path] = set()

    def add_locked(self, path: Path) -> None:
        """Queue a file that somebody has locked: it is finished if it is let go of soon."""
        self._locked.add(path)
        self.add(path)

    def finish(self) -> None:
        """Wait until all are finished; Ctrl-C ends the wait, and they stay for the next recorder."""
        self._is_ending.set()
        self._wait("finishing what was left over: %s")

    def give_up(self) -> None:
        """Forget what waits, and end what is being done; the files stay as they are."""
        super().give_up()
        self._is_ending.set()

    def _finish_one(self, path: Path) -> None:
        if path in self._locked:
            while is_being_written(path) and time.monotonic() < self._patient_until and not self._is_ending.wait(_POLL):
                pass
            if is_being_written(path):  # by another recorder
                return
            if not os.path.lexists(path):  # it was just being finished; what is to be done then may be left to us
                if os.path.lexists(pending_path(path)) and os.path.lexists(finished_path(path)):
                    self.then(finished_path(path))
                return
        code, said = self._try(path)
        finished = finished_path(path)
        if code == 0:
            log.info("finished %s, which an earlier recorder left", finished)
            self.then(finished)
        elif not self._gives_up and os.path.lexists(path) and not is_being_written(path):  # else another one does it
            self.stayed.append(path)
            text = (
                "%s, which an earlier recorder left, stays as it is (%s): feedrec repair saves what can be read of it"
            )
            log.warning(text, path, said)

    def _try(self, path: Path) -> tuple[int, str]:
        """Run the process, again and again as long as the disk is full; return its exit code, and what it said last."""
        has_told = False
        while True:
            code, said = self._run([self._endpoint, os.fspath(path)])
            if code != DISK_FULL or self._is_ending.is_set():
                return code, said
            if not has_told:
                has_told = True
                log.warning("%s, which an earlier recorder left, waits to be finished: %s", path, said)
            self._is_ending.wait(PAUSE_OF_FULL_DISK)
