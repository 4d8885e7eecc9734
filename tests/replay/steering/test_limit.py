"""Up to where frames may be played, however they are cut into batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.steering.limit import NOTHING, Limit, Ties, admitted

times_in_order = st.lists(st.integers(0, 5), min_size=1, max_size=20).map(sorted)
"""Few different times, so that many frames share one."""


def in_batches(times: Sequence[int], sizes: Sequence[int]) -> Iterator[list[RecordedSteady]]:
    """Cut times into batches of some sizes, again and again."""
    start = 0
    while start < len(times):
        size = sizes[start % len(sizes)]
        yield [RecordedSteady(time) for time in times[start : start + size]]
        start += size


sizes_of_batches = st.lists(st.integers(1, 4), min_size=1)


@given(times_in_order, sizes_of_batches, st.builds(Limit, st.integers(-1, 6).map(RecordedSteady), st.integers(0, 9)))
def test_as_many_frames_are_admitted_as_the_limit_says(times: list[int], sizes: list[int], limit: Limit) -> None:
    """Those before its time, and so many of those at it; none after the first that is not."""
    ties = Ties()
    found, may_follow = 0, True
    for batch in in_batches(times, sizes):
        ties.begin(batch)
        of_batch = ties.admitted(limit)
        assert may_follow or not of_batch
        found, may_follow = found + of_batch, of_batch == len(batch)
    assert found == sum(time < limit.time for time in times) + min(limit.ties, times.count(limit.time))


@given(times_in_order, sizes_of_batches, sizes_of_batches, st.data())
def test_a_limit_right_after_a_frame_admits_what_is_before_it_in_every_reading(
    times: list[int], sizes: list[int], others: list[int], data: st.DataObject
) -> None:
    """However another client's batches are cut."""
    past = data.draw(st.integers(1, len(times)))
    ties, start, limit = Ties(), 0, None
    for batch in in_batches(times, sizes):
        ties.begin(batch)
        if start < past <= start + len(batch):
            limit = ties.at(past - start)
        start += len(batch)
    assert limit is not None
    theirs, count = Ties(), 0
    for batch in in_batches(times, others):
        theirs.begin(batch)
        count += theirs.admitted(limit)
    assert count == past


@given(times_in_order, sizes_of_batches, st.data())
def test_who_enters_between_batches_counts_on(times: list[int], sizes: list[int], data: st.DataObject) -> None:
    """As long as it is told how the frames before ended."""
    batches = list(in_batches(times, sizes))
    skipped = data.draw(st.integers(0, len(batches) - 1))
    through, entered = Ties(), Ties()
    for number, batch in enumerate(batches):
        if number == skipped:
            entered = Ties(through.at(len(batches[number - 1])) if number else None)
        through.begin(batch)
        if number >= skipped:
            entered.begin(batch)
            assert entered.before == through.before


def test_nothing_is_no_frame_even_of_the_first_time() -> None:
    assert admitted([RecordedSteady(0)], 0, NOTHING) == 0
    assert Ties().at(0) is None
