"""Stamps keep the order that readers rely on, and readings show where the wall clock stepped."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.line.steady_clock import MAX_DRIFT
from feedrec.model import NANOSECONDS
from feedrec.recorder.clock import READING_INTERVAL, RecordingClock

START = 1_795_280_400 * NANOSECONDS


class Hands:
    """Two clocks set by hand."""

    def __init__(self) -> None:
        self.wall = START
        self.steady = 5 * NANOSECONDS
        self.pause_at_look = 0
        self._looks = 0

    def pass_by(self, nanoseconds: int) -> None:
        self.wall += nanoseconds
        self.steady += nanoseconds

    def look_at_wall(self) -> int:
        self._looks += 1
        if self._looks == self.pause_at_look:
            self.pass_by(10 * MAX_DRIFT)  # the process was off the processor between its two looks
        return self.wall


def clock_and_hands() -> tuple[RecordingClock, Hands]:
    hands = Hands()
    return RecordingClock(hands.look_at_wall, lambda: hands.steady), hands


def test_the_first_stamp_comes_with_a_reading_of_both_clocks() -> None:
    clock, _ = clock_and_hands()
    assert clock.stamp() == (START, (START, 5 * NANOSECONDS))


def test_a_stamp_is_the_wall_clock() -> None:
    clock, hands = clock_and_hands()
    clock.stamp()
    hands.pass_by(123_456_789)
    assert clock.stamp() == (START + 123_456_789, None)


def test_a_reading_is_due_once_a_minute() -> None:
    clock, hands = clock_and_hands()
    clock.stamp()
    hands.pass_by(READING_INTERVAL - 1)
    assert clock.stamp()[1] is None
    hands.pass_by(1)
    assert clock.stamp()[1] == (hands.wall, hands.steady)
    hands.pass_by(READING_INTERVAL - 1)
    assert clock.stamp()[1] is None


def test_a_reading_can_be_asked_for() -> None:
    clock, hands = clock_and_hands()
    clock.stamp()
    clock.require_reading()
    assert clock.stamp() == (START, (START, hands.steady))
    assert clock.stamp()[1] is None


def test_the_time_of_what_is_not_recorded_is_the_wall_clock_and_costs_no_reading() -> None:
    clock, hands = clock_and_hands()
    assert clock.now() == hands.wall
    assert clock.stamp() == (START, (START, hands.steady))


def test_clocks_that_drift_apart_by_more_than_a_millisecond_give_a_reading_at_once() -> None:
    clock, hands = clock_and_hands()
    clock.stamp()
    hands.wall += MAX_DRIFT
    assert clock.stamp()[1] is None
    hands.wall += 1
    assert clock.stamp()[1] == (hands.wall, hands.steady)
    assert clock.stamp()[1] is None


def test_any_step_back_gives_a_reading() -> None:
    clock, hands = clock_and_hands()
    clock.stamp()
    hands.wall -= 1
    assert clock.stamp() == (START - 1, (START - 1, hands.steady))


def test_a_pause_of_the_process_between_two_looks_is_no_step_of_the_clock() -> None:
    clock, hands = clock_and_hands()
    clock.stamp()  # takes a look, then three
    hands.pause_at_look = 5
    assert clock.stamp() == (hands.wall, None)


@given(st.lists(st.tuples(st.integers(0, 70 * NANOSECONDS), st.integers(-3 * MAX_DRIFT, 3 * MAX_DRIFT))))
def test_stamps_step_back_only_together_with_a_reading(moves: list[tuple[int, int]]) -> None:
    clock, hands = clock_and_hands()
    last, _ = clock.stamp()
    for passed, stepped in moves:
        hands.pass_by(passed)
        hands.wall += stepped
        stamp, reading = clock.stamp()
        assert stamp == hands.wall
        assert reading is not None or stamp >= last
        last = stamp
