"""Numbers that were seen, such as the ids of trades: millions of them that follow each other are one entry."""

from __future__ import annotations

from bisect import bisect_right

__all__ = ["SeenNumbers"]


class SeenNumbers:
    """Whole numbers, kept as ranges without holes: what it takes depends on the holes, not on how many they are."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def __len__(self) -> int:
        """Return how many ranges there are."""
        return len(self._firsts)

    def add(self, number: int) -> bool:
        """Add a number; return whether it is new."""
        firsts, lasts = self._firsts, self._lasts
        if lasts and number == lasts[-1] + 1:  # nearly always
            lasts[-1] = number
            return True
        place = bisect_right(firsts, number)  # of the range after it
        if place and number <= lasts[place - 1]:
            return False
        follows = place > 0 and number == lasts[place - 1] + 1
        precedes = place < len(firsts) and number + 1 == firsts[place]
        if follows and precedes:
            lasts[place - 1] = lasts.pop(place)
            del firsts[place]
        elif follows:
            lasts[place - 1] = number
        elif precedes:
            firsts[place] = number
        else:
            firsts.insert(place, number)
            lasts.insert(place, number)
        return True
