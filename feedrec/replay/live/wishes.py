"""What clients ask for beyond what is recorded, asked of the recorder."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence

from ...feeds.base import Subscription
from ...live_messages import Answered, Wish

__all__ = ["PATIENCE", "Wishes"]

PATIENCE = 15.0
"""Seconds that the recorder has for its answer: the venue has some of them."""


class Wishes:
    """
    Asks the recorder.

    Args:
        tell: Tells it something.

    """

    def __init__(self, tell: Callable[[Wish], object]) -> None:
        self._tell = tell
        self._numbers = itertools.count(1)
        self._open: dict[int, asyncio.Future[str | None]] = {}

    def __len__(self) -> int:
        """Return how many are not answered."""
        return len(self._open)

    async def ask(self, place: int, subscriptions: Sequence[Subscription]) -> str | None:
        """
        Wait until something of a feed is recorded, or will not be; return why not.

        Args:
            place: The feed, by its place in the plan.
            subscriptions: What is wished.

        """
        number = next(self._numbers)
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._open[number] = answer
        try:
            self._tell(Wish(number, place, [one.as_dict() for one in subscriptions]))
            async with asyncio.timeout(PATIENCE):
                return await answer
        except TimeoutError:
            return "the recorder has not answered"
        finally:
            del self._open[number]

    def take(self, answered: Answered) -> None:
        """Take what became of one."""
        answer = self._open.get(answered.wish)
        if answer is not None and not answer.done():
            answer.set_result(answered.refused)
