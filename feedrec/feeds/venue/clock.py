"""The venue"s clock."""

from __future__ import annotations

from collections.abc import Callable

from ...model import NANOSECONDS, TIME_LIMIT

__all__ = ["VenueClock"]


class VenueClock:
    """
    The clock of the venue as the recordings show it: what is made for a client is stamped with it.

    Args:
        ahead: Nanoseconds by which it is ahead of the recorder's clock; an attribute, too.
        limit: Returns, at a recorded time, the time that the next frame names, than which no stamp may be later.

    """

    def __init__(self, ahead: int = 0, limit: Callable[[int], int | None] = lambda time: None) -> None:  # noqa: ARG005
        self.ahead = ahead
        self._limit = limit

    def at(self, time: int) -> int:
        """Return what to stamp a frame with that is made at a recorded time."""
        limit = self._limit(time)
        return self.shown(time if limit is None else min(time, limit - self.ahead))

    def shown(self, time: int) -> int:
        """Return what this clock showed at a recorded time, whatever frames name: a last trade may be hours old."""
        return _as_time(time + self.ahead)

    def last_second(self, time: int) -> int:
        """Return the whole second that this clock showed last at a recorded time, whatever was recorded then."""
        return self.shown(time) // NANOSECONDS * NANOSECONDS

    def next_second(self, time: int) -> int:
        """Return the recorded time after `time` at which this clock is next at a whole second."""
        return ((time + self.ahead) // NANOSECONDS + 1) * NANOSECONDS - self.ahead


def _as_time(nanoseconds: int) -> int:
    return min(max(nanoseconds, 0), TIME_LIMIT - NANOSECONDS)
