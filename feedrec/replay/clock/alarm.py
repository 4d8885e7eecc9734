"""What wakes a sleeper early."""

from __future__ import annotations

import asyncio

__all__ = ["Alarm"]


class Alarm:
    """Wakes who sleeps on it: one sleeper at a time, in an event loop."""

    def __init__(self) -> None:
        self._sleeper: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wake the sleeper, if there is one: nobody who falls asleep later."""
        if self._sleeper is not None:
            _wake(self._sleeper)

    async def sleep(self, seconds: float) -> None:
        """Sleep for some seconds, or until it rings. It is done before almost every frame: no task is cancelled."""
        loop = asyncio.get_running_loop()
        self._sleeper = sleeper = loop.create_future()
        timer = loop.call_later(seconds, _wake, sleeper)
        try:
            await sleeper
        finally:
            timer.cancel()
            self._sleeper = None


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
