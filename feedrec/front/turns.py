"""
One request at a time, so that frames are not late.

A step of a request takes a fraction of a millisecond. If a hundred connections took theirs in the same round of the
event loop, the frames that are due would wait for all of them. So each waits here for its turn, and each round has one.
"""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["Turns"]


class Turns:
    """Has those who wait go on one after another."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_next_called = False

    async def wait(self) -> None:
        """Wait until it is one's turn, which ends when one waits for anything."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        if not self._is_next_called:
            self._is_next_called = True
            loop.call_soon(self._call_next)
        await turn

    def _call_next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # whoever is gone waits no longer
                turn.set_result(None)
                break
        self._is_next_called = bool(self._waiting)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._call_next)
