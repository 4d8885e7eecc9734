"""How many frames a second were handed over lately."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.model import NANOSECONDS
from feedrec.replay.control.rate import Rate

START = 5 * NANOSECONDS


def at(rate: Rate, seconds: float, frames: int) -> float:
    return rate.at(START + round(seconds * NANOSECONDS), frames)


def test_it_is_that_of_the_last_second() -> None:
    rate = Rate(START)
    assert at(rate, 0, 0) == 0
    assert [at(rate, number / 4, 100 * number) for number in range(1, 9)] == [400] * 8
    assert at(rate, 2.25, 800) == pytest.approx(300)
    assert at(rate, 3, 800) == 0


def test_it_is_that_since_somebody_asked_if_that_is_longer_ago() -> None:
    rate = Rate(START)
    assert at(rate, 10, 50) == 5
    assert at(rate, 20, 150) == 10


def test_it_is_never_negative() -> None:
    """As when they are counted anew."""
    rate = Rate(START)
    assert at(rate, 1, 100) == 100
    assert at(rate, 2, 10) == 0


@given(st.lists(st.integers(1, 10 * NANOSECONDS), min_size=1, max_size=200))
def test_what_comes_evenly_has_its_rate_however_often_one_asks(pauses: list[int]) -> None:
    rate, now = Rate(START), START
    for pause in pauses:
        now += pause
        found = rate.at(now, (now - START) // 1_000_000)
        assert abs(found - 1000) <= NANOSECONDS / min(now - START, NANOSECONDS) + 1
