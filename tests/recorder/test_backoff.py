"""Reconnects get rarer, never in step with others, and quick again after a good connection."""

from __future__ import annotations

import itertools

from feedrec.recorder.backoff import Backoff


def delays(backoff: Backoff, count: int) -> list[float]:
    return [backoff.next_delay() for _ in range(count)]


def test_the_upper_end_doubles_up_to_the_cap() -> None:
    assert delays(Backoff(1.0, 60.0, uniform=lambda: 1.0), 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_the_lower_end_is_half_of_the_upper_one() -> None:
    assert delays(Backoff(1.0, 60.0, uniform=lambda: 0.0), 8) == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_two_recorders_do_not_keep_in_step() -> None:
    assert delays(Backoff(), 8) != delays(Backoff(), 8)
    assert all(0.5 <= delay <= 60 for delay in delays(Backoff(), 50))


def test_a_reset_begins_again_with_the_first_range() -> None:
    numbers = itertools.cycle([0.5])
    backoff = Backoff(1.0, 60.0, uniform=lambda: next(numbers))
    before = delays(backoff, 4)
    backoff.reset()
    assert delays(backoff, 4) == before
