"""How the venue's clock differs from the recorder's, as the last frames tell it."""

from __future__ import annotations

import pytest

from feedrec.model import NANOSECONDS, Frame
from feedrec.replay.live.live_clock import LiveClock

from ..recordings import START

MS = 1_000_000


def clock_after(*named: tuple[float, int], synthetic: bool = False) -> LiveClock:
    """Give the clock after frames: when each came, in seconds, and by how many milliseconds its own time is ahead."""
    clock = LiveClock(lambda payload: None if payload == b"none" else int(payload))
    for second, ahead in named:
        time = START + round(second * NANOSECONDS)
        clock.take(Frame(time, 0, str(time + ahead * MS).encode(), synthetic=synthetic))
    return clock


def test_without_frames_the_clock_is_the_recorders() -> None:
    assert clock_after().time.clock.at(START) == START


def test_less_than_a_second_is_the_way_and_what_is_made_is_as_late_as_the_latest_frame() -> None:
    time = clock_after((1, -20), (2, -80), (3, -30)).time
    assert time.clock.ahead == 0
    assert time.clock.at(START) == START - 80 * MS


def test_more_is_a_difference_of_clocks_which_the_frame_tells_that_was_least_late() -> None:
    time = clock_after((1, 5000), (2, 4980)).time
    assert time.clock.ahead == 5000 * MS
    assert time.clock.at(START) == START + 4980 * MS


def test_a_network_that_stood_still_is_no_way() -> None:
    assert clock_after((1, -20), (2, -9000)).time.behind == -1020 * MS


def test_what_is_longer_ago_than_two_minutes_is_forgotten_and_a_minute_is_not() -> None:
    assert clock_after((1, -500), (62, -20)).time.behind == -500 * MS
    assert clock_after((1, -500), (62, -20), (130, -30), (200, -30)).time.behind == -30 * MS


def test_a_clock_that_was_set_back_begins_anew() -> None:
    assert clock_after((100, -20), (1, -50), (1.5, -60), (70, -40)).time.behind == -60 * MS


def test_frames_that_come_together_are_looked_at_once_and_those_that_are_made_never() -> None:
    assert clock_after((1, -20), (1.01, -80)).time.behind == -20 * MS
    assert clock_after((1, -20), synthetic=True).time.behind == 0


@pytest.mark.parametrize("payload", [b"none", b"1" * (1 << 17)])
def test_a_frame_that_names_no_time_or_is_large_says_nothing(payload: bytes) -> None:
    clock = LiveClock(lambda payload: None if payload == b"none" else int(payload[:10]))
    clock.take(Frame(START, 0, payload))
    assert clock.time.behind == 0
