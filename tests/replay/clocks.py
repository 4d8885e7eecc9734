"""Clocks for tests: time passes when the test says so, or when somebody sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from feedrec.model import NANOSECONDS
from feedrec.replay.clock.time_types import Monotonic

__all__ = ["MILLISECOND", "ManualClock", "VirtualTime"]

MILLISECOND = 1_000_000


class ManualClock:
    """A monotonic clock that stands still until it is set; those who sleep look at it again very soon."""

    def __init__(self) -> None:
        self._now = 0

    def __call__(self) -> int:
        return self._now

    def set_to(self, milliseconds: float) -> None:
        """Set it, in milliseconds since the beginning."""
        self._now = round(milliseconds * MILLISECOND)

    def advance(self, milliseconds: float) -> None:
        """Let some milliseconds pass."""
        self._now += round(milliseconds * MILLISECOND)

    async def sleep(self, seconds: float) -> None:
        """Let others run; wake soon, however long it was meant to be."""
        await asyncio.sleep(min(seconds, 0.001))


class VirtualTime:
    """A clock that moves only while somebody sleeps; yielding takes a microsecond."""

    def __init__(self) -> None:
        self.now = Monotonic(0)
        self.sleeps: list[float] = []
        self.on_sleep: Callable[[], None] = lambda: None

    def clock(self) -> Monotonic:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now = Monotonic(self.now + (round(seconds * NANOSECONDS) or 1000))
        self.on_sleep()
        await asyncio.sleep(0)
