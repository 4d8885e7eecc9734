"""The bytes of one direction of a TCP stream, in order, whatever came late or twice. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

__all__ = ["MOST_WAITING", "SegmentOrder"]

MOST_WAITING = 16 << 20
"""Bytes behind a hole that are kept until it is filled: more than a window of TCP has (RFC 7323) where it matters."""

_MOST_SEGMENTS = 20_000
_NUMBERS = 1 << 32


class SegmentOrder:
    """
    Puts segments in order.

    Attributes:
        is_lost: Whether a hole was not filled before too much came behind it: nothing more comes out.

    """

    def __init__(self) -> None:
        self.is_lost = False
        self._next: int | None = None  # counted on beyond 32 bits
        self._waiting: list[tuple[int, int, int, bytes]] = []
        self._held = 0
        self._count = 0
        self._end: int | None = None

    def begin(self, sequence: int) -> None:
        """Take a SYN with this number: the first byte has the next one."""
        self._next = sequence + 1

    def take(self, sequence: int, data: bytes, time: int, *, is_last: bool = False) -> Iterator[tuple[int, bytes]]:
        """
        Take a segment; yield what follows without a hole now, each piece with its time.

        Args:
            sequence: Number of its first byte.
            data: Its bytes.
            time: When it came.
            is_last: Whether the sender ends behind it.

        """
        if self.is_lost:
            return
        if self._next is None:
            self._next = sequence
        ahead = (sequence - self._next) % _NUMBERS
        place = self._next + (ahead - _NUMBERS if ahead >= _NUMBERS // 2 else ahead)
        if is_last:
            self._end = place + len(data)
        if data:
            self._count += 1
            self._held += len(data)
            heapq.heappush(self._waiting, (place, self._count, time, data))
        while self._waiting and self._waiting[0][0] <= self._next:
            place, _, time, data = heapq.heappop(self._waiting)
            self._held -= len(data)
            if fresh := data[self._next - place :]:
                self._next += len(fresh)
                yield time, fresh
        self.is_lost = self._held > MOST_WAITING or len(self._waiting) > _MOST_SEGMENTS

    @property
    def has_hole(self) -> bool:
        """Whether bytes wait behind a hole, or the end does."""
        return self.is_lost or bool(self._waiting) or (self._end is not None and not self.has_ended)

    @property
    def has_ended(self) -> bool:
        """Whether the sender ended, and all came before that."""
        return self._end is not None and self._next is not None and self._next >= self._end
