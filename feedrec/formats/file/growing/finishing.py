"""What only waits for the storage device: fsync and final names, in a thread of its own, beside the writing."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from ....errors import FeedrecError, WriteError
from ....threads import thread_for
from ..lock import is_at
from ..names import part_path
from ..target import move_into_place
from .disk_rules import Refusal, refusal_of
from .growing_file import GrowingFile

__all__ = ["Finishing"]

log = logging.getLogger("feedrec")

_SYNC_PATIENCE = 6  # times the patience for a write: fsync shows no progress


class Finishing:
    """
    Does what was asked for, in order. The thread does not keep the process from ending.

    Args:
        patience: Seconds for which a name is tried again if the disk is full; None if errors are final.
        on_finished: Called with the name of each finished file, in the thread.

    Attributes:
        places: Where the files are that are finished, or were left as they were, in order.
        failed: Files that could not be finished, or may not be on the storage device, and why.
        frames_gone: Received frames of files that have no name left.

    """

    def __init__(self, patience: float | None, on_finished: Callable[[Path], object]) -> None:
        self.places: list[Path] = []
        self.frames_gone = 0
        self.failed: deque[tuple[GrowingFile, FeedrecError]] = deque()
        self._patience = patience
        self._on_finished = on_finished
        self._jobs: deque[tuple[Callable[[GrowingFile], None], GrowingFile]] = deque()
        self._changed = threading.Condition()
        self._is_running = False
        self._is_syncing = False
        self._moved: list[tuple[GrowingFile, Path]] = []

    @property
    def waiting(self) -> int:
        """Number of files that are not finished."""
        return len(self._jobs) - self._is_syncing

    @property
    def all_places(self) -> list[Path]:
        """Where files are, and after them where those will be that only lack their names."""
        with self._changed:
            expected = [file.target.path for job, file in self._jobs if job == self._commit]
            return list(dict.fromkeys([*self.places, *expected]))

    def sync(self, file: GrowingFile) -> None:
        """Force what is written of a file onto the storage device, unless that is going on: it may take long."""
        if not self._is_syncing:
            self._is_syncing = True
            self._do(self._sync, file)

    def commit(self, file: GrowingFile) -> None:
        """Give a file that has its end its final name."""
        self._do(self._commit, file)

    def leave(self, file: GrowingFile) -> None:
        """Close a file as it is, under the name that it has."""
        self._do(self._leave, file)

    def wait(self, patience: float | None) -> bool:
        """Wait until everything is done, but not several times `patience` without a change; return whether it is."""
        with self._changed:
            while count := len(self._jobs):
                limit = None if patience is None else patience * _SYNC_PATIENCE
                if not self._changed.wait_for(lambda: len(self._jobs) != count, limit):
                    return False
        return True

    def take_back(self) -> None:
        """Give files that were moved away, left where they were, and moved back since, their final names."""
        for file, place in self._moved:
            target, part = file.target, part_path(file.target.path)
            if is_at(target.identity, place) or not is_at(target.identity, part):
                continue
            found = part
            with contextlib.suppress(FeedrecError):
                move_into_place(part, target.path, target.identity)
                found = target.path
                self._on_finished(found)
            self.places[self.places.index(place)] = found

    def _do(self, job: Callable[[GrowingFile], None], file: GrowingFile) -> None:
        with self._changed:
            self._jobs.append((job, file))
            if not self._is_running:
                self._is_running = True
                thread_for(self._run, "feedrec-finish").start()

    def _run(self) -> None:
        while True:
            job, file = self._jobs[0]
            try:
                job(file)
            except Exception as error:  # noqa: BLE001  a thread has no caller to raise to
                self.failed.append((file, WriteError(file.target.path, f"could not be finished: {error!r}")))
            with self._changed:
                self._jobs.popleft()
                self._changed.notify_all()
                if not self._jobs:
                    self._is_running = False
                    return

    def _sync(self, file: GrowingFile) -> None:
        size = file.size
        try:
            file.target.sync()
        except FeedrecError as error:
            self.failed.append((file, error))
        else:
            file.synced_size = size
        finally:
            self._is_syncing = False

    def _commit(self, file: GrowingFile) -> None:
        try:
            file.target.sync()
            path = self._take_name(file)
        except FeedrecError as error:
            self._leave(file)
            self.failed.append((file, error))
            return
        self.places.append(path)
        self._on_finished(path)

    def _take_name(self, file: GrowingFile) -> Path:
        """Give a file its final name; one that has no name left gets a copy, for which there may be no room yet."""
        deadline = time.monotonic() + (self._patience or 0)
        while True:
            try:
                return file.target.commit()
            except WriteError as error:
                is_gone = isinstance(error.__cause__, FileNotFoundError)  # the folder, which may come back
                may_succeed = is_gone or refusal_of(error) is Refusal.TRY_AGAIN
                if not may_succeed or time.monotonic() >= deadline:
                    raise
            time.sleep(1)

    def _leave(self, file: GrowingFile) -> None:
        place = file.target.place
        if not file.target.is_gone:
            part = part_path(file.target.path)
            self.places.append(place or part)  # its file system may be mounted again
            if place is not None and place != part:
                self._moved.append((file, place))
        else:
            self.frames_gone += file.frames
            log.error("%s was removed, and could not be copied: its %d frames are lost", file.target.path, file.frames)
        file.target.release()
