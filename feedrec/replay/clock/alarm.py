"""What wakes a sleeper early."""

from __future__ import annotations

import asyncio

__all__ = ["Alarm"]


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


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
