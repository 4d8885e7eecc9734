"""Sets of whole numbers that have few holes, as the spans between them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

__all__ = ["NumberSet"]


class NumberSet:
    """
    A set of whole numbers.

    Attributes:
        spans: The first and the last number of each span, in order; between two of them there is a hole.

    """

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in sorted(spans):
            self.add(first, last)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """See above."""
        return list(zip(self._firsts, self._lasts, strict=True))

    @property
    def first(self) -> int:
        """The smallest number; -1 if there is none."""
        return self._firsts[0] if self._firsts else -1

    @property
    def last(self) -> int:
        """The largest number; -1 if there is none."""
        return self._lasts[-1] if self._lasts else -1

    def __len__(self) -> int:
        """Return how many numbers there are."""
        return sum(self._lasts) - sum(self._firsts) + len(self._firsts)

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self._firsts)

    def add(self, first: int, last: int) -> None:
        """Add a span; nothing if it ends before it begins."""
        if last < first:
            return
        start = bisect_left(self._lasts, first - 1)
        end = bisect_right(self._firsts, last + 1)
        if start < end:
            first, last = min(first, self._firsts[start]), max(last, self._lasts[end - 1])
        self._firsts[start:end] = [first]
        self._lasts[start:end] = [last]

    def count_within(self, first: int, last: int) -> int:
        """Return how many numbers of a span there are."""
        start, end = bisect_left(self._lasts, first), bisect_right(self._firsts, last)
        within = zip(self._firsts[start:end], self._lasts[start:end], strict=True)
        return sum(min(last, one_last) - max(first, one_first) + 1 for one_first, one_last in within)

    def reach_of(self, number: int) -> int:
        """Return the last of the numbers that follow one without a hole; itself if the next one is missing."""
        following = self.within(number + 1, number + 1)
        return following[0][1] if following else number

    def without(self, other: NumberSet) -> NumberSet:
        """Return the numbers that the other set does not have."""
        left = NumberSet()
        for first, last in self.spans:
            begin = first
            for other_first, other_last in other.within(first, last):
                left.add(begin, other_first - 1)
                begin = other_last + 1
            left.add(begin, last)
        return left

    def within(self, first: int, last: int) -> list[tuple[int, int]]:
        """Return the spans that have a number of this one, in order."""
        start, end = bisect_left(self._lasts, first), bisect_right(self._firsts, last)
        return list(zip(self._firsts[start:end], self._lasts[start:end], strict=True))

    def joined(self, other: NumberSet) -> NumberSet:
        """Return the numbers of both sets."""
        both = NumberSet(self.spans)
        for first, last in other.spans:
            both.add(first, last)
        return both
