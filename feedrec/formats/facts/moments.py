"""The first and the last moment of what happened, by steady time."""

from __future__ import annotations

import msgspec

__all__ = ["Ends", "Moment"]

Moment = tuple[int, int]
"""Steady time and wall time of something, in nanoseconds."""


class Ends(msgspec.Struct, array_like=True):
    """The first and the last moment of some records; None as long as there are none."""

    first: Moment | None = None
    last: Moment | None = None

    def add(self, steady: list[int], walls: list[int]) -> None:
        """Add records, at least one, by their steady times, which never decrease, and their wall times."""
        if steady is walls or sorted(walls) == walls:
            self._widen((steady[0], walls[0]), (steady[-1], walls[-1]))
        else:
            moments = list(zip(steady, walls, strict=True))
            self._widen(min(moments), max(moments))

    def join(self, other: Ends, shift: int = 0) -> None:
        """Add those of other records, whose steady times are to be shifted."""
        if other.first is not None and other.last is not None:
            self._widen((other.first[0] + shift, other.first[1]), (other.last[0] + shift, other.last[1]))

    def _widen(self, first: Moment, last: Moment) -> None:
        self.first = first if self.first is None else min(first, self.first)
        self.last = last if self.last is None else max(last, self.last)
