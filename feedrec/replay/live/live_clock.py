"""How the venue's clock differs from the recorder's, as the last frames tell it. Pure."""

from __future__ import annotations

from collections.abc import Callable

from ...model import NANOSECONDS, Frame
from ..client.venue_time import VenueTime

__all__ = ["LiveClock"]

LEAST_DIFFERENCE = NANOSECONDS
"""Less than this is how long frames are on their way, rather than a difference of clocks."""

_WINDOW = 60 * NANOSECONDS
_PAUSE = NANOSECONDS // 10  # between two frames that are looked at
_LARGEST = 1 << 16  # bytes of a frame that is


class LiveClock:
    """
    Compares the times that frames name with those at which they came, over the last minute or two.

    Args:
        own_time: Returns the time that a frame names, None if it names none.

    Attributes:
        time: The venue's clock, for all clients.

    """

    def __init__(self, own_time: Callable[[bytes], int | None]) -> None:
        self.time = VenueTime()
        self._own_time = own_time
        self._began = 0  # when the window did
        self._looked = 0
        self._least, self._most = 0, 0
        self._before: tuple[int, int] | None = None  # those of the window before

    def take(self, frame: Frame) -> None:
        """Look at a frame, unless one was looked at just now."""
        time = frame.time
        if 0 <= time - self._looked < _PAUSE or frame.synthetic or len(frame.payload) > _LARGEST:
            return
        own = self._own_time(frame.payload)
        if own is None:
            return
        self._looked = time
        ahead = own - time
        if not 0 <= time - self._began < _WINDOW:
            self._before = (self._least, self._most) if self._began else None
            self._began, self._least, self._most = time, ahead, ahead
        self._least, self._most = min(self._least, ahead), max(self._most, ahead)
        least, most = self._before or (self._least, self._most)
        least, most = min(least, self._least), max(most, self._most)
        self.time.clock.ahead = most if abs(most) >= LEAST_DIFFERENCE else 0
        self.time.behind = max(least, most - LEAST_DIFFERENCE)  # more than that is a network that stood still
