"""Frames over time: none is lost or counted twice, however time is cut."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats import open_recording
from feedrec.formats.facts.file_facts import decode_facts
from feedrec.formats.facts.histogram import Histogram
from feedrec.replay.page.overview.block_counts import buckets_between, shares_of, shares_of_bins, spread

from ...books.making import record
from ..market_recordings import lines_of

SHARES = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 300), st.integers(0, 50)), max_size=20).map(
    lambda found: [(first, first + length, frames) for first, length, frames in found]
)


@given(SHARES, st.integers(1, 400))
def test_all_frames_are_in_the_buckets_that_cover_their_time(shares: list[tuple[int, int, int]], buckets: int) -> None:
    counts = spread(shares, buckets_between(0, 1301, buckets))
    assert sum(counts) == sum(frames for _, _, frames in shares)
    assert min(counts) >= 0


@given(SHARES, st.integers(0, 1300), st.integers(0, 1300), st.integers(1, 50))
def test_two_spans_have_what_both_have_together(
    shares: list[tuple[int, int, int]], one: int, other: int, buckets: int
) -> None:
    start, end = sorted((one, other + 1))
    if start < end:
        before, within, after = (
            sum(spread(shares, buckets_between(*span, buckets))) if span[0] < span[1] else 0
            for span in ((0, start), (start, end), (end, 1302))
        )
        assert before + within + after == sum(frames for _, _, frames in shares)


@given(st.lists(st.integers(0, 999), max_size=50), st.integers(1, 100))
def test_what_has_no_length_is_in_its_bucket(times: list[int], buckets: int) -> None:
    edges = buckets_between(0, 1000, buckets)
    expected = [sum(edges[place] <= time < edges[place + 1] for time in times) for place in range(len(edges) - 1)]
    assert spread([(time, time, 1) for time in times], edges) == expected


def test_buckets_are_no_narrower_than_time_is_told() -> None:
    assert buckets_between(10, 13, 600) == [10, 11, 12, 13]


def test_bins_tell_what_was_counted() -> None:
    histogram = Histogram()
    histogram.add([5, 6, 10**9, 3 * 10**9])
    shares = list(shares_of_bins(histogram.written()))
    assert sum(frames for _, _, frames in shares) == 4
    assert (shares[0][0], shares[-1][1]) == (5, 3 * 10**9)


def test_the_finer_of_blocks_and_bins_counts(tmp_path: Path) -> None:
    for block_size, finer in ((100, "blocks"), (1 << 20, "bins")):
        with open_recording(record(tmp_path / finer, lines_of(3), block_size=block_size)) as recording:
            index = recording.index
        assert index is not None
        assert index.summary is not None
        facts = decode_facts(index.summary)
        assert facts is not None
        blocks = [block for block in index.blocks if block.lines]
        shares = list(shares_of(index, facts))
        assert sum(frames for _, _, frames in shares) == 30
        assert len(shares) == (len(blocks) if finer == "blocks" else len(facts.frames_over_time.counts))
        frames = [sum(sum(one.values()) for one in block.frames.values()) for block in blocks]
        of_blocks = [(block.first, block.last, its) for block, its in zip(blocks, frames, strict=True)]
        assert list(shares_of(index, None)) == of_blocks
