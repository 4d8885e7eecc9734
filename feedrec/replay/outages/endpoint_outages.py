"""
The outages of an endpoint, for its clients and for those who want to be.

Where time passes by itself, a handshake is answered by the time. Where it takes no time, the time stands where the
outage begins as long as no client is there. Then each attempt is answered as the next recorded one was, and after the
last of them the outage is over.
"""

from __future__ import annotations

import asyncio

from ..clock.time_types import RecordedSteady
from .plan import Outage, Refusal
from .reading import OutageReading

__all__ = ["EndpointOutages"]

_LOOK_EVERY = 0.01  # seconds, while what is to be known is still being read


class EndpointOutages:
    """
    The outages of an endpoint.

    Args:
        reading: Reads them.

    """

    def __init__(self, reading: OutageReading) -> None:
        self._reading = reading
        self._answered: tuple[RecordedSteady, int] | None = None  # the beginning of an outage, and how many attempts

    def start(self) -> None:
        """Begin to read what is not known yet."""
        self._reading.start()

    def close(self) -> None:
        """Read no more."""
        self._reading.close()

    async def know(self, time: RecordedSteady) -> None:
        """Wait until all outages that begin before a time are known, unless they are still to be recorded."""
        while self._reading.known_until < time and not self._reading.is_waiting:  # noqa: ASYNC110  see below
            await asyncio.sleep(_LOOK_EVERY)  # a thread that reads tells nobody

    def at(self, time: RecordedSteady) -> Outage | None:
        """Return the outage in which a time is; None if there is none."""
        return self._reading.plan.at(time)

    def after(self, time: RecordedSteady) -> Outage | None:
        """Return the first outage that begins after a time; None if there is none."""
        return self._reading.plan.after(time)

    def answer(self, present: RecordedSteady, *, takes_time: bool) -> Refusal | None:
        """
        Answer a handshake.

        Args:
            present: The time that is now.
            takes_time: Whether time passes, or stands until it is told to pass.

        Returns:
            How it is refused; None to let the client in.

        """
        outage = self.at(present)
        if outage is None:
            return None
        if takes_time:
            return outage.answer_at(present)
        count = self._answered[1] if self._answered is not None and self._answered[0] == outage.begin else 0
        if count >= len(outage.refusals):
            self._answered = None  # if it comes again, it does from its beginning
            return None
        self._answered = outage.begin, count + 1
        return outage.refusals[count]
