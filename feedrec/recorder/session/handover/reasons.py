"""Why a connection is left: its age, a notice of the venue, or another endpoint."""

from __future__ import annotations

import asyncio
import contextlib

__all__ = ["Leaving", "age_limit"]

_YOUNGEST, _OLDEST = 0.9, 0.98  # of the limit: a handover takes its time, and attempts may fail


def age_limit(limit: float | None, uniform: float) -> float | None:
    """
    Return the seconds after which a connection is left, so that those opened together are not left together.

    Args:
        limit: The most that is allowed; None for no limit.
        uniform: A random number from 0 to 1.

    """
    return None if limit is None else limit * (_OLDEST - (_OLDEST - _YOUNGEST) * uniform)


class Leaving:
    """
    Whether a connection is to be left, and why.

    Attributes:
        reason: Why; empty while it is not.

    """

    def __init__(self) -> None:
        self.reason = ""
        self._asked = asyncio.Event()

    def ask(self, reason: str) -> None:
        """Have the connection left; the first reason stands."""
        self.reason = self.reason or reason
        self._asked.set()

    def withdraw(self) -> None:
        """Stay: the reason is gone."""
        self.reason = ""
        self._asked.clear()

    async def wait(self, seconds: float | None) -> None:
        """Wait until it is to be left, which it is after so many seconds; None for never by itself."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        self.ask("its age")
