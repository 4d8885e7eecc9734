"""Where clients wait until there are enough of them, so that their time begins together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["StartGate"]


class StartGate:
    """
    Lets clients pass once so many are there.

    Args:
        enough: How many; with 1, nobody waits.

    Attributes:
        enough: See above.
        waiting: How many wait now.
        on_change: Called when another one waits, or does no more.

    """

    def __init__(self, enough: int = 1) -> None:
        self.enough = enough
        self.waiting = 0
        self.on_change: Callable[[], object] = lambda: None
        self._opened = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether a client that comes passes."""
        return self.enough <= 1 or self._opened.is_set()

    async def passed(self) -> None:
        """Wait until enough are there, this one among them; it passes with all who wait."""
        if self.is_open:
            return
        self.waiting += 1
        if self.waiting >= self.enough:
            self._opened.set()
        self.on_change()
        try:
            await self._opened.wait()
        finally:
            self.waiting -= 1
            self.on_change()

    def shut(self) -> None:
        """Have those who come from now on wait again, until they are enough."""
        self._opened.clear()
