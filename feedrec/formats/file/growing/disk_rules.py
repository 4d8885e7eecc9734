"""
What a recorder does about a disk that refuses.

Pure: the rules alone, without files, threads or clocks.
"""

from __future__ import annotations

import enum
import errno
from typing import NamedTuple

from ....errors import FeedrecError, WriteError

__all__ = ["REPORT_EVERY", "DiskRules", "Refusal", "Reminder", "Trouble", "is_full", "reason_of", "refusal_of"]

REPORT_EVERY = 30.0
"""Seconds between two reports of what has not changed."""

_RETRY_EVERY = 0.25

# Rule 1: a disk that is full, or that may only be read for the moment, keeps what it has: the same bytes are handed to
# it again until it takes them.
#
# Rule 2: after an input/output error nothing is known of what it had before. Success of another attempt would prove
# nothing, since the operating system reports each failure once: the file is left as it is, and a new one begins. The
# same holds for a failed fsync, whatever the error.
#
# Rule 3: if a file cannot be created, whatever the reason, that is tried again: the folder may be that of a file system
# that is not mounted.
#
# Rule 4: a file that takes no more, since it was made immutable, is left as it is, too.
#
# Rule 5: what is left is a request that will never succeed, such as a file larger than is allowed: it ends the run.


class Refusal(enum.Enum):
    """What to do about a refused write."""

    TRY_AGAIN = enum.auto()
    NEW_FILE = enum.auto()
    GIVE_UP = enum.auto()


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN}
_BROKEN = {errno.EIO, errno.ESTALE, errno.ENXIO, errno.ENODEV, errno.ETIMEDOUT, errno.ENOTCONN, errno.ESHUTDOWN}
_CLOSED = {errno.EPERM, errno.EACCES}  # the file takes no more: it was made immutable


def is_full(error: BaseException) -> bool:
    """Return whether something failed since a disk is full, or takes nothing for the moment."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _FULL:
            return True
        cause = cause.__cause__
    return False


def refusal_of(error: WriteError) -> Refusal:
    """Return what to do about a write that failed."""
    cause = error.__cause__
    number = cause.errno if isinstance(cause, OSError) else None
    if number in _FULL:
        return Refusal.TRY_AGAIN
    return Refusal.NEW_FILE if number in _BROKEN | _CLOSED else Refusal.GIVE_UP


def reason_of(error: FeedrecError) -> str:
    """Return why the operating system refused, without the name of the file."""
    cause = error.__cause__
    if isinstance(cause, FileNotFoundError):
        return "its folder is gone"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return error.reason if isinstance(error, WriteError) else str(error)


class DiskRules(NamedTuple):
    """
    How a recorder deals with a disk that takes nothing.

    Attributes:
        patience: Seconds after which it gives up.
        min_free: Bytes of the file system that are left free.

    """

    patience: float = 600.0
    min_free: int = 0


class Reminder:
    """Says when something is to be reported that lasts, or comes again and again: at once, then each half minute."""

    def __init__(self) -> None:
        self._last: float | None = None

    def is_due(self, now: float) -> bool:
        """Return whether it is to be reported at a time in seconds of a steady clock; then it counts as reported."""
        if self._last is not None and now - self._last < REPORT_EVERY:
            return False
        self._last = now
        return True


class Trouble:
    """
    The time during which the disk takes nothing: when to try again, what to report when, when to give up.

    Times are seconds of a steady clock.

    Args:
        patience: Seconds after which to give up.

    Attributes:
        reason: Why it takes nothing; None while it does.

    """

    def __init__(self, patience: float) -> None:
        self.reason: str | None = None
        self._patience = patience
        self._began = 0.0
        self._next_try = 0.0
        self._reminder = Reminder()
        self._is_reported = False

    def note(self, reason: str, now: float, again_after: float = _RETRY_EVERY) -> None:
        """Note that it refused, for the first time or again."""
        if self.reason is None:
            self._began = now
            self._is_reported = False
        self.reason = reason
        self._next_try = now + again_after

    def is_due(self, now: float) -> bool:
        """Return whether it is time to try again."""
        return self.reason is not None and now >= self._next_try

    def is_over(self, now: float) -> bool:
        """Return whether it is time to give up."""
        return self.reason is not None and now - self._began >= self._patience

    def seconds(self, now: float) -> float:
        """Return how long it has taken nothing."""
        return now - self._began if self.reason is not None else 0.0

    def wants_report(self, now: float) -> bool:
        """
        Return whether it should be reported now; then it counts as reported.

        A disk that is full, has room for a moment and is full again is reported no more often than one that stays full.
        """
        if self.reason is None or not self._reminder.is_due(now):
            return False
        self._is_reported = True
        return True

    def end(self, now: float) -> float | None:
        """Note that it takes bytes again; return for how long it did not, if it was reported that it did not."""
        if self.reason is None:
            return None
        seconds, self.reason = self.seconds(now), None
        return seconds if self._is_reported else None
