"""What wakes a sleeper early."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["Alarm"]

T = TypeVar("T")


class Alarm:
    """Wakes who sleeps on it: one sleeper at a time, in an event loop. One that rang before is heard once."""

    def __init__(self) -> None:
        self._sleeper: asyncio.Future[None] | None = None
        self._has_rung = False

    def ring(self) -> None:
        """Wake the sleeper or, if nobody sleeps, whoever does so next."""
        if self._sleeper is None:
            self._has_rung = True
        else:
            _wake(self._sleeper)

    async def sleep(self, seconds: float) -> None:
        """Sleep for some seconds, or until it rings. It is done before almost every frame: no task is cancelled."""
        if self._has_rung:
            self._has_rung = False
            return
        loop = asyncio.get_running_loop()
        self._sleeper = sleeper = loop.create_future()
        timer = loop.call_later(seconds, _wake, sleeper)
        try:
            await sleeper
        finally:
            timer.cancel()
            if self._sleeper is sleeper:
                self._sleeper = None

    async def wait_for(self, work: Coroutine[Any, Any, T], on_ring: Callable[[], Awaitable[object]], rest: float) -> T:
        """
        Wait for some work, which is cancelled if that is given up; return what it does.

        Args:
            work: The work.
            on_ring: What to do at first, whenever it rings, and after each `rest`; what it raises ends the waiting.
            rest: Seconds.

        """
        working = asyncio.ensure_future(work)
        try:
            while not working.done():
                await on_ring()
                sleeping = asyncio.ensure_future(self.sleep(rest))
                try:
                    await asyncio.wait({working, sleeping}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    sleeping.cancel()
            return working.result()
        finally:
            if not working.cancel() and not working.cancelled():
                working.exception()  # retrieved, or asyncio would log it


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
