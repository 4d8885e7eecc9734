"""
How late frames were: a histogram that costs little per frame.

Each value below 64 ns has its own bucket. Above that, each power of two is cut into 32 buckets of equal width, so that
a bucket is at most 1/32 of its lower edge wide. A quantile is the middle of its bucket: within 1/64 (1.6 %) of the
truth.
"""

from __future__ import annotations

import math

import msgspec

__all__ = ["LatenessHistogram", "LatenessSummary"]

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
        shift = lateness.bit_length() - _BITS - 1
        self._counts[(shift << _BITS) + (lateness >> shift) if shift > 0 else lateness] += 1
        self.count += 1

    def merge(self, other: LatenessHistogram) -> None:
        """Add the counts of another histogram."""
        self._counts = [mine + theirs for mine, theirs in zip(self._counts, other._counts, strict=True)]
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
        seen = 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if seen >= rank:
                return min(_middle(bucket), self.max)
        return self.max

    def summary(self) -> LatenessSummary | None:
        """Return the summary; None if nothing was counted."""
        if not self.count:
            return None
        return LatenessSummary(self.count, self.quantile(0.50), self.quantile(0.99), self.max)


def _middle(bucket: int) -> int:
    shift = max(0, (bucket >> _BITS) - 1)
    lower = (bucket - (shift << _BITS)) << shift
    return lower + (1 << shift >> 1)
