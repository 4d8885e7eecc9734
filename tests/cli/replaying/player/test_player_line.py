"""Where a replay is, in one line."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.cli.replaying.player.player_line import player_line
from feedrec.model import NANOSECONDS, parse_time
from feedrec.replay.clock.lateness import LatenessSummary
from feedrec.replay.steering.status import ClientStatus, Status

START = parse_time("2026-11-21T17:00:00Z")
LATE = LatenessSummary(1000, 100_000, 823_000, 4_000_000)
CLIENT = ClientStatus(1, "127.0.0.1:9", "x", {}, "playing", 1.0, START, 3, 30, LATE)


LONG = "playing 0:12 of 4:56 | 2026-11-21T17:00:12Z | speed 1 | 2 clients | 1,030/s | p99 0.823 ms"


def status(**changes: Any) -> Status:
    facts: dict[str, Any] = {
        "state": "playing",
        "speed": 1.0,
        "start": START,
        "end": START + 296 * NANOSECONDS,
        "present": START + 12_345_678_901,
        "position": None,
        "frames": 5000,
        "lateness": LATE,
        "clients": [CLIENT, CLIENT],
    }
    return Status(**{**facts, **changes})


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (119, f"{LONG} | h shows the keys"),
        (100, LONG.replace("2026-11-21T", "")),
        (79, "playing 0:12 of 4:56 | 17:00:12Z | speed 1 | 2 clients | 1,030/s | p99 0.823 ms"),
        (74, "playing 0:12/4:56 | 17:00:12Z | 1x | 2 clients | 1,030/s | p99 0.823 ms"),
        (60, "playing 0:12/4:56 | 17:00:12Z | 1x | 2 clients | 1,030/s"),
        (40, "playing 0:12/4:56 | 17:00:12Z | 1x"),
        (20, "playing 0:12/4:56"),
        (5, "playi"),
    ],
)
def test_a_narrow_terminal_shows_what_matters_first(width: int, line: str) -> None:
    assert player_line(status(), 1030.4, width) == line


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"state": "paused"}, "paused 0:12.345 of 4:56 | 17:00:12.345Z | speed 1 | 2 clients | p99 0.823 ms"),
        (
            {"state": "ended", "present": START + 300 * NANOSECONDS, "lateness": None},
            "ended 4:56 of 4:56 | 17:05:00Z | speed 1 | 2 clients",
        ),
        (
            {"state": "waiting", "present": None, "clients": [], "lateness": None},
            "waiting for a client | speed 1 | no clients",
        ),
        (
            {"state": "waiting", "present": None, "clients": [CLIENT], "lateness": None, "expected": 3, "ready": 1},
            "waiting for 2 of 3 clients | speed 1 | 1 client",
        ),
        ({"end": None}, "playing 0:12 | 17:00:12Z | speed 1 | 2 clients | 1,030/s | p99 0.823 ms"),
        ({"speed": math.inf, "lateness": None}, "playing 0:12 of 4:56 | 17:00:12Z | speed max | 2 clients | 1,030/s"),
        (
            {"end": START + 100 * 3600 * NANOSECONDS, "present": START + 3723 * NANOSECONDS},
            "playing 1:02:03/100:00:00 | 18:02:03Z | 1x | 2 clients | 1,030/s | p99 0.823 ms",
        ),
    ],
    ids=["paused", "ended", "waiting", "waiting for several", "growing", "as fast as can be", "days"],
)
def test_it_tells_how_the_replay_is(changes: dict[str, Any], line: str) -> None:
    assert player_line(status(**changes), 1030.4, 80).removesuffix(" | h shows the keys") == line


@pytest.mark.parametrize(
    ("speed", "text"), [(0.5, "1/2"), (1 / 1024, "1/1024"), (0.75, "0.75"), (2.0, "2"), (1024.0, "1,024")]
)
def test_a_speed_is_a_factor(speed: float, text: str) -> None:
    assert f"| speed {text} |" in player_line(status(speed=speed), 0.0, 119)


@given(
    st.sampled_from(["waiting", "playing", "paused", "ended"]),
    st.integers(1, 500),
    st.floats(1e-6, math.inf, exclude_min=True),
    st.one_of(st.none(), st.integers(START - 10**12, START + 10**16)),
    st.one_of(st.none(), st.integers(START, START + 10**16)),
    st.floats(0, 1e9),
)
def test_it_always_fits(
    state: str, width: int, speed: float, present: int | None, end: int | None, rate: float
) -> None:
    line = player_line(status(state=state, speed=speed, present=present, end=end), rate, width)
    assert 0 < len(line) <= width
    assert line.isprintable()
