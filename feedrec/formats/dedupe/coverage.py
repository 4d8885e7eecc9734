"""How much each of several recordings of a feed has alone, and what all of them lack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ...model import NANOSECONDS
from .numbers import NumberSet
from .protocols import Track
from .segments import LAST_RESORT, Segment

__all__ = ["Coverage", "coverage_of"]


class Coverage(msgspec.Struct):
    """
    How much there is of something.

    Attributes:
        seconds: Seconds of the venue's clock, of at least one track.
        numbers: Numbers of tracks that are counted, such as those of trades.

    """

    seconds: float = 0.0
    numbers: int = 0


def coverage_of(segments: Mapping[Track, Sequence[Segment]], recordings: int) -> tuple[list[Coverage], Coverage]:
    """Return how much each recording has alone, and how much between the first and the last all of them lack."""
    alone = [_Sum() for _ in range(recordings)]
    lacking = _Sum()
    for track, found in segments.items():
        sets = [NumberSet(_spans(track, found, rank)) for rank in range(recordings)]
        for rank, one in enumerate(sets):
            alone[rank].add(track, one.without(_joined(other for other in sets if other is not one)))
        together = _joined(sets).spans
        if together:
            lacking.add(track, NumberSet([(together[0][0], together[-1][1])]).without(NumberSet(together)))
    return [one.coverage for one in alone], lacking.coverage


class _Sum:
    def __init__(self) -> None:
        self._times = NumberSet()
        self._numbers = 0

    def add(self, track: Track, found: NumberSet) -> None:
        if track.is_counted:
            self._numbers += len(found)
        else:
            self._times = self._times.joined(found)

    @property
    def coverage(self) -> Coverage:
        return Coverage(len(self._times) / NANOSECONDS, self._numbers)


def _spans(track: Track, segments: Iterable[Segment], rank: int) -> Iterable[tuple[int, int]]:
    for one in segments:
        if one.rank % LAST_RESORT != rank:
            continue
        if track.is_counted:
            yield from one.numbers
        elif one.start <= one.end:
            yield one.start + 1, one.end


def _joined(sets: Iterable[NumberSet]) -> NumberSet:
    return NumberSet(span for one in sets for span in one.spans)
