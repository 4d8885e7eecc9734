"""Counts over time: nothing that was counted is lost, whatever comes and in however few bins."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.facts.histogram import BusiestSecond, Histogram, SecondCount
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


@given(st.lists(times, min_size=1, max_size=40).map(sorted), st.integers(1, 30))
def test_sorted_times_are_counted_like_any(sorted_times: list[int], most_bins: int) -> None:
    fast, slow = Histogram(most_bins), Histogram(most_bins)
    fast.add_sorted(sorted_times)
    slow.add(sorted_times)
    assert fast.written() == slow.written()


@given(batches, st.integers(1, 30), st.integers(-(10**12), 10**12))
def test_what_was_written_down_is_counted_again(parts: list[list[int]], most_bins: int, shift: int) -> None:
    """Each bin as if all were in its middle."""
    histogram = filled(parts, most_bins)
    written = histogram.written()
    again = Histogram(10**6)
    again.add_bins(written, shift)
    width = histogram.bin_width
    middles = Counter[int]()
    for begin, count in histogram.bins.items():
        middles[(begin + width // 2 + shift) // again.bin_width * again.bin_width] += count
    assert again.bins == middles
    assert again.total == histogram.total == written.total
    if histogram.first is not None and histogram.last is not None:
        assert (again.first, again.last) == (histogram.first + shift, histogram.last + shift)


def second_count(sorted_times: list[int], cuts: list[int]) -> SecondCount:
    count, bounds = SecondCount(), sorted({0, *(cut % (len(sorted_times) + 1) for cut in cuts), len(sorted_times)})
    for start, end in pairwise(bounds):
        count.add_sorted(sorted_times[start:end])
    return count


@given(st.lists(st.integers(0, 10**10), max_size=60).map(sorted), st.lists(st.integers(0, 60), max_size=5))
def test_the_busiest_second_of_a_file_is_found_however_it_is_cut(sorted_times: list[int], cuts: list[int]) -> None:
    seconds = Counter(time // NANOSECONDS for time in sorted_times)
    count = second_count(sorted_times, cuts)
    assert count.most == max(seconds.values(), default=0)
    ends = [(second, seconds[second]) for second in (min(seconds), max(seconds))] if seconds else [None, None]
    assert [count.first, count.last] == ends


@given(st.lists(st.lists(st.integers(0, 10**11), max_size=30).map(sorted), max_size=6), st.integers(0, 3))
def test_the_busiest_second_of_several_files_is_found_in_any_order(parts: list[list[int]], shift: int) -> None:
    """As long as their bins are not wider than a second."""
    busiest = BusiestSecond()
    for part in parts:
        busiest.add(second_count(part, []), filled([part], 4096).written(), shift * NANOSECONDS)
    seconds = Counter(time // NANOSECONDS for part in parts for time in part)
    assert busiest.most == max(seconds.values(), default=0)


def test_in_wider_bins_a_second_that_two_files_share_at_their_ends_is_still_one() -> None:
    busiest, hour = BusiestSecond(), 3600 * NANOSECONDS
    for part in ([0, 1, 2, hour, hour], [hour + 1, hour + 2, 2 * hour]):
        busiest.add(second_count(part, []), filled([part], 1).written())
    assert busiest.most == 4


def test_a_second_that_is_counted_in_part_is_counted_whole_when_another_file_has_it_too() -> None:
    """At first two files meet at their ends only; the third lies across both."""
    busiest, second = BusiestSecond(), NANOSECONDS
    for part in ([0, second, second], [second, 2 * second, 2 * second], [0, 0, second, 2 * second]):
        busiest.add(second_count(part, []), filled([part], 9).written())
    assert busiest.most == 4
