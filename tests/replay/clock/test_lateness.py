"""The histogram of lateness: cheap, and near enough to the truth."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.replay.clock.lateness import HandOffs, LatenessHistogram, LatenessSummary
from feedrec.replay.clock.time_types import Monotonic, RecordedSteady

latenesses = st.lists(st.integers(0, 10**12), min_size=1, max_size=200)


def histogram(values: list[int]) -> LatenessHistogram:
    counted = LatenessHistogram()
    for value in values:
        counted.add(value)
    return counted


@given(latenesses, st.floats(0.001, 1))
def test_a_quantile_is_within_two_per_cent_of_the_true_one(values: list[int], fraction: float) -> None:
    true = sorted(values)[max(1, math.ceil(fraction * len(values))) - 1]
    assert abs(histogram(values).quantile(fraction) - true) <= true / 64 + 1


@given(st.integers(0, 63))
def test_small_values_are_exact(value: int) -> None:
    assert histogram([value]).quantile(0.5) == value


@given(latenesses, latenesses)
def test_merging_is_counting_together(some: list[int], others: list[int]) -> None:
    merged = histogram(some)
    merged.merge(histogram(others))
    assert merged.summary() == histogram(some + others).summary()


def test_what_is_early_is_not_late() -> None:
    assert histogram([-5]).summary() == LatenessSummary(1, 0, 0, 0)


def test_the_maximum_is_exact_and_bounds_the_quantiles() -> None:
    counted = histogram([1_000_001])
    assert counted.max == 1_000_001
    assert counted.quantile(0.99) <= 1_000_001


@pytest.mark.parametrize("value", [2**62, 2**63 - 1, 2**63, 2**80])
def test_no_lateness_is_too_large(value: int) -> None:
    assert histogram([value]).max == min(value, 2**63 - 1)


def test_nothing_counted_has_no_summary() -> None:
    assert LatenessHistogram().summary() is None
    with pytest.raises(ValueError, match="empty histogram"):
        LatenessHistogram().quantile(0.5)


@given(st.lists(st.lists(st.integers(0, 1000), min_size=1, max_size=5), min_size=1), st.integers(0, 1000))
def test_a_hand_over_tells_of_what_is_later_than_all_before(writes: list[list[int]], ready: int) -> None:
    """By its deadline, by which the frame is found; what was due before the client was ready is no later."""
    handed, now = HandOffs(Monotonic(0), RecordedSteady(0)), 0
    handed.ready = Monotonic(ready)
    most = 0
    for deadlines in writes:
        now += 500
        handed.pending = [Monotonic(deadline) for deadline in deadlines]
        latest = handed.note(Monotonic(now), RecordedSteady(0), is_paced=True)
        late = max(now - max(deadline, ready) for deadline in deadlines)
        assert latest == (min(deadlines) if late > most else None)
        most = max(most, late)


def test_where_time_takes_no_time_nothing_is_later_than_anything() -> None:
    handed = HandOffs(Monotonic(0), RecordedSteady(0))
    handed.pending = [Monotonic(0)]
    assert handed.note(Monotonic(10), RecordedSteady(0), is_paced=False) is None
