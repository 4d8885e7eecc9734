"""Keeping to a venue's limits on what one address may do in a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

__all__ = ["Pace"]


class Pace:
    """
    Spaces out what is limited: no more than so many in any second.

    Args:
        per_second: The limit; None for none.
        clock: Tells the monotonic time in seconds.
        sleep: Sleeps for some seconds.

    """

    def __init__(
        self,
        per_second: int | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0

    async def turn(self) -> None:
        """Wait until it is one's turn; turns are given in the order of asking."""
        if not self._interval:
            return
        now = self._clock()
        at = max(now, self._next)
        self._next = at + self._interval
        if at > now:
            await self._sleep(at - now)
