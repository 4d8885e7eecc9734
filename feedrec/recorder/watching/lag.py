"""How late frames arrive: receive time less the time that the venue says, of one frame in a hundred."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from ...formats.line.frame_run import Read
from ...model import NANOSECONDS, FrameInfo, FrameInfos

__all__ = ["BOUNDS", "EVERY", "LagHistogram", "LagSampler"]

EVERY = 100
"""Frames of which the time of one is looked at."""

BOUNDS = (-0.05, -0.01, 0.0, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""
Seconds up to which lags are counted together, the bound included; what is above counts as well.

Within a data centre it is a few milliseconds, across an ocean a hundred. It is below zero if a clock is wrong.
"""

_BOUNDS = [round(bound * NANOSECONDS) for bound in BOUNDS]
_LARGEST = 1 << 16  # bytes of a payload that is looked into: to find the time in a snapshot takes milliseconds


class LagHistogram:
    """
    Lags, counted by size.

    Attributes:
        counts: How many were up to each of `BOUNDS` and above the one before; last, those above all.

    """

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)

    def observe(self, lag: int) -> None:
        """Count a lag in nanoseconds."""
        self.counts[bisect_left(_BOUNDS, lag)] += 1


class LagSampler:
    """
    Chooses one frame in a hundred, and tells its lag.

    Snapshots do not count: they may tell of what was long ago, and the time of the venue may stand at their end.

    Args:
        every: Frames of which one is chosen.

    """

    def __init__(self, every: int = EVERY) -> None:
        self._every = every
        self._next = 0  # frames before the one that is chosen next

    def chosen(self, count: int) -> range:
        """Return the places of those that are chosen among so many frames, which follow those of the calls before."""
        places = range(self._next, count, self._every)
        self._next += len(places) * self._every - count
        return places

    def lags(
        self, reads: Sequence[Read], infos: Sequence[FrameInfo], own_time: Callable[[bytes], int | None]
    ) -> list[tuple[str, int]]:
        """
        Return the channels and the lags of those frames that are chosen and say when they were sent.

        Args:
            reads: The frames, by the reads that completed them.
            infos: What they are.
            own_time: Returns the time that a payload names, in nanoseconds; None if it names none.

        """
        places = self.chosen(len(infos))
        if not places:
            return []
        found, start, rest = list[tuple[str, int]](), 0, iter(places)
        kinds, which = (infos.kinds, infos.which) if isinstance(infos, FrameInfos) else (infos, range(len(infos)))
        place = next(rest, None)
        for time, payloads in reads:
            end = start + len(payloads)
            while place is not None and place < end:
                payload, info = payloads[place - start], kinds[which[place]]
                if info.kind != "snapshot" and len(payload) <= _LARGEST and (sent := own_time(payload)) is not None:
                    found.append((info.channel, time - sent))
                place = next(rest, None)
            if place is None:
                break
            start = end
        return found
