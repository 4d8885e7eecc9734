"""A clock that is set, or no longer kept right, is told of."""

from __future__ import annotations

from feedrec.model import NANOSECONDS
from feedrec.recorder.watching.clock_quality import ClockQuality
from feedrec.recorder.watching.clock_watch import ClockWatch

START = 1_790_000_000 * NANOSECONDS
GOOD, BAD = ClockQuality(True, 5, 10, 1), ClockQuality(False, 0, 16_000_000_000, 16_000_000_000)


class Machine:
    """Clocks that a test sets."""

    def __init__(self, quality: ClockQuality | None) -> None:
        self.wall, self.steady = START, 0
        self.quality = quality
        self.watch = ClockWatch(lambda: self.wall, lambda: self.steady, lambda: self.quality)

    def look(self, step: int = 0) -> list[tuple[str, dict[str, object]]]:
        self.steady += NANOSECONDS
        self.wall += NANOSECONDS + step
        return [(one.text, one.details) for one in self.watch.tick()]


def test_a_clock_that_is_set_is_told_of() -> None:
    """By how much, and each time; what its readings differ by anyway is nothing."""
    machine = Machine(GOOD)
    assert machine.look(900_000) == []
    assert machine.look(3_200_000_000) == [("the clock was set forward by 3.200 s", {"step": 3_200_000_000})]
    assert machine.look() == []
    assert machine.look(-5_000_000) == [("the clock was set back by 0.005 s", {"step": -5_000_000})]
    assert machine.watch.facts.steps == 2


def test_a_clock_that_nobody_keeps_any_more_is_told_of() -> None:
    machine = Machine(GOOD)
    machine.quality = BAD
    assert machine.look() == [("the clock is no longer synchronized", {**BAD.as_dict(), "over": False})]
    assert machine.look() == []
    machine.quality = GOOD
    assert machine.look() == [("the clock is synchronized again", {**GOOD.as_dict(), "over": True})]
    assert machine.watch.facts.quality == GOOD


def test_a_clock_that_never_was_kept_is_no_news_and_neither_is_one_of_which_nothing_is_known() -> None:
    machine = Machine(BAD)
    assert machine.look() == []
    machine.quality = None
    assert machine.look() == []
    machine.quality = GOOD
    assert machine.look() == []
