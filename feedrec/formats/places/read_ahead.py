"""How much of an object is asked for at once: little where a reader jumps, more and more where it goes on. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["FIRST_WINDOW", "LARGEST_WINDOW", "ReadAhead", "Span"]

FIRST_WINDOW, LARGEST_WINDOW = 256 << 10, 8 << 20
"""Bytes of a request: the first one at a new place, doubled as long as reading goes on from there, up to the other."""

_SMALL_HOLE = 128 << 10  # bytes that nobody wants, which cost less than another request


class Span(NamedTuple):
    """Bytes of an object, from one offset up to another."""

    start: int
    end: int


class ReadAhead:
    """
    What one reader of an object has asked for, and what it will probably ask for next.

    Args:
        size: Bytes of the object, except for what is read as its end.

    """

    def __init__(self, size: int) -> None:
        self._next = -1
        self._window = FIRST_WINDOW
        self._size = size
        self._plan = [Span(0, size)]
        self._is_planned = False

    def expect(self, spans: Sequence[Span]) -> None:
        """Take what will be read next, in ascending order, as far as it is: nothing else is asked for ahead."""
        self._plan = [Span(start, min(end, self._size)) for start, end in _joined(spans) if start < self._size]
        self._is_planned = True

    def window(self, offset: int, end: int, most: int = LARGEST_WINDOW) -> Span:
        """
        Return what to ask for.

        Args:
            offset: The first byte that is needed and not there.
            end: Where what is needed ends.
            most: Bytes of the largest window.

        """
        goes_on = offset == self._next
        self._window = min(2 * self._window, most) if goes_on else min(FIRST_WINDOW, most)
        planned = self._planned_end(offset)
        if not goes_on and self._is_planned and planned - offset <= most // 2:
            self._window = max(self._window, planned - offset)  # all of it at once
        until = max(end, min(offset + self._window, max(planned, end)))
        self._next = until
        return Span(offset, until)

    def ahead(self, most: int = LARGEST_WINDOW) -> Span | None:
        """Return what to ask for while the last window is used; None if nobody has read on, or nothing is left."""
        if self._window <= FIRST_WINDOW and self._planned_end(self._next - 1) > self._next:
            return None
        place = bisect_right(self._plan, self._next, key=lambda span: span.end)
        if place == len(self._plan):
            return None
        start = max(self._next, self._plan[place].start)
        self._next = start
        return self.window(start, start + 1, most)

    def _planned_end(self, offset: int) -> int:
        place = bisect_right(self._plan, offset, key=lambda span: span.end)
        if place == len(self._plan) or offset < self._plan[place].start:
            return offset
        return self._plan[place].end


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Return spans with small holes between them filled."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.start - joined[-1].end <= _SMALL_HOLE:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
