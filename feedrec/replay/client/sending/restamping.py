"""
The times in what is sent to one client, moved to now.

How far is a matter of the schedule: what was recorded at a moment is stamped as if it had happened when that moment is
due. At speed 1 that is the same for everything until the schedule's anchor is taken anew (where the replay begins, goes
on after a pause, or is moved), so that all times keep their distances. What is not due by the clock, because time
stands still, is stamped with the time of its sending.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ....feeds.rewriting.moved_times import MovedTimes
from ....feeds.rewriting.time_fields import TimeFields
from ....feeds.venue import Message
from ...clock.schedule import Clock, Schedule
from ...clock.time_types import RecordedSteady, RecordedWall

__all__ = ["Restamping"]


class Restamping:
    """
    Moves the times in messages.

    Args:
        fields: Where the venue's frames have times.
        clock: Returns the monotonic time.
        wall_clock: Returns the wall clock, in nanoseconds since 1970.

    """

    def __init__(self, fields: TimeFields, clock: Clock, wall_clock: Callable[[], int] = time.time_ns) -> None:
        self._moved = MovedTimes(fields).moved
        self._clock = clock
        self._wall_clock = wall_clock
        self._schedule: Schedule | None = None
        self._changes = -1  # of the schedule, when the clocks were compared
        self._ahead = 0  # nanoseconds by which the wall clock is ahead of the monotonic one
        self._steady = RecordedSteady(0)
        self._wall = RecordedWall(0)

    def follow(self, schedule: Schedule) -> None:
        """Go by a schedule; before that, time stands still."""
        self._schedule, self._changes = schedule, -1

    def be_at(self, steady: RecordedSteady, wall: RecordedWall) -> None:
        """Be at a moment, from which the next messages are: its steady and its wall time."""
        self._steady, self._wall = steady, wall

    def restamped(self, message: Message) -> bytes:
        """Return a message with other times."""
        return self._moved(bytes(message), self._due - self._wall)

    @property
    def _due(self) -> int:
        """The wall time at which the moment is due, or now."""
        schedule = self._schedule
        deadline = None if schedule is None else schedule.deadline(self._steady)
        if schedule is None or deadline is None:
            self._changes = -1
            return self._wall_clock()
        if schedule.changes != self._changes:
            self._changes = schedule.changes
            self._ahead = self._wall_clock() - self._clock()
        return deadline + self._ahead
