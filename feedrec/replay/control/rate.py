"""How many frames a second were handed over lately. Pure."""

from __future__ import annotations

from collections import deque

from ...model import NANOSECONDS

__all__ = ["Rate"]

_LATELY = NANOSECONDS


class Rate:
    """
    Frames a second, over the last second, or since somebody asked if that is longer ago.

    Args:
        now: The monotonic time in nanoseconds, with no frame until then.

    """

    def __init__(self, now: int) -> None:
        self._known = deque([(now, 0)])  # times and counts: only the first is older than a second

    def at(self, now: int, frames: int) -> float:
        """
        Return the rate.

        Args:
            now: The monotonic time in nanoseconds.
            frames: How many frames there were by now.

        """
        known = self._known
        while len(known) > 1 and known[1][0] <= now - _LATELY:
            known.popleft()
        since, before = known[0]
        rate = max(0, frames - before) * NANOSECONDS / (now - since) if now > since else 0.0
        if now - known[-1][0] >= _LATELY // 10:
            known.append((now, frames))
        return rate
