"""
Removes the oldest files of a feed, with what belongs to them.

These are files that have names of this recording, and in whose header are its endpoint and its subscriptions: no
others, and none that is still needed.

It looks at the start and after each finished file, in a thread of its own. What it read of a file it knows as long as
that is the same file.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import time
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from ...formats.file.lock import Identity, identity_of, lock_if_possible, unlink_if_at
from ...formats.file.names import carried_path, pending_path, shipped_path, state_path
from ...formats.file.naming.file_naming import FileNaming
from ...model import NANOSECONDS
from ..output.finisher import Finisher
from .believed_clock import BelievedClock
from .feed_key import FeedKey
from .file_ends import FileEnd, LowPriorityReader
from .keep_rule import Keep, KeptFile, remove_oldest
from .named_files import NamedFile, NamedFiles

__all__ = ["IsShipped", "Retention"]

_PATIENCE = 10.0  # seconds for which the end of a run waits for it
_MOST_FAILURES = 10  # in one look
_READ_AT_ONCE = 500  # files
_UNUSED_AFTER = 3600 * NANOSECONDS  # an empty folder is none then in which a file is just being begun

log = logging.getLogger("feedrec")


class IsShipped(Protocol):
    """Tells whether a file is safe somewhere else."""

    def __call__(self, path: Path) -> bool | None:
        """Return whether it is there, which is looked at now; None if that cannot be told now."""


class Reader(Protocol):
    """Reads of files which feed they are of."""

    def __call__(self, paths: Sequence[Path]) -> list[FileEnd] | None:
        """Return what is read of each; None if that was not possible."""

    def give_up(self) -> None:
        """Read no more."""


class Retention(Finisher):
    """
    Keeps so much of the files of a feed; see `Finisher`.

    Args:
        naming: How its files are named.
        key: Which feed it is.
        keep: How much is kept.
        clock: By which files are old.
        reader: Reads the headers of files.
        is_shipped: Tells whether a file is somewhere else, without which none is removed; None if all may be.

    Attributes:
        removed: Number of files that were removed.

    """

    step = "keep"

    def __init__(
        self,
        naming: FileNaming,
        key: FeedKey,
        keep: Keep,
        *,
        clock: BelievedClock | None = None,
        reader: Reader | None = None,
        is_shipped: IsShipped | None = None,
    ) -> None:
        super().__init__()
        self._naming, self._key, self._keep = naming, key, keep
        self._named = NamedFiles(naming)
        self._clock = clock or BelievedClock(doubts=is_shipped is None)
        self._reader = reader or LowPriorityReader()
        self._known: dict[Identity, FileEnd] = {}
        self._keys = {key: key}
        self._failures: list[tuple[Path, str]] = []
        self._has_warned = self._has_told_of_others = self._has_told_of_unshipped = False
        self._is_shipped = is_shipped
        self.removed = 0

    def finish(self) -> None:
        """Wait for it, but not long: the next recorder goes on with it."""
        thread = self._thread
        if thread is not None:
            thread.join(_PATIENCE)
        self.give_up()

    def give_up(self) -> None:
        """Remove no more."""
        self._reader.give_up()
        super().give_up()

    def look(self) -> None:
        """Remove what is too much now."""
        found = {file.path: file for file in self._named.look()}
        kept = self._kept(list(found.values()))
        last = max((file.place for file in found.values()), default=None)
        self._failures = []

        def remove(one: KeptFile, is_old: bool) -> bool:  # noqa: FBT001  as it is told
            if self._gives_up or len(self._failures) >= _MOST_FAILURES or not self._may_go(one, last):
                return False
            if not self._remove(found[one.path]):
                return False
            log.info("removed %s: %s", one.path, "it is older than is kept" if is_old else "all are more than is kept")
            self.removed += 1
            return True

        age, newest = self._keep.nanoseconds, max((one.end for one in kept), default=None)
        remove_oldest(kept, self._keep, 0 if age is None else self._clock.now(newest, age), remove)
        self._report()
        self._remove_unused_folders()

    def _finish_one(self, path: Path) -> None:  # noqa: ARG002  whichever it is
        with self._lock:
            is_last = not self._files  # of those that were finished meanwhile, one look is enough
        if is_last and not self._gives_up:
            self.look()

    def _kept(self, found: Sequence[NamedFile]) -> list[KeptFile]:
        """Return the finished files of the feed."""
        finished = [file for file in found if file.is_finished]
        self._read([file for file in finished if file.identity not in self._known])
        ends = {file.path: end for file in finished if (end := self._known.get(file.identity)) is not None}
        self._known = {file.identity: ends[file.path] for file in finished if file.path in ends}
        self._tell_of_others(ends.values())
        held = self._held(found)
        return [
            KeptFile(end.end or file.identity[-1], file.place, file.size, file.path, file.path in held)
            for file in finished
            if (end := ends.get(file.path, FileEnd())).key == self._key
        ]

    def _read(self, unknown: Sequence[NamedFile]) -> None:
        for start in range(0, len(unknown), _READ_AT_ONCE):
            some = unknown[start : start + _READ_AT_ONCE]
            ends = self._reader([file.path for file in some])
            if ends is None:  # what is unknown stays
                return
            for file, end in zip(some, ends, strict=True):  # ten thousand files have a few keys together
                self._known[file.identity] = end._replace(key=end.key and self._keys.setdefault(end.key, end.key))

    def _held(self, found: Sequence[NamedFile]) -> set[Path]:
        """Return the files with which something must still be done, and those before them, which that may need."""
        held: set[Path] = set()
        for before, file in pairwise([None, *found]):
            if file is not None and file.is_pending:
                held.update(one.path for one in (before, file) if one is not None)
        return held

    def _may_go(self, file: KeptFile, last: tuple[int, int] | None) -> bool:
        """
        Return whether a file is safe without us.

        The last one stays: without it the next recorder would give its name again, which is taken there.
        """
        if self._is_shipped is None:
            return True
        path = file.path
        if file.place == last:
            return False
        if not os.path.lexists(shipped_path(path)):
            if not self._has_told_of_unshipped:
                self._has_told_of_unshipped = True
                log.warning("%s, and what else was never shipped, stays here: feedrec ship does it", path)
            return False
        is_shipped = self._is_shipped(path)
        if is_shipped is False:
            self._failures.append((path, "it is not there any more as it was shipped"))
        return is_shipped is True

    def _remove(self, file: NamedFile) -> bool:
        """Remove a file with what is beside it, if it is still the one that was seen, and nobody writes to it."""
        try:
            if not _unlinked(file):
                self._named.forget(file.path.parent)
                return False
        except OSError as error:
            self._failures.append((file.path, error.strerror or str(error)))
            return False
        for beside in (state_path(file.path), carried_path(file.path), shipped_path(file.path)):
            with contextlib.suppress(OSError):
                beside.unlink()
        self._remove_folders(file.path)
        return True

    def _remove_folders(self, path: Path) -> None:
        """Remove the folders in which nothing is left, from that of a file up, but not that of all files."""
        with contextlib.suppress(OSError):  # something is in it
            for level in range(self._naming.depth - 1):
                path.parents[level].rmdir()

    def _remove_unused_folders(self) -> None:
        """Remove folders that are empty since their files were moved away."""
        for folder, changed in self._named.empty_folders():
            with contextlib.suppress(OSError):
                if time.time_ns() - changed > _UNUSED_AFTER:
                    folder.rmdir()

    def _report(self) -> None:
        """Say once that something cannot be removed, until all can be again."""
        if self._failures and not self._has_warned:
            path, reason = self._failures[0]
            more = f", nor others: at least {len(self._failures)}" if len(self._failures) > 1 else ""
            log.warning("%s is older than is kept, and cannot be removed%s: %s", path, more, reason)
        self._has_warned = bool(self._failures)

    def _tell_of_others(self, ends: Iterable[FileEnd]) -> None:
        others = sum(end.key is not None and end.key != self._key for end in ends)
        if others and not self._has_told_of_others:
            self._has_told_of_others = True
            log.info("%d files with such names are of another endpoint or of other subscriptions: they stay", others)


def _unlinked(file: NamedFile) -> bool:
    """Remove a file; return whether it was the one that was seen, and nobody has its lock."""
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ELOOP}:  # it is gone, or a link took its place
            return False
        raise
    try:
        if identity_of(os.fstat(descriptor)) != file.identity or os.path.lexists(pending_path(file.path)):
            return False
        lock_if_possible(descriptor)
        unlink_if_at(descriptor, file.path)
    except BlockingIOError:  # somebody has its lock
        return False
    finally:
        os.close(descriptor)
    return True
