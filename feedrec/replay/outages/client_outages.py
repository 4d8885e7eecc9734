"""What outages do to one client."""

from __future__ import annotations

from collections.abc import Sequence

from ...feeds.venue import Close
from ...model import Frame, FrameInfo
from ..clock.time_types import RecordedSteady
from .endpoint_outages import EndpointOutages
from .plan import LONGEST_FAREWELL, Outage

__all__ = ["ClientOutages"]


class ClientOutages:
    """
    What outages do to one client, which was let in.

    Args:
        outages: Those of its endpoint.
        let_in: The time at which it was let in, if that takes no time; None where time passes.

    Attributes:
        dismissal: How its connection ends, once it does.

    """

    def __init__(self, outages: EndpointOutages, let_in: RecordedSteady | None = None) -> None:
        self.dismissal: Close | None = None
        self._outages = outages
        amid = None if let_in is None else outages.at(let_in)
        self._over = None if amid is None else amid.end  # of the outage at the end of which it was let in
        self._since: RecordedSteady | None = None
        self._next: Outage | None = None

    def begin(self, time: RecordedSteady) -> None:
        """Take note that it is sent what was recorded from a time on."""
        self._since = time if self._over is None else max(time, self._over)
        self._next = None

    def move(self, time: RecordedSteady) -> None:
        """Take note that it goes on at another time."""
        self._over = None
        self.begin(time)

    async def look(self, times: Sequence[RecordedSteady]) -> bool:
        """
        Look at the next frames.

        Args:
            times: Their times, in order; at least one.

        Returns:
            Whether an outage has to do with them: each is then to be asked for.

        """
        await self._outages.know(times[-1])
        self._next = self._find()
        return self._next is not None and self._next.begin - LONGEST_FAREWELL <= times[-1]

    def before(self, time: RecordedSteady) -> Outage | None:
        """Return the outage that begins before a frame of a time, after all earlier frames; None if there is none."""
        return self._next if self._next is not None and self._next.begin < time else None

    def by_now(self, present: RecordedSteady) -> Outage | None:
        """Return the outage that has begun by now, of a client to which no frame is known; None if none has."""
        found = self._outages.at(present) if self._since is None else self._find()
        if found is None or found.begin > present or (self._over is not None and found.end <= self._over):
            return None
        return found

    def is_farewell(self, frame: Frame, info: FrameInfo, time: RecordedSteady) -> bool:
        """Tell whether a frame tells of the error for which the venue then closed the connection."""
        coming = self._next
        if info.kind != "error" or coming is None:
            return False
        return frame.conn == coming.conn and 0 <= coming.begin - time <= LONGEST_FAREWELL

    def _find(self) -> Outage | None:
        """Return the outage that it is in, or the next one."""
        if self._since is None:
            return None
        return self._outages.at(self._since) or self._outages.after(self._since)
