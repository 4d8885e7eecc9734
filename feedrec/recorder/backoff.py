"""How long to wait before the next attempt to connect."""

from __future__ import annotations

import random
from collections.abc import Callable

__all__ = ["Backoff"]


class Backoff:
    """
    Exponential backoff with jitter: each delay is drawn from the upper half of a range that doubles.

    Args:
        first: Upper end of the first range, in seconds.
        cap: Upper end that is never exceeded, in seconds.
        uniform: Source of randomness, giving numbers from 0 to 1.

    """

    def __init__(self, first: float = 1.0, cap: float = 60.0, uniform: Callable[[], float] = random.random) -> None:
        self._first = first
        self._cap = cap
        self._uniform = uniform
        self._upper = first

    def next_delay(self) -> float:
        """Return the seconds to wait now; the next call returns about twice as many."""
        delay = self._upper * (1 + self._uniform()) / 2
        self._upper = min(self._upper * 2, self._cap)
        return delay

    def reset(self) -> None:
        """Start over with the first range: the last connection was a good one."""
        self._upper = self._first
