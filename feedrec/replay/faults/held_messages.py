"""Messages that are sent later than they were recorded."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable
from typing import Generic, TypeVar

__all__ = ["HeldMessages"]

T = TypeVar("T")


class HeldMessages(Generic[T]):
    """What is held back, by the recorded time at which it is due; what is due together leaves as it came."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, T]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._heap)

    @property
    def next_due(self) -> int | None:
        """When the next one is due; None if there is none."""
        return self._heap[0][0] if self._heap else None

    @property
    def last_due(self) -> int | None:
        """When the last one is due; None if there is none."""
        return max(due for due, _, _ in self._heap) if self._heap else None

    def hold(self, due: int, messages: Iterable[T]) -> None:
        """Hold messages back until a time."""
        for message in messages:
            heapq.heappush(self._heap, (due, next(self._order), message))

    def take(self, time: int) -> list[T]:
        """Return what is due by a time, in order, and hold it no longer."""
        taken = []
        while self._heap and self._heap[0][0] <= time:
            taken.append(heapq.heappop(self._heap)[2])
        return taken

    def shift(self, by: int) -> None:
        """Have all of it be due so much later, or earlier, in the same order."""
        self._heap = [(due + by, order, message) for due, order, message in self._heap]

    def hurry(self) -> None:
        """Have all of it be due at once, in the same order."""
        self._heap = [(0, number, message) for number, (_, _, message) in enumerate(sorted(self._heap, key=_place))]

    def clear(self) -> None:
        """Forget all of it."""
        self._heap.clear()


def _place(held: tuple[int, int, T]) -> tuple[int, int]:
    return held[:2]
