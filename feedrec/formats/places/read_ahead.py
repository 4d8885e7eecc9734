"""How much of an object is asked for at once: little where a reader jumps, more and more where it goes on. Pure."""

from __future__ import annotations

__all__ = ["FIRST_WINDOW", "LARGEST_WINDOW", "ReadAhead"]

FIRST_WINDOW, LARGEST_WINDOW = 256 << 10, 8 << 20
"""Bytes of a request: the first one at a new place, doubled as long as reading goes on from there, up to the other."""


class ReadAhead:
    """What one reader of an object has asked for, and what it will probably ask for next."""

    def __init__(self) -> None:
        self._next = -1
        self._window = FIRST_WINDOW

    def window(self, offset: int, size: int) -> int:
        """
        Return how many bytes to ask for.

        Args:
            offset: The first byte that is needed and not there.
            size: How many are needed.

        """
        self._window = min(2 * self._window, LARGEST_WINDOW) if offset == self._next else FIRST_WINDOW
        taken = max(size, self._window)
        self._next = offset + taken
        return taken
