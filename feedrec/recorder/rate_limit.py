"""Keeping to a venue's limits on what one address may do in a second."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = ["RateLimit", "SharedRates", "VenueRates"]

_WINDOW = 1.05  # seconds: the venue counts arrivals, which may be a little closer together


class RateLimit:
    """
    Lets through no more than so many actions in any second.

    Args:
        per_second: The limit; None for none.
        clock: Returns the monotonic time in seconds.
        sleep: Sleeps for some seconds.

    """

    def __init__(
        self,
        per_second: int | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._turns: deque[float] | None = deque(maxlen=per_second) if per_second else None
        self._clock = clock
        self._sleep = sleep

    async def turn(self) -> None:
        """Wait until it is the caller's turn; turns are taken in the order of the calls."""
        turns = self._turns
        if turns is None:
            return
        now = self._clock()
        at = max(now, turns[-1]) if turns else now
        if len(turns) == turns.maxlen:
            at = max(at, turns[0] + _WINDOW)
        turns.append(at)
        if at > now:
            await self._sleep(at - now)


class VenueRates(NamedTuple):
    """
    How fast a venue may be spoken to.

    Attributes:
        openings: Its limit on opening connections.
        messages: Its limit on messages.

    """

    openings: RateLimit
    messages: RateLimit


class SharedRates:
    """The limits of venues for all runs of a process: a venue counts what one address does, whatever it is for."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int | None, int | None], VenueRates] = {}

    def of(self, url: str, connections: int | None, messages: int | None) -> VenueRates:
        """
        Return the limits of a venue.

        Args:
            url: Its address: runs that go to the same host share them.
            connections: Connections that may be opened per second; None for no limit.
            messages: Messages that may be sent per second; None for no limit.

        """
        key = (_host_of(url), connections, messages)
        if key not in self._found:
            self._found[key] = VenueRates(RateLimit(connections), RateLimit(messages))
        return self._found[key]


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:  # it is no address, which connecting to it says
        return url
