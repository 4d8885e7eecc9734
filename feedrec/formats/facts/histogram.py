"""
Counts over time in bounded memory, for a recording whose length is unknown until it was read.

Bins begin small and double in width whenever there are too many of them. Only bins with something in them are kept, so
a clock that jumps by years costs nothing. Nine doublings make a bin a second wide.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ...model import NANOSECONDS

__all__ = ["MOST_BINS", "Bins", "BusiestSecond", "Histogram", "SecondCount"]

MOST_BINS = 8192
"""Bins of a histogram of several files."""

_DOUBLINGS_TO_SECOND = 9
_NARROWEST = NANOSECONDS >> _DOUBLINGS_TO_SECOND  # 5**9 ns, about two milliseconds
_FRAMES_PER_BIN = 8  # above that, looking for the end of a bin is faster than dividing each time


class Bins(msgspec.Struct, array_like=True):
    """
    The counts of a histogram, as they are written down.

    Attributes:
        width: Nanoseconds in a bin: 5**9 times a power of two.
        first: Earliest time counted; None if there is none.
        last: Latest time.
        steps: Number of the first bin that is not empty (it begins at `number * width`), and for each of the others by
            how much its number is greater than that of the one before.
        counts: What was counted in each of these bins.

    """

    width: int = NANOSECONDS
    first: int | None = None
    last: int | None = None
    steps: list[int] = []
    counts: list[int] = []

    def by_number(self) -> Iterable[tuple[int, int]]:
        """Return the number of each bin, and the count in it."""
        return zip(itertools.accumulate(self.steps), self.counts, strict=True)

    @property
    def total(self) -> int:
        """Number of things counted."""
        return sum(self.counts)


class Histogram:
    """
    How many things happened when; only the exact times are lost.

    Args:
        most_bins: Maximum number of bins.
        most_fine: Maximum number of bins that are narrower than a second, if that is less.

    Attributes:
        total: Number of things counted.
        first: Earliest time, in nanoseconds; None if there is none.
        last: Latest time.
        bin_width: Nanoseconds in a bin.

    """

    def __init__(self, most_bins: int = MOST_BINS, most_fine: int | None = None) -> None:
        self.total = 0
        self.first: int | None = None
        self.last: int | None = None
        self.bin_width = _NARROWEST
        self._most_bins = most_bins
        self._most_fine = most_bins if most_fine is None else min(most_fine, most_bins)
        self._bins: Counter[int] = Counter()

    @property
    def bins(self) -> dict[int, int]:
        """The counts, none of them 0, by the time at which their bin begins, a multiple of `bin_width`."""
        return {number * self.bin_width: count for number, count in sorted(self._bins.items())}

    def add(self, times: Iterable[int]) -> None:
        """Count things by their times, in nanoseconds, in any order."""
        times = list(times)
        if not times:
            return
        self._widen(min(times), max(times))
        self.total += len(times)
        width = self.bin_width
        self._bins.update([time // width for time in times])
        self._limit()

    def add_sorted(self, times: Sequence[int]) -> None:
        """Count things by their times, at least one, which never decrease; fast where many are close together."""
        first, last, count = times[0], times[-1], len(times)
        if (last - first) // self.bin_width * _FRAMES_PER_BIN > count:
            self.add(times)
            return
        self._widen(first, last)
        self.total += count
        bins, width, start = self._bins, self.bin_width, 0
        while start < count:
            number = times[start] // width
            end = count if last < (number + 1) * width else bisect_left(times, (number + 1) * width, start)
            bins[number] += end - start
            start = end
        self._limit()

    def add_bins(self, bins: Bins, shift: int = 0) -> None:
        """Count what another histogram counted, shifted by nanoseconds: each bin as if all were in its middle."""
        if bins.first is None or bins.last is None:
            return
        self._widen(bins.first + shift, bins.last + shift)
        ours, width, to_middle = self._bins, self.bin_width, bins.width // 2 + shift
        numbers, sums = list(itertools.accumulate(bins.steps)), [0, *itertools.accumulate(bins.counts)]
        self.total += sums[-1]
        start = 0
        while start < len(numbers):  # theirs are many in one of ours, mostly
            number = (numbers[start] * bins.width + to_middle) // width
            first_after = -((to_middle - (number + 1) * width) // bins.width)  # rounded up
            end = bisect_left(numbers, first_after, start)
            ours[number] += sums[end] - sums[start]
            start = end
        self._limit()

    def written(self) -> Bins:
        """Return the counts as they are written down."""
        numbers = sorted(self._bins)
        steps = [number - before for before, number in zip([0, *numbers], numbers, strict=False)]
        return Bins(self.bin_width, self.first, self.last, steps, [self._bins[number] for number in numbers])

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

    def _widen(self, first: int, last: int) -> None:
        self.first = first if self.first is None else min(first, self.first)
        self.last = last if self.last is None else max(last, self.last)

    def _limit(self) -> None:
        while len(self._bins) > (self._most_fine if self.bin_width < NANOSECONDS else self._most_bins):
            self.bin_width *= 2
            merged: Counter[int] = Counter()
            for number, things in self._bins.items():
                merged[number >> 1] += things
            self._bins = merged


class SecondCount(msgspec.Struct, array_like=True):
    """
    The maximum number of things within one second of the clock, counted in their order.

    Attributes:
        most: The maximum.
        first: The first second in which there was something, and how many; None if there is none.
        last: The last such second.

    """

    most: int = 0
    first: tuple[int, int] | None = None
    last: tuple[int, int] | None = None

    def add_sorted(self, times: Sequence[int]) -> None:
        """Count things by their times, at least one, which never decrease, nor are they before the latest one."""
        begin, end = times[0] // NANOSECONDS, times[-1] // NANOSECONDS
        counts = {begin: len(times)} if begin == end else Counter([time // NANOSECONDS for time in times])
        if self.last is not None and self.last[0] == begin:
            counts[begin] += self.last[1]
        self.most = max(self.most, *counts.values())
        self.last = end, counts[end]
        if self.first is None or self.first[0] == begin:
            self.first = begin, counts[begin]


class _File(msgspec.Struct):
    """What was counted in a file between its first and its last second, and what of that was added to the others."""

    first: int
    last: int
    ends: dict[int, int]
    bins: Bins
    by: int
    added: dict[int, int] = {}
    is_whole: bool = False

    @property
    def all(self) -> dict[int, int]:
        """What was counted in each second, as far as the bins tell."""
        if self.bins.width > NANOSECONDS:
            return self.ends
        per_second = NANOSECONDS // self.bins.width
        counts: dict[int, int] = {}
        for number, count in self.bins.by_number():
            second = number // per_second + self.by
            counts[second] = counts.get(second, 0) + count
        return counts


class BusiestSecond:
    """
    The maximum number of things within one second of the clock in several files, in whatever order they are added.

    What happened in the same second in several files is added up where their bins are no wider than a second; otherwise
    only where the one file ends and the other begins.

    Attributes:
        most: The maximum.

    """

    def __init__(self) -> None:
        self.most = 0
        self._files: list[_File] = []  # by their first second
        self._longest = 0  # seconds
        self._counts: Counter[int] = Counter()  # of seconds that several files have, and others

    def add(self, seconds: SecondCount, bins: Bins, shift: int = 0) -> None:
        """
        Add what was counted in a file.

        Args:
            seconds: The busiest second of that file, the first, and the last one.
            bins: Its counts over time.
            shift: Nanoseconds to shift it by, rounded to seconds.

        """
        if seconds.first is None or seconds.last is None:
            return
        self.most = max(self.most, seconds.most)
        by = (shift + NANOSECONDS // 2) // NANOSECONDS
        ends = {second + by: count for second, count in (seconds.first, seconds.last)}
        file = _File(seconds.first[0] + by, seconds.last[0] + by, ends, bins, by)
        for other in self._files_between(file.first, file.last):
            shared = range(max(file.first, other.first), min(file.last, other.last) + 1)
            touches = len(shared) == 1 and shared[0] in file.ends and shared[0] in other.ends
            for one in (file, other):
                if touches:
                    self._count(one, one.ends)
                elif not one.is_whole:
                    self._count(one, one.all)
                    one.is_whole = True
        self._longest = max(self._longest, file.last - file.first)
        insort(self._files, file, key=lambda one: one.first)

    def _files_between(self, first: int, last: int) -> list[_File]:
        start = bisect_left(self._files, first - self._longest, key=lambda one: one.first)
        return [
            one for one in itertools.takewhile(lambda one: one.first <= last, self._files[start:]) if one.last >= first
        ]

    def _count(self, file: _File, counts: Mapping[int, int]) -> None:
        """Add a file to the others, if it was not added as much."""
        if len(counts) <= len(file.added):
            return
        for second, count in counts.items():
            self._counts[second] += count - file.added.get(second, 0)
            self.most = max(self.most, self._counts[second])
        file.added = dict(counts)
