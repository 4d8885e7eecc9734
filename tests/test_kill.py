"""
A recorder that is killed loses at most the last second of what it had received, at any load.

What it had received, and when, it notes in memory that it shares with the operating system (soak/noting_recorder.py).
`make soak` does the same more often.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from feedrec.feeds.coinbase_advanced.frames import describe
from soak.kills import Killed, kill_recorders, what_is_left
from soak.venue import number_of, payload

from .timing import scaled

MOST_LOST = 1.0
SLACK = scaled(0.3)
"""Seconds that the recorder's own thread may be late, on a machine that runs many tests at once."""


@pytest.mark.parametrize(
    ("rate", "kills", "at_once", "moments", "options"),
    [
        # zstd is slower than the feed then; what waits would span more than a second by that time
        pytest.param(0.0, 4, 2, (2.4, 2.9), ("--level", "19"), id="saturated"),
        pytest.param(5000.0, 5, 5, (0.7, 2.2), (), id="5,000 frames a second"),
    ],
)
def test_killed_recorders_lose_at_most_the_last_second(
    tmp_path: Path, rate: float, kills: int, at_once: int, moments: tuple[float, float], options: tuple[str, ...]
) -> None:
    """Whenever it is killed, what is in the file is what came first, and what is not spans a second at most."""
    killed: list[Killed] = []
    for _ in range(0, kills, at_once):
        chosen = [scaled(random.uniform(*moments)) for _ in range(at_once)]
        killed += kill_recorders(tmp_path, rate, chosen, *options)
    assert len(killed) == kills
    assert max(one.span for one in killed) <= MOST_LOST + SLACK


def test_the_frames_of_the_venue_are_json_and_so_go_the_way_of_those_of_a_real_one() -> None:
    """Many at a time: a frame that is none is written by itself."""
    for number in (0, 7, 123_456_789):
        info = describe(payload(number))
        assert (info.sequence, info.parses) == (number, True)
        assert number_of(payload(number)) == number


def test_a_recorder_that_was_killed_before_its_first_line_was_on_the_disk_has_lost_all_that_it_received(
    tmp_path: Path,
) -> None:
    """However long that took: within the first second it may, and later not."""
    notes, part = tmp_path / "notes", tmp_path / "x.jsonl.zst.part"
    for apart, span in ((20_000_000, 0.58), (50_000_000, 1.45)):
        notes.write_bytes(struct.pack("=31q", *range(1, 30 * apart + 1, apart), 0))
        part.touch()
        assert what_is_left(notes, part, 500) == Killed(30, 0, span, span)
