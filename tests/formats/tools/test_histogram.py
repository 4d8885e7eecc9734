"""Counts over time: nothing that was counted is lost, whatever comes and in however few bins."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.tools.histogram import BusiestSecond, Histogram
from feedrec.model import NANOSECONDS

times = st.integers(0, 10**19) | st.integers(1_786_309_548 * 10**9, 1_786_309_549 * 10**9)
batches = st.lists(st.lists(times, max_size=40), max_size=10)


def filled(parts: list[list[int]], most_bins: int) -> Histogram:
    histogram = Histogram(most_bins)
    for part in parts:
        histogram.add(part)
    return histogram


@given(batches, st.integers(1, 30))
def test_counts_are_conserved_in_bounded_bins(parts: list[list[int]], most_bins: int) -> None:
    histogram = filled(parts, most_bins)
    everything = [time for part in parts for time in part]
    assert sum(histogram.bins.values()) == histogram.total == len(everything)
    assert len(histogram.bins) <= most_bins
    assert (histogram.first, histogram.last) == (min(everything, default=None), max(everything, default=None))


@given(batches, st.integers(1, 30))
def test_each_bin_holds_what_happened_in_it(parts: list[list[int]], most_bins: int) -> None:
    histogram = filled(parts, most_bins)
    width = histogram.bin_width
    assert histogram.bins == Counter(time // width * width for part in parts for time in part)


@given(batches, st.integers(1, 30), st.integers(1, 200), times, times)
def test_columns_hold_everything(parts: list[list[int]], most_bins: int, count: int, start: int, end: int) -> None:
    histogram = filled(parts, most_bins)
    columns = histogram.columns(min(start, end), max(start, end), count)
    assert len(columns) == count
    assert sum(columns) == histogram.total


def test_columns_are_separate() -> None:
    second = NANOSECONDS
    histogram = filled([[0, second // 2, 3 * second, 3 * second], [3 * second, 4 * second]], 8192)
    assert histogram.columns(0, 4 * second, 4) == [2, 0, 0, 4]


def test_an_even_rate_looks_even() -> None:
    """A day of a frame a tenth of a second, in far fewer bins than that."""
    step, count = NANOSECONDS // 10, 864_000
    histogram = filled(
        [[number * step for number in range(start, start + 8640)] for start in range(0, count, 8640)], 8192
    )
    columns = histogram.columns(0, count * step, 90)
    assert len(histogram.bins) <= 8192
    assert max(columns) / min(columns) < 1.05


@given(st.lists(st.lists(st.integers(0, 10**13), max_size=30), max_size=10))
def test_the_busiest_second_is_found_in_any_order(parts: list[list[int]]) -> None:
    busiest = BusiestSecond()
    for part in parts:
        busiest.add(part)
    seconds = Counter(time // NANOSECONDS for part in parts for time in part)
    assert busiest.most == max(seconds.values(), default=0)


@pytest.mark.parametrize(("most_chunks", "most"), [(2, 3), (1, 2)])
def test_what_is_too_long_ago_is_counted_anew(most_chunks: int, most: int) -> None:
    """Memory is bounded; the number seen before stays."""
    busiest = BusiestSecond(most_chunks)
    busiest.add([0, 0])
    busiest.add([10**6 * NANOSECONDS])
    busiest.add([0])
    assert busiest.most == most
