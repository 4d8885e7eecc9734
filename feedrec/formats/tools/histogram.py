"""
Counts over time in bounded memory, for a recording whose length is unknown until it was read.

Bins begin small and double in width whenever there are too many of them. Only bins with something in them are kept, so
a clock that jumps by years costs nothing.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable

from ...model import NANOSECONDS

__all__ = ["BusiestSecond", "Histogram"]

_FIRST_SHIFT = 20  # bins are 2**20 ns wide at first, about a millisecond
_MOST_BINS = 8192

_CHUNK_SECONDS = 1 << 10
_MOST_CHUNKS = 1 << 12  # 48 days, 32 MiB


class Histogram:
    """
    How many things happened when; only the exact times are lost.

    Args:
        most_bins: Maximum number of bins.

    Attributes:
        total: Number of things counted.
        first: Earliest time, in nanoseconds; None if there is none.
        last: Latest time.

    """

    def __init__(self, most_bins: int = _MOST_BINS) -> None:
        self.total = 0
        self.first: int | None = None
        self.last: int | None = None
        self._most_bins = most_bins
        self._shift = _FIRST_SHIFT
        self._bins: Counter[int] = Counter()

    @property
    def bin_width(self) -> int:
        """Nanoseconds in a bin."""
        return 1 << self._shift

    @property
    def bins(self) -> dict[int, int]:
        """The counts, none of them 0, by the time at which their bin begins, a multiple of `bin_width`."""
        return {number << self._shift: count for number, count in sorted(self._bins.items())}

    def add(self, times: Iterable[int]) -> None:
        """Count things by their times, in nanoseconds, in any order."""
        times = list(times)
        if not times:
            return
        first, last = min(times), max(times)
        self.first = first if self.first is None else min(first, self.first)
        self.last = last if self.last is None else max(last, self.last)
        self.total += len(times)
        shift = self._shift
        self._bins.update([time >> shift for time in times])
        while len(self._bins) > self._most_bins:
            self._double_width()

    def columns(self, start: int, end: int, count: int) -> list[int]:
        """
        Return the counts in `count` columns of equal width between two times; things outside count in the nearest.

        A whole bin counts in the column that contains its middle. Bins are narrower than columns as long as there are
        several times fewer columns than `most_bins`.
        """
        columns = [0] * count
        width, half = max(end - start, 1), self.bin_width // 2
        for begin, things in self.bins.items():
            middle = begin + half
            columns[min(max((middle - start) * count // width, 0), count - 1)] += things
        return columns

    def _double_width(self) -> None:
        self._shift += 1
        merged: Counter[int] = Counter()
        for number, things in self._bins.items():
            merged[number >> 1] += things
        self._bins = merged


class BusiestSecond:
    """
    The maximum number of things within one second of the clock, in whatever order they are counted.

    Seconds are kept for `most_chunks` spans of 17 minutes in which something happened. Beyond that, the span that was
    seen first is forgotten, so that later things within its seconds would be counted from zero.

    Attributes:
        most: The maximum.

    """

    def __init__(self, most_chunks: int = _MOST_CHUNKS) -> None:
        self.most = 0
        self._most_chunks = most_chunks
        self._chunks: dict[int, array[int]] = {}

    def add(self, times: Iterable[int]) -> None:
        """Count things by their times, in nanoseconds."""
        for second, count in Counter([time // NANOSECONDS for time in times]).items():
            number, place = divmod(second, _CHUNK_SECONDS)
            chunk = self._chunks.get(number)
            if chunk is None:
                if len(self._chunks) >= self._most_chunks:
                    del self._chunks[next(iter(self._chunks))]
                chunk = self._chunks[number] = array("Q", bytes(8 * _CHUNK_SECONDS))
            chunk[place] += count
            self.most = max(self.most, chunk[place])
