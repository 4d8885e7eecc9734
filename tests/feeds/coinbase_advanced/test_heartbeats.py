"""Heartbeats that are made: they follow those that were recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.coinbase_advanced.heartbeats import Heartbeats
from feedrec.model import NANOSECONDS, Frame

START = 1_786_309_548 * NANOSECONDS + 856_364_007

CURRENT_TIME = "2026-08-09 21:05:48.854840045 +0000 UTC m=+41691.260485341"
"""As captured on 2026-08-09."""


def beat(current_time: Any = CURRENT_TIME, counter: Any = 41_691, time: int = START) -> Frame:
    event = {"current_time": current_time, "heartbeat_counter": counter}
    return Frame(time, 0, json.dumps({"channel": "heartbeats", "sequence_num": 35, "events": [event]}).encode())


def after(last: Frame | None) -> Heartbeats:
    heartbeats = Heartbeats()
    heartbeats.last = last
    return heartbeats


def test_they_go_on_where_the_last_recorded_one_was() -> None:
    heartbeats = after(beat())
    assert heartbeats.next_event(START + NANOSECONDS, START + NANOSECONDS) == {
        "current_time": "2026-08-09 21:05:49.854840045 +0000 UTC m=+41692.260485341",
        "heartbeat_counter": 41_692,
    }
    assert heartbeats.next_event(START + 2 * NANOSECONDS + 145_159_955, START + 2 * NANOSECONDS + 145_159_955) == {
        "current_time": "2026-08-09 21:05:51 +0000 UTC m=+41693.405645296",
        "heartbeat_counter": 41_693,
    }


def test_who_comes_late_gets_what_the_others_get() -> None:
    """The venue's clock is 7 ns ahead; half a second after the tenth beat, the eleventh is due to all."""
    stamped = b'{"timestamp":"2026-08-09T21:05:48.856364014Z",' + beat().payload[1:]
    heartbeats = Heartbeats()
    heartbeats.follow(stamped, ahead=7)
    due = heartbeats.next_due(START + 10 * NANOSECONDS + NANOSECONDS // 2)
    assert due == START + 11 * NANOSECONDS
    assert heartbeats.next_event(due, due) == {
        "current_time": "2026-08-09 21:05:59.854840045 +0000 UTC m=+41702.260485341",
        "heartbeat_counter": 41_702,
    }
    assert heartbeats.next_event(due + NANOSECONDS, due)["heartbeat_counter"] == 41_703


def test_what_names_no_time_or_is_older_than_what_the_client_got_is_not_followed() -> None:
    heartbeats = after(None)
    heartbeats.follow(beat().payload, ahead=0)
    assert heartbeats.last is None
    assert heartbeats.next_due(START) == START + NANOSECONDS
    heartbeats.last = last = beat()
    heartbeats.follow(b'{"timestamp":"2026-08-09T21:05:40Z"}', ahead=0)
    assert heartbeats.last is last


def test_a_count_that_is_written_as_text_stays_text() -> None:
    assert (
        after(beat(counter="3049")).next_event(START + NANOSECONDS, START + NANOSECONDS)["heartbeat_counter"] == "3050"
    )


def test_another_recorded_one_is_followed_in_its_turn() -> None:
    heartbeats = after(beat())
    heartbeats.next_event(START + NANOSECONDS, START + NANOSECONDS)
    heartbeats.last = beat(counter=7)
    assert heartbeats.next_event(START + NANOSECONDS, START + NANOSECONDS)["heartbeat_counter"] == 8


@pytest.mark.parametrize(
    "odd",
    [
        None,
        beat(current_time="now"),
        beat(current_time=CURRENT_TIME.replace("08", "18")),
        beat(current_time=5),
        beat(counter="many"),
        beat(counter=[]),
        Frame(START, 0, b'{"channel":"heartbeats","events":[]}'),
        Frame(START, 0, b'{"channel":"heartbeats"'),
    ],
)
def test_where_there_is_none_to_follow_a_server_is_made_up(odd: Frame | None) -> None:
    heartbeats = after(odd)
    assert [heartbeats.next_event(START + step * NANOSECONDS, START + step * NANOSECONDS) for step in (1, 2)] == [
        {
            "current_time": "2026-08-09 21:05:49.856364007 +0000 UTC m=+9549.856364007",
            "heartbeat_counter": 9549,
        },
        {
            "current_time": "2026-08-09 21:05:50.856364007 +0000 UTC m=+9550.856364007",
            "heartbeat_counter": 9550,
        },
    ]


@given(counter=st.one_of(st.integers(), st.text()), current_time=st.text(), later=st.integers(0, 10**19))
def test_whatever_was_recorded_a_heartbeat_can_be_made(counter: int | str, current_time: str, later: int) -> None:
    last = beat(current_time, counter)
    due = min(START + later, 250_000_000_000 * NANOSECONDS)
    made = after(last).next_event(due, due)
    assert made.keys() == {"current_time", "heartbeat_counter"}
