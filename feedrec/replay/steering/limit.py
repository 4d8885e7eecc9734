"""
Up to where frames may be played. Pure.

Frames that were read together share a time, so a time alone is no exact place: a limit is a time, and how many of the
frames that have it may be played. That means the same in every reading of the same recordings, however their lines are
cut into batches.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from ..clock.time_types import RecordedSteady

__all__ = ["NOTHING", "Limit", "Ties", "admitted"]


class Limit(NamedTuple):
    """
    A limit.

    Attributes:
        time: Frames before this steady time may be played, those after it may not. What is made may be sent if it is
            due at this time or before.
        ties: How many of the frames at this time may be played.

    """

    time: RecordedSteady
    ties: int = 0


NOTHING = Limit(RecordedSteady(-1))
"""No frame may be played."""


class Ties:
    """
    Counts the frames before a batch that have the time of its first frame.

    Args:
        last: The time of the last frame before the first batch, and how many frames had it up to there; None for none.

    Attributes:
        before: Their number, for the batch that was begun last.

    """

    def __init__(self, last: Limit | None = None) -> None:
        self.before = 0
        self._last = last
        self._times: Sequence[RecordedSteady] = ()

    def begin(self, times: Sequence[RecordedSteady]) -> None:
        """Go on to the next batch, whose times these are."""
        if self._times:
            self._last = self.at(len(self._times))
        last = self._last
        self.before = last.ties if last is not None and times[0] == last.time else 0
        self._times = times

    def at(self, past: int) -> Limit | None:
        """Return the limit right after so many frames of the batch; None if there was never a frame before it."""
        if not past:
            return self._last
        times = self._times
        time = times[past - 1]
        return Limit(time, past - bisect_left(times, time, 0, past) + (self.before if time == times[0] else 0))

    def admitted(self, limit: Limit) -> int:
        """Return how many of the first frames of the batch may be played."""
        return admitted(self._times, self.before, limit)


def admitted(times: Sequence[RecordedSteady], before: int, limit: Limit) -> int:
    """
    Return how many of the first frames of a batch may be played.

    Args:
        times: The steady times of its frames, in order; at least one.
        before: How many frames before the batch have the time of its first one.
        limit: Up to where.

    """
    first = bisect_left(times, limit.time)
    count = limit.ties - (before if times[0] == limit.time else 0)
    return first if count <= 0 else min(first + count, bisect_right(times, limit.time, first))
