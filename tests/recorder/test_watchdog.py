"""A connection is dead when it does not answer, not when it has nothing to say."""

from __future__ import annotations

import pytest

from feedrec.recorder.watchdog import PING_AFTER, SILENT_AFTER, Verdict, Watchdog

START = 1000.0


def judge(
    watchdog: Watchdog,
    seconds: float,
    *,
    frames: int = 0,
    is_amid_message: bool = False,
    frame_limit: float | None = None,
) -> Verdict:
    """Judge so many seconds after the start."""
    return watchdog.judge(START + seconds, frames, is_amid_message=is_amid_message, frame_limit=frame_limit)


def read(watchdog: Watchdog, seconds: float) -> None:
    watchdog.last_bytes = START + seconds


@pytest.mark.parametrize(
    ("seconds", "frame_limit", "verdict"),
    [
        (0, None, "alive"),
        (PING_AFTER - 0.1, None, "alive"),
        (PING_AFTER, None, "ping"),
        (SILENT_AFTER - 0.1, None, "ping"),
        (SILENT_AFTER, None, "dead"),
        (4.9, 5.0, "alive"),
        (5.0, 5.0, "dead"),
        (PING_AFTER, 5.0, "dead"),
        (PING_AFTER, 2 * PING_AFTER, "ping"),
    ],
)
def test_the_first_look_at_a_silent_connection(seconds: float, frame_limit: float | None, verdict: Verdict) -> None:
    assert judge(Watchdog(START), seconds, frame_limit=frame_limit) == verdict


def test_a_silence_is_pinged_once_and_then_dead() -> None:
    watchdog = Watchdog(START)
    looks = [PING_AFTER, PING_AFTER + 1, SILENT_AFTER - 0.1, SILENT_AFTER]
    assert [judge(watchdog, seconds) for seconds in looks] == ["ping", "alive", "alive", "dead"]


def test_a_connection_that_answers_each_ping_lives_and_each_silence_is_pinged() -> None:
    watchdog = Watchdog(START)
    for silence in range(5):
        began = silence * (PING_AFTER + 1)
        assert judge(watchdog, began + PING_AFTER) == "ping"
        read(watchdog, began + PING_AFTER + 1)
        assert judge(watchdog, began + PING_AFTER + 1) == "alive"


def test_bytes_that_are_no_frame_do_not_stand_in_for_the_frames_that_a_feed_promises() -> None:
    watchdog = Watchdog(START)
    for seconds in range(5):
        read(watchdog, seconds)
        assert judge(watchdog, seconds, frame_limit=5.0) == "alive"
    read(watchdog, 5)
    assert judge(watchdog, 5, frame_limit=5.0) == "dead"
    assert watchdog.since_frame(START + 5) == 5


def test_frames_and_parts_of_one_keep_the_promise() -> None:
    watchdog = Watchdog(START)
    read(watchdog, 4)
    assert judge(watchdog, 4, frames=1, frame_limit=5.0) == "alive"
    read(watchdog, 8)
    assert judge(watchdog, 8, frames=1, is_amid_message=True, frame_limit=5.0) == "alive"
    assert judge(watchdog, 12.9, frames=1, frame_limit=5.0) == "alive"
    assert judge(watchdog, 13, frames=1, frame_limit=5.0) == "dead"


def test_while_nothing_is_read_no_silence_counts() -> None:
    watchdog = Watchdog(START)
    assert judge(watchdog, PING_AFTER) == "ping"
    watchdog.restart(START + 100)
    assert judge(watchdog, 100 + PING_AFTER - 0.1, frame_limit=PING_AFTER) == "alive"
    assert judge(watchdog, 100 + PING_AFTER) == "ping"
