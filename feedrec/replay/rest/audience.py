"""
Whose time a request is answered at. Pure.

1. That of a client of the endpoint that is connected, and of these that of one which comes from the same address as the
   request if there is any, rather than from elsewhere; then of one that is sent frames rather than of one that is still
   to subscribe; then of the one that has connected last.
2. Without such a client, that at which the next one would begin: where all clients have one time, as of now; else the
   beginning. So whoever asks before connecting is told of what comes, also if others were here before.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from ..clock.time_types import RecordedWall
from ..timeline.frame_batches import FrameBatch

__all__ = ["Audience", "Listener", "nearest"]


class Listener(Protocol):
    """A client of a feed as far as requests depend on it."""

    @property
    def number(self) -> int:
        """Its number: the later it has connected the greater."""

    @property
    def host(self) -> str:
        """The address that it came from, without a port."""

    @property
    def reached(self) -> tuple[FrameBatch, int] | None:
        """The batch that is played, and how many of its frames are past; None if it is not sent anything yet."""

    @property
    def present(self) -> RecordedWall:
        """The recorded time that is now for it."""

    def venue_time(self, present: RecordedWall) -> int:
        """Return what the venue's clock says then."""


class Audience:
    """The clients that are connected, by endpoint."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._listeners.values()))

    def come(self, endpoint: str, listener: Listener) -> None:
        """Take a client that has connected to an endpoint."""
        self._listeners.setdefault(endpoint, []).append(listener)

    def leave(self, endpoint: str, listener: Listener) -> None:
        """Let go of a client."""
        self._listeners[endpoint].remove(listener)

    def nearest(self, endpoint: str, host: str) -> Listener | None:
        """Return the client whose time it is for a request from a host; None if nobody is there."""
        return nearest(self._listeners.get(endpoint, ()), host)


def nearest(listeners: Collection[Listener], host: str) -> Listener | None:
    """Return whose time it is for a request from a host; None if there is nobody."""
    return max(listeners, key=lambda one: (one.host == host, one.reached is not None, one.number), default=None)
