"""
One time for all clients.

It begins with the first client that subscribes, and passes whoever comes and goes. Who comes later, or comes back,
joins at the present. When a client was given everything and nobody is left, it is over: the next client begins anew.
"""

from __future__ import annotations

from .schedule import Clock, Schedule

__all__ = ["SharedTime"]


class SharedTime:
    """
    The time of all clients.

    Args:
        beginning: The recorded time in nanoseconds at which it begins; None for that of the first frame given.
        speed: Recorded seconds per second, finite.
        clock: Tells the monotonic time in nanoseconds.

    """

    def __init__(self, beginning: int | None, speed: float, clock: Clock) -> None:
        self._beginning = beginning
        self._speed = speed
        self._clock = clock
        self._schedule: Schedule | None = None
        self._clients = 0
        self._has_ended = False

    @property
    def present(self) -> int | None:
        """The recorded time of now; None if it has not begun."""
        return None if self._schedule is None else self._schedule.recorded_at(self._clock())

    def begin(self, first_time: int) -> Schedule:
        """Begin, unless it has begun, for a client whose first frame is of a recorded time; give what all go by."""
        if self._schedule is None:
            beginning = first_time if self._beginning is None else self._beginning
            self._schedule = Schedule(beginning, self._clock(), self._speed)
        return self._schedule

    def come(self) -> None:
        """Count a client that connected."""
        self._clients += 1

    def leave(self, *, finished: bool) -> None:
        """Take note that a client is gone, and whether it had been given everything."""
        self._clients -= 1
        self._has_ended = self._has_ended or finished
        if self._has_ended and not self._clients:
            self._schedule = None
            self._has_ended = False
