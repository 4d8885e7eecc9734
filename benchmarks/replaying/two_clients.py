"""
Lateness of two clients on a real capture, whose snapshots of 5 MB are sent to one while the other has other frames.

Each begins at the start, the second one when the first has had a part of it. The two large frames are under a hundredth
of all, and so the p99 is that of the others.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from feedrec.feeds import find_feed, rule_of
from feedrec.formats import create_recording, open_recording
from feedrec.model import NANOSECONDS

from ..material import CAPTURES, DEMO, captured
from ..measuring import Row, compared, figure_at_most, in_turn
from ..processes import run, serving

__all__ = ["rows"]

ROUNDS = 3
GOALS = {10: 2.0, 100: 5.0}
"""Milliseconds of the p99, by speed."""


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Replay it with each server; no rows where there is no capture."""
    capture = next((path for path in CAPTURES if path.name.startswith("advanced")), None)
    if capture is None:
        return
    path = folder / "capture.jsonl.zst"
    span = _record(capture, path)
    for speed, goal in GOALS.items():
        rounds = 1 if quick else ROUNDS
        bare, ours = in_turn(
            rounds,
            partial(_lateness, span / speed, "benchmarks.send_server", path, speed, 2),
            partial(_lateness, span / speed, "benchmarks.replaying.two_server", path, speed, 2),
        )
        yield compared(f"two clients on a capture, p99 at speed {speed}", "ms", bare, ours, goal=figure_at_most(goal))


def _record(capture: Path, path: Path) -> float:
    """Make a recording of a capture; return its seconds."""
    frames, describe = captured(capture)
    with open_recording(DEMO) as recording:
        writer = create_recording(path, recording.header, make_rule=rule_of(find_feed("coinbase-advanced")))
    for frame in frames:
        writer.write(frame, describe(frame.payload))
    writer.finish()
    return (frames[-1].time - frames[0].time) / NANOSECONDS


def _lateness(span: float, *server: object) -> float:
    """Serve two clients, the second from the middle of these seconds on; return the p99 in milliseconds."""
    with serving(*server) as venue, serving("benchmarks.raw_client", venue.url) as first:
        time.sleep(span / 2)
        run("benchmarks.raw_client", venue.url)
        p99: int = json.loads(venue.last_line())["lateness_ns"]["p99"]
        first.process.wait()
    return p99 / 1e6
