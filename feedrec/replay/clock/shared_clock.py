"""
One time for all clients.

It begins with the first client that subscribes, and passes whether clients are connected or not. A client that
connects or reconnects later joins at the present. When a client has been sent everything and none is left, this time
is over: the next client starts from the beginning.
"""

from __future__ import annotations

from .schedule import Clock, Schedule
from .time_types import RecordedSteady

__all__ = ["SharedTime"]


class SharedTime:
    """
    The time of all clients.

    Args:
        beginning: The steady time at which it begins; None for that of the first frame of the first client, which it
            is also if that is earlier.
        speed: Recorded seconds per second, finite.
        clock: Returns the monotonic time.

    Attributes:
        beginning: The steady time at which it begins, or has begun.

    """

    def __init__(self, beginning: RecordedSteady | None, speed: float, clock: Clock) -> None:
        self.beginning = beginning
        self._given = beginning
        self._speed = speed
        self._clock = clock
        self._schedule: Schedule | None = None
        self._clients = 0
        self._has_ended = False

    @property
    def present(self) -> RecordedSteady | None:
        """The steady time that is now; None if it has not begun."""
        return None if self._schedule is None else self._schedule.recorded_at(self._clock())

    def begin(self, first_time: RecordedSteady) -> Schedule:
        """Begin, unless it has begun, for a client whose first frame is of `first_time`; return the common schedule."""
        if self._schedule is None:
            self.beginning = first_time if self._given is None else min(first_time, self._given)
            self._schedule = Schedule(self.beginning, self._clock(), self._speed)
        return self._schedule

    def come(self) -> None:
        """Count a client that has connected."""
        self._clients += 1

    def leave(self, *, finished: bool) -> None:
        """Count a client that has left; `finished` if it was sent everything."""
        self._clients -= 1
        self._has_ended = self._has_ended or finished
        if self._has_ended and not self._clients:
            self._schedule = None
            self._has_ended = False
