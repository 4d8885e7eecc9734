"""By a clock that is wrong for a while, no file becomes old."""

from __future__ import annotations

import logging

import pytest

from feedrec.model import NANOSECONDS
from feedrec.recorder.keeping.believed_clock import BELIEVED_AFTER, BelievedClock

START = 1_795_698_000 * NANOSECONDS
DAY = 24 * 3600 * NANOSECONDS


class Clocks:
    """Both clocks of a machine."""

    def __init__(self) -> None:
        self.steady, self.set_by = 5 * NANOSECONDS, 0
        self.believed = BelievedClock(lambda: START + self.steady + self.set_by, lambda: self.steady)

    def now(self, newest: int | None = START, age: int = 7 * DAY) -> int:
        """Return what is believed, as nanoseconds after what a right clock would have."""
        return self.believed.now(newest, age) - START - self.steady


def test_a_clock_that_is_kept_right_is_believed() -> None:
    clocks = Clocks()
    assert clocks.now() == 0
    clocks.steady += DAY
    clocks.set_by = NANOSECONDS
    assert clocks.now() == NANOSECONDS


def test_one_that_is_set_forward_is_believed_after_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    clocks = Clocks()
    clocks.now()
    clocks.set_by = 30 * DAY
    with caplog.at_level(logging.WARNING):
        assert clocks.now() == 0
        clocks.steady += BELIEVED_AFTER - 1
        assert clocks.now() == 0
    assert len(caplog.records) == 1
    clocks.steady += 1
    assert clocks.now() == 30 * DAY


def test_one_that_is_set_back_again_is_believed_at_once() -> None:
    clocks = Clocks()
    clocks.now()
    clocks.set_by = 30 * DAY
    clocks.now()
    clocks.set_by = -DAY
    assert clocks.now() == -DAY
    clocks.set_by = 0
    assert clocks.now() == -DAY  # that is forward


@pytest.mark.parametrize(("newest", "off"), [(START - 8 * DAY, -8 * DAY), (START - 6 * DAY, 0), (None, 0)])
def test_at_the_start_a_clock_by_which_all_is_old_is_doubted(newest: int | None, off: int) -> None:
    """As after a power failure, before anything has set it; or the recorder was off for long."""
    clocks = Clocks()
    assert clocks.now(newest) - off in (0, -5 * NANOSECONDS)
    clocks.steady += BELIEVED_AFTER
    assert clocks.now(newest) == 0


def test_where_nothing_is_lost_nothing_is_doubted() -> None:
    clock = BelievedClock(lambda: 10**18, lambda: 0, doubts=False)
    assert clock.now(newest=1, age=0) == 10**18
