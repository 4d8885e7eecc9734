"""
How many frames there are when, by what recordings say of themselves: their indexes, and the summaries in these.

A block tells how many frames it has, and when the first and the last line of it were; a summary counts by bins. The
finer one of them counts. What lies between two times of a block or a bin is spread evenly. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ....formats.facts.file_facts import FileFacts
from ....formats.facts.histogram import Bins
from ....formats.line.index import Index

__all__ = ["Share", "buckets_between", "shares_of", "shares_of_bins", "spread"]

Share = tuple[int, int, int]
"""Frames of some span of time: its first and its last nanosecond, and how many."""


def buckets_between(start: int, end: int, most: int) -> list[int]:
    """
    Return the edges of buckets of equal width, one more than there are buckets.

    Args:
        start: Where the first one begins, in nanoseconds.
        end: Where the last one ends; after `start`.
        most: How many there shall be; fewer if they would be narrower than a nanosecond.

    """
    count = max(min(most, end - start), 1)
    return [start + (end - start) * number // count for number in range(count + 1)]


def shares_of(index: Index, facts: FileFacts | None) -> Iterable[Share]:
    """Return the frames of a recording as it tells of them itself, by the finer of two."""
    if facts is None or not _tells_wall_times(facts) or len(facts.frames_over_time.counts) <= len(index.blocks):
        return _of_blocks(index)
    return shares_of_bins(facts.frames_over_time)


def shares_of_bins(bins: Bins) -> Iterator[Share]:
    """Yield what was counted by bins."""
    earliest, latest = bins.first or 0, bins.last or 0
    for number, count in bins.by_number():
        begin = number * bins.width
        yield max(begin, earliest), min(begin + bins.width - 1, latest), count


def spread(shares: Iterable[Share], edges: Sequence[int]) -> list[int]:
    """Return how many frames are in each of some buckets, given their edges, which are at equal distances."""
    count = len(edges) - 1
    start, width = edges[0], edges[-1] - edges[0]
    counts = [0] * count
    for first, last, frames in shares:
        if last < start or first >= edges[-1]:
            continue
        length = last - first + 1
        number = max((first - start) * count // width - 1, 0)  # edges are rounded: it may be the one before
        done = frames * (min(max(edges[number], first), last + 1) - first) // length
        while number < count and edges[number] <= last:
            until = frames * (min(edges[number + 1], last + 1) - first) // length if edges[number + 1] > first else done
            counts[number] += until - done
            done, number = until, number + 1
    return counts


def _of_blocks(index: Index) -> Iterator[Share]:
    for block in index.blocks:
        if block.first is not None and block.last is not None:
            yield block.first, block.last, sum(sum(counts.values()) for counts in block.frames.values())


def _tells_wall_times(facts: FileFacts) -> bool:
    """Return whether the steady times of a file are its wall times: its clock was not set."""
    ends = (facts.received.first, facts.received.last)
    return facts.jump is None and all(one is not None and one[0] == one[1] for one in ends)
