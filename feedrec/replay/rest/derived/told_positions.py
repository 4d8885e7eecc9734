"""
Positions as one process tells them to another: of the frames that are past since a line, only what is new.

A position has up to some hundreds of frames, and the next one that is told of has most often the same and a few more.
"""

from __future__ import annotations

import msgspec

from ...venue.position import Position

__all__ = ["Hearing", "Telling", "Told"]


class Told(msgspec.Struct, frozen=True):
    """
    A position, as it is told.

    Attributes:
        position: It, without the frames that are known.
        known: How many of its frames, its first ones, are those of the position that was told before.

    """

    position: Position
    known: int


class Telling:
    """Tells one position after another."""

    def __init__(self) -> None:
        self._line = -1
        self._count = 0

    def tell(self, position: Position) -> Told:
        """Return what to tell of a position; all that is told must arrive, in this order."""
        count = len(position.since)
        known = self._count if position.line == self._line and count >= self._count else 0
        self._line, self._count = position.line, count
        return Told(position._replace(since=position.since[known:]) if known else position, known)


class Hearing:
    """Hears what a `Telling` tells."""

    def __init__(self) -> None:
        self._since: list[bytes] = []

    def hear(self, told: Told) -> Position:
        """Return the position that was told."""
        self._since = [*self._since[: told.known], *told.position.since]
        return told.position._replace(since=self._since)
