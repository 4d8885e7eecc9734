"""
How much memory the answers take that are on their way to clients.

An answer reserves once what it may come to have, before it has more than a few bytes: the length that its head tells,
or the most that any may have. It waits for its turn with nothing in its hands, and once it has its share it asks for
no more: so nobody who has something waits for anybody. As soon as the answer is whole, the rest is given back.
"""

from __future__ import annotations

import asyncio

from ...errors import ConnectError

__all__ = ["AnswerBudget", "Share"]

PATIENCE = 30.0
"""Seconds that an answer waits for room."""


class AnswerBudget:
    """
    Bytes for all answers together.

    Args:
        total: How many there are; an answer that may have more than all gets all.

    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.free = total
        self._turns = asyncio.Lock()  # first come, first served: else small answers would keep a large one waiting
        self._change = asyncio.Event()

    def share(self) -> Share:
        """Return a share with nothing in it, and one user."""
        return Share(self)

    async def take(self, size: int) -> int:
        """Take bytes when they are there; return how many these are."""
        size = min(size, self.total)
        async with self._turns:
            while self.free < size:
                self._change.clear()
                await self._change.wait()
            self.free -= size
        return size

    def give_back(self, size: int) -> None:
        """Give back bytes."""
        self.free += size
        self._change.set()


class Share:
    """
    What one answer has of the budget, until the last of its users leaves.

    Attributes:
        is_refused: Whether there was no room.

    """

    def __init__(self, budget: AnswerBudget) -> None:
        self._budget = budget
        self._size = 0
        self._users = 1
        self.is_refused = False

    async def reserve(self, size: int) -> None:
        """
        Take bytes of the budget; once only.

        Raises:
            ConnectError: If there are not enough for half a minute.

        """
        try:
            async with asyncio.timeout(PATIENCE):
                self._size = await self._budget.take(size)
        except TimeoutError:
            self.is_refused = True
            raise ConnectError(f"no room for an answer: others take {self._budget.total >> 20} MiB") from None

    def shrink(self, size: int) -> None:
        """Give back all but so many bytes."""
        rest = max(self._size - size, 0)
        self._size -= rest
        self._budget.give_back(rest)

    def join(self) -> None:
        """Have one more user."""
        self._users += 1

    def leave(self) -> None:
        """Have one user less; the last one gives everything back."""
        self._users -= 1
        if not self._users:
            self.shrink(0)
