"""The moments at which requests to one endpoint are answered; whose time that is, `audience` says."""

from __future__ import annotations

from ...feeds.venue import VenueClock
from ..steering.steering import Steering
from ..venue.endpoints import Endpoint
from .audience import Audience
from .derived.moment import Now

__all__ = ["Moments"]


class Moments:
    """
    Tells the moment that is now.

    Args:
        endpoint: The endpoint.
        audience: Who is connected.
        steering: Says when something is played.

    """

    def __init__(self, endpoint: Endpoint, audience: Audience, steering: Steering) -> None:
        self._endpoint = endpoint
        self._audience = audience
        self._steering = steering
        self._clock = VenueClock(0 if endpoint.venue is None else endpoint.venue.survey.ahead)

    def now(self, host: str) -> Now:
        """Return the moment that is now for a request from a host."""
        listener = self._audience.nearest(self._endpoint.name, host)
        if listener is not None and listener.reached is not None:
            present = listener.present
            return Now(present, listener.venue_time(present), listener.reached)
        one, present = self._steering.one, self._endpoint.timing.beginning
        reached = None if one is None else one.reached(self._endpoint.frames)
        if one is not None and reached is not None:
            present = one.present or present
        return Now(present, self._clock.shown(present), reached)
