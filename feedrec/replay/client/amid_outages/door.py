"""Who is let in while a replay has outages."""

from __future__ import annotations

import math

from ...clock.time_types import RecordedSteady
from ...outages.client_outages import ClientOutages
from ...outages.endpoint_outages import EndpointOutages
from ...outages.plan import Refusal
from ...steering.one_timeline import OneTimeline
from ...venue.endpoints import Endpoints

__all__ = ["Door", "open_doors"]


class Door:
    """
    The door of an endpoint.

    Args:
        outages: Its outages.
        timeline: The timeline of all clients.

    """

    def __init__(self, outages: EndpointOutages, timeline: OneTimeline) -> None:
        self._outages = outages
        self._timeline = timeline

    def refusal(self) -> Refusal | None:
        """Return how a handshake is refused, None to let the client in; time that is to begin amid an outage does."""
        timeline, now = self._timeline, self._timeline.now
        if not timeline.has_begun and self._outages.at(now) is not None:
            timeline.begin(now)
        return self._outages.answer(now, takes_time=self._takes_time)

    def let_in(self) -> ClientOutages:
        """Return what outages do to a client that was let in just now."""
        return ClientOutages(self._outages, None if self._takes_time else self.now)

    @property
    def now(self) -> RecordedSteady:
        """The steady time that is now, or at which it will begin."""
        return self._timeline.now

    @property
    def has_begun(self) -> bool:
        """Whether time has begun."""
        return self._timeline.has_begun

    @property
    def _takes_time(self) -> bool:
        return self._timeline.is_paused or math.isfinite(self._timeline.speed)


def open_doors(endpoints: Endpoints, timeline: OneTimeline | None) -> dict[str, Door]:
    """Return the doors of the endpoints whose outages are replayed, by their names; a timeline stops at all ends."""
    if timeline is None:
        return {}
    timeline.stop_at(endpoints.next_stop)
    return {each.name: Door(each.outages, timeline) for each in endpoints if each.outages is not None}
