"""What the venue's clock said, for the frames that are made for one client."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...feeds.venue import VenueClock
from ...model import NANOSECONDS, Frame

__all__ = ["VenueTime"]


class VenueTime:
    """
    The venue's clock, never later than the time that the next recorded frame names.

    Args:
        ahead: Nanoseconds by which it is ahead of the recorder's clock.
        behind: By how much the times that frames name are ahead at least; mostly negative.
        own_time: Returns the time that a frame names, None if it names none.

    Attributes:
        clock: That clock.
        behind: See above.
        next_payload: Returns the next recorded frame, None after the last one; None itself before the first is read.

    """

    def __init__(
        self,
        ahead: int = 0,
        behind: int = 0,
        own_time: Callable[[bytes], int | None] = lambda payload: None,  # noqa: ARG005
    ) -> None:
        self.clock = VenueClock(ahead, self._limit)
        self.next_payload: Callable[[], bytes | None] | None = None
        self._ahead = ahead
        self.behind = behind
        self._own_time = own_time

    def end(self, last: Iterable[Frame]) -> None:
        """
        Go on after the last frames, where the times that they name end.

        A recording that was made of a fast replay has another difference of clocks there than at its beginning. The
        frame that was least late tells it; less than a second is how long frames are on their way.
        """
        self.next_payload = lambda: None
        named = ((self._own_time(frame.payload), frame.time) for frame in last if not frame.synthetic)
        found = [own - recorded for own, recorded in named if own is not None]
        if found and abs(max(found) - self.clock.ahead) >= NANOSECONDS:
            self.clock.ahead = max(found)

    def begin_anew(self) -> None:
        """Go on before the end again, or after another frame."""
        self.next_payload = None
        self.clock.ahead = self._ahead

    def _limit(self, time: int) -> int | None:
        if self.next_payload is None:
            return time + self.behind
        payload = self.next_payload()
        return None if payload is None else self._own_time(payload)
