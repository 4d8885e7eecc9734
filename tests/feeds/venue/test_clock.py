"""The venue's clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.venue import VenueClock
from feedrec.model import NANOSECONDS, TIME_LIMIT, format_time

TIMES = st.integers(0, TIME_LIMIT - 1)
ANYTHING = st.integers(-(2**70), 2**70)


def test_a_frame_is_stamped_by_the_venues_clock_but_never_later_than_the_next_one() -> None:
    assert VenueClock().at(1000) == 1000
    assert VenueClock(50).at(1000) == 1050
    assert VenueClock(50, lambda time: time + 20).at(1000) == 1020
    assert VenueClock(-50, lambda time: time + 20).at(1000) == 950


def test_a_whole_second_is_one_of_the_venues_clock() -> None:
    clock = VenueClock(300_000_000, lambda time: 0)  # noqa: ARG005
    assert clock.next_second(5 * NANOSECONDS) == 5_700_000_000
    assert clock.next_second(5_700_000_000) == 6_700_000_000
    assert clock.last_second(5_700_000_000) == 6 * NANOSECONDS
    assert clock.last_second(5_699_999_999) == 5 * NANOSECONDS


@given(TIMES, ANYTHING, ANYTHING | st.none())
def test_whatever_clocks_and_frames_say_it_can_be_written(time: int, ahead: int, limit: int | None) -> None:
    clock = VenueClock(ahead, lambda _: limit)
    format_time(clock.at(time))
    format_time(clock.last_second(time))
    assert time < clock.next_second(time) <= time + NANOSECONDS


def test_a_clock_shows_its_time_whatever_the_next_frame_names() -> None:
    """Stamps of frames that are made are not later than what is recorded next."""
    clock = VenueClock(ahead=5, limit=lambda time: time - 100)
    assert (clock.shown(1000), clock.at(1000)) == (1005, 900)
    assert VenueClock(ahead=-5).shown(1) == 0
