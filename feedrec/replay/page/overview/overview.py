"""The overview of recordings: frames over time, and marks of what happened; by indexes first, then as they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import msgspec

from ....errors import LineError, RecordingError
from ....formats.line.fast_path import ReceivedFrames
from ....formats.line.index import IndexedBlock
from ..fault_marks import MarkTold
from ..parameters import MILLISECOND
from ..recordings import PageFile, PageRecordings
from .block_counts import Share, buckets_between, shares_of, shares_of_bins, spread
from .marks import Mark, chosen_marks, gaps_told
from .reading import ReadFile

__all__ = ["MOST_BUCKETS", "Overview", "OverviewTold"]

MOST_BUCKETS = 2000
_MOST_MARKS = 400
_MOST_READ = 12 << 20  # bytes of text that are counted exactly


class OverviewTold(msgspec.Struct, rename={"start": "from", "end": "to"}):
    """
    The overview of a span of time. Times are in milliseconds since the start.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        frames: Received frames in each of some buckets of equal width.
        exact: Whether each was counted in its bucket; else they are spread over the time of their blocks.
        marks: What happened.
        marks_left_out: How many marks there were no room for.
        complete: Whether nothing is being read that would change it.
        fraction: How much of the recordings is known.

    """

    start: float
    end: float
    frames: list[int]
    exact: bool
    marks: list[MarkTold]
    marks_left_out: int
    complete: bool
    fraction: float


class Overview:
    """
    Tells the overview of recordings. Close it.

    Args:
        recordings: The recordings.

    """

    def __init__(self, recordings: PageRecordings) -> None:
        self._recordings = recordings
        self._read = [ReadFile(file) for file in recordings.files]

    def close(self) -> None:
        """Close what it is reading."""
        for one in self._read:
            one.close()

    def tell(self, start: int, end: int, buckets: int, is_over: Callable[[], bool]) -> OverviewTold:
        """
        Tell the overview between two wall times, after reading on for a while.

        Args:
            start: Where it begins, in nanoseconds.
            end: Where it ends.
            buckets: How many buckets to count in.
            is_over: Whether to stop reading.

        """
        for one in self._read:
            one.go_on(is_over)
        end = max(end, start + 1)
        edges = buckets_between(start, end, min(buckets, MOST_BUCKETS))
        counts, is_exact = [0] * (len(edges) - 1), True
        for file, read in zip(self._recordings.files, self._read, strict=True):
            its, is_counted = self._counts(file, read, edges)
            counts = [one + other for one, other in zip(counts, its, strict=True)]
            is_exact &= is_counted
        marks = list(chain.from_iterable(map(self._marks_of, self._recordings.files, self._read)))
        chosen, left_out = chosen_marks(marks, start, end, _MOST_MARKS)
        fractions = [one.fraction for one in self._read]
        begin = self._recordings.origin
        return OverviewTold(
            (start - begin) / MILLISECOND,
            (end - begin) / MILLISECOND,
            counts,
            is_exact,
            [MarkTold((mark.time - begin) / MILLISECOND, mark.kind, mark.text) for mark in chosen],
            left_out + sum(one.marks_left_out for one in self._read),
            all(one.is_done for one in self._read),
            round(sum(fractions) / len(fractions), 4),
        )

    def _counts(self, file: PageFile, read: ReadFile, edges: Sequence[int]) -> tuple[list[int], bool]:
        """Return the frames of a recording in each bucket, and whether each was counted there."""
        if file.index is None:
            bins = read.frames.written() if file.facts is None or read.frames.total else file.facts.frames_over_time
            return spread(shares_of_bins(bins), edges), bins.width <= edges[1] - edges[0]
        blocks = [block for block in file.index.blocks if _is_within(block, edges[0], edges[-1])]
        if not blocks:
            return [0] * (len(edges) - 1), True
        if sum(block.text for block in blocks) <= _MOST_READ:
            exact = self._counted(file, blocks, edges)
            if exact is not None:
                return exact, True
        return spread(shares_of(file.index, file.facts), edges), False

    def _counted(self, file: PageFile, blocks: Sequence[IndexedBlock], edges: Sequence[int]) -> list[int] | None:
        """Count the frames of some blocks; None if they cannot be read."""
        reader, received = self._recordings.reader_of(file), ReceivedFrames()
        shares: list[Share] = []
        try:
            for block in blocks:
                text = reader.block_text(block)
                if text is None:
                    return None
                frames, _ = received.decode_columns(text.split(b"\n")[:-1])
                shares += [(frame.time, frame.time, 1) for frame in frames]
        except (RecordingError, LineError):
            return None
        return spread(shares, edges)

    def _marks_of(self, file: PageFile, read: ReadFile) -> Iterator[Mark]:
        facts = file.facts
        told_by_bins = facts is not None and (not read.is_done or facts.sequence.unnoticed_gaps > 0)
        if facts is not None and told_by_bins:
            yield from gaps_told(facts)
            yield from (mark for mark in read.marks if not mark.is_counted)
        else:
            yield from read.marks


def _is_within(block: IndexedBlock, start: int, end: int) -> bool:
    return block.first is not None and block.last is not None and block.first < end and block.last >= start
