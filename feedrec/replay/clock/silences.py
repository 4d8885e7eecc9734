"""
Silences that a replay cuts short: which recorded time takes no time. Pure.

1. A silence is the steady time between two frames that follow each other, over all endpoints that share a time, or
   between where a reading begins and its first frame. Of one that is longer than the longest that is wanted, the
   beginning takes its time, and the rest takes none.
2. Silences are learned as frames are read, always a little before they are due. Until then, a moment after one seems
   to be later than it is, so nothing comes too early.
3. Only those that were read since the reading began are known. That is enough: a schedule counts from its anchor, and
   whoever moves it begins a new reading. So to begin in the middle of 10 GB, nothing before that need be read.

Therefore times are mapped here, between steady time and the schedule, and not where lines are read: of several
endpoints no reader knows what the others are silent about, and a reader that begins in the middle would not know how
much was cut before. Everything else goes on in steady time: positions, seeks, the venue's clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from .time_types import RecordedSteady

__all__ = ["Silences"]


class Silences:
    """
    The silences of a reading.

    Args:
        longest: Nanoseconds that a silence takes at most; None for as long as it is.

    Attributes:
        longest: See above.
        readings: How often a reading began: what `played` returned before that no longer holds.
        on_change: Called when more is known; set by the schedule.

    """

    def __init__(self, longest: int | None = None) -> None:
        self.longest = longest
        self.readings = 0
        self.on_change: Callable[[], object] = lambda: None
        self._latest: RecordedSteady | None = None
        self._starts: list[int] = []  # of what takes no time, in order
        self._ends: list[int] = []
        self._cut: list[int] = [0]  # nanoseconds that take no time in the first so many of these
        self._begun: list[int] = []  # what `played` returns of the starts

    def read_from(self, time: RecordedSteady | None) -> None:
        """Begin a reading at a steady time, None for that of its first frame; forget the one before."""
        self.readings += 1
        self._latest = time
        self._starts, self._ends, self._cut, self._begun = [], [], [0], []

    def take(self, times: Sequence[RecordedSteady]) -> None:
        """
        Take the steady times of the next frames, in order; those that were taken before do not matter.

        Args:
            times: The times, at least one. Between the latest that was taken and the first of these there is no other.

        """
        if self.longest is None or (self._latest is not None and times[-1] <= self._latest):
            return
        latest = times[0] if self._latest is None else self._latest
        self._latest = times[-1]
        if times[-1] - latest <= self.longest:
            return
        before = len(self._starts)
        for time in times[bisect_right(times, latest) :]:
            if time - latest > self.longest:
                self._begun.append(latest + self.longest - self._cut[-1])
                self._starts.append(latest + self.longest)
                self._ends.append(time)
                self._cut.append(self._cut[-1] + time - latest - self.longest)
            latest = time
        if len(self._starts) > before:
            self.on_change()

    def played(self, time: RecordedSteady) -> int:
        """Return a steady time without what took no time before it."""
        number = bisect_right(self._starts, time)
        return max(time, self._ends[number - 1]) - self._cut[number] if number else time

    def played_all(self, times: Sequence[RecordedSteady]) -> Sequence[int]:
        """Return `played` of times in order."""
        if not times or not self._starts or times[-1] < self._starts[0]:
            return times
        number = bisect_right(self._ends, times[0])
        if number == len(self._starts) or times[-1] < self._starts[number]:
            cut = self._cut[number]
            return [time - cut for time in times]
        return [self.played(time) for time in times]

    def recorded(self, played: int) -> RecordedSteady:
        """Return the steady time of what `played` returns; the end of what takes no time, where that is."""
        return RecordedSteady(played + self._cut[bisect_right(self._begun, played)])

    def end_of(self, time: RecordedSteady) -> RecordedSteady | None:
        """Return where the time goes on that passes over a moment; None if that moment takes time."""
        number = bisect_right(self._starts, time)
        is_passed_over = number and self._starts[number - 1] < time < self._ends[number - 1]
        return RecordedSteady(self._ends[number - 1]) if is_passed_over else None
