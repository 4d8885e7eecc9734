"""Keeping to a venue's limits on what one address may do in a second."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

__all__ = ["RateLimit"]

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
