"""
How late frames were: a histogram that costs little per frame.

Each value below 64 ns has its own bucket. Above that, each power of two is cut into 32 buckets of equal width, so that
a bucket is at most 1/32 of its lower edge wide. A quantile is the middle of its bucket: within 1/64 (1.6 %) of the
truth.
"""

from __future__ import annotations

import itertools
import math
import operator
from bisect import bisect_left

import msgspec

from .silences import Silences
from .time_types import Monotonic, RecordedSteady

__all__ = ["HandOffs", "LateFrame", "LatenessHistogram", "LatenessSummary"]

_BITS = 5  # 32 buckets in a power of two
_LIMIT = (1 << 63) - 1
_BUCKETS = ((63 - _BITS) << _BITS) + (1 << _BITS)


class LatenessSummary(msgspec.Struct, frozen=True):
    """
    Lateness in nanoseconds.

    Attributes:
        count: Frames measured.
        p50: Half of them were at most this late; within 1.6 %.
        p99: 99 of 100 were at most this late; within 1.6 %.
        max: The latest; exact.

    """

    count: int
    p50: int
    p99: int
    max: int


class LateFrame(msgspec.Struct, frozen=True):
    """
    The frame that was later than all others.

    Attributes:
        lateness: How late it was, in nanoseconds.
        recorded: Its recorded wall time in nanoseconds. Of a message that the replay made, such as a heartbeat, it is
            that of the frame after it.
        channel: Its channel; None if it has none, or the replay made it.
        products: Its products.
        client: The number of the client that it was sent to.

    """

    lateness: int
    recorded: int
    channel: str | None = None
    products: tuple[str, ...] = ()
    client: int = 0


class LatenessHistogram:
    """Counts latenesses in logarithmic buckets; early counts as zero."""

    def __init__(self) -> None:
        self.count = 0
        self.max = 0
        self._counts = [0] * _BUCKETS

    def add(self, lateness: int) -> None:
        """Count one lateness, in nanoseconds."""
        lateness = max(lateness, 0)
        if lateness > self.max:
            self.max = lateness = min(lateness, _LIMIT)
        shift = lateness.bit_length() - _BITS - 1  # as `_bucket`, which is called seldom
        self._counts[(shift << _BITS) + (lateness >> shift) if shift > 0 else lateness] += 1
        self.count += 1

    def merge(self, other: LatenessHistogram) -> None:
        """Add the counts of another histogram."""
        used = other._used
        self._counts[: len(used)] = map(operator.add, self._counts, used)
        self.count += other.count
        self.max = max(self.max, other.max)

    def quantile(self, fraction: float) -> int:
        """
        Return the lateness in nanoseconds that this fraction of the frames does not exceed, within 1.6 %.

        Raises:
            ValueError: If nothing was counted.

        """
        if not self.count:
            raise ValueError("an empty histogram has no quantiles")
        rank = max(1, math.ceil(fraction * self.count))
        return min(_middle(bisect_left(list(itertools.accumulate(self._used)), rank)), self.max)

    @property
    def _used(self) -> list[int]:
        """The buckets up to the last that is not empty."""
        return self._counts[: _bucket(min(self.max, _LIMIT)) + 1]

    def summary(self) -> LatenessSummary | None:
        """Return the summary; None if nothing was counted."""
        if not self.count:
            return None
        return LatenessSummary(self.count, self.quantile(0.50), self.quantile(0.99), self.max)


class HandOffs:
    """
    When messages were handed over to the transport of a client.

    Args:
        began: When the first could have been.
        first_time: The steady time at which that is.
        silences: What takes no time; None for nothing.

    Attributes:
        pending: The deadlines of messages that are still to be handed over.
        count: How many were.
        lateness: How late they were.
        ready: When the client was ready last: what was due before that counts as due then.
        worst: The frame that was later than all others, if whoever hands over has said which it was.

    """

    def __init__(self, began: Monotonic, first_time: RecordedSteady, silences: Silences | None = None) -> None:
        self.pending: list[Monotonic] = []
        self.count = 0
        self.lateness = LatenessHistogram()
        self.worst: LateFrame | None = None
        self.ready = self._began = self._last = began
        self._silences = silences or Silences()
        self._first_time = self._last_time = 0
        self._played = 0  # recorded nanoseconds of the laps before this one
        self.begin_lap(first_time)

    @property
    def elapsed(self) -> int:
        """Nanoseconds from the beginning to the last one."""
        return self._last - self._began

    @property
    def recorded(self) -> int:
        """Steady nanoseconds that took time from the beginning to the last one, over all laps."""
        return self._played + self._last_time - self._first_time

    def begin_lap(self, time: RecordedSteady) -> None:
        """Go on at another steady time."""
        self._played = self.recorded
        self._reading = self._silences.readings
        self._first_time = self._last_time = self._silences.played(time)

    def note(self, now: Monotonic, time: RecordedSteady, *, is_paced: bool) -> Monotonic | None:
        """
        Count what was pending as handed over.

        Args:
            now: When it was.
            time: The steady time of the last of it.
            is_paced: Whether recorded time takes time: else nothing is late.

        Returns:
            If some of it is later than all before, the deadline of the worst, else None. That is rare, so whoever
            hands over may look for the frame.

        """
        self._last = now
        if self._silences.readings == self._reading:  # else it is of what was left
            self._last_time = self._silences.played(time)
        pending, lateness = self.pending, self.lateness
        self.count += len(pending)
        worst = None
        if is_paced:
            ready, most = self.ready, lateness.max
            for deadline in pending:
                lateness.add(now - max(deadline, ready))
            if lateness.max > most:
                worst = min(pending)
        pending.clear()
        return worst


def _bucket(lateness: int) -> int:
    shift = lateness.bit_length() - _BITS - 1
    return (shift << _BITS) + (lateness >> shift) if shift > 0 else lateness


def _middle(bucket: int) -> int:
    shift = max(0, (bucket >> _BITS) - 1)
    lower = (bucket - (shift << _BITS)) << shift
    return lower + (1 << shift >> 1)
