"""
How soon the page of a recording of 10 GB of text shows something: `feedrec view` from its start to the overview.

The goal is a second. The lines are long, since only blocks count: there are 10,000 of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

from feedrec.feeds import find_feed, rule_of
from feedrec.formats import create_recording, open_recording
from feedrec.model import Frame

from ..material import DEMO, updates
from ..measuring import Row, figure_at_most, measured
from ..processes import serving

__all__ = ["rows"]

_SIZE = 10_000_000_000
_PAYLOAD = 10_000
_PACE = 10_000_000
"""Nanoseconds between two frames."""

_ROUNDS = 5


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Open it several times."""
    path = folder / "large.jsonl.zst"
    count = _record(path, _SIZE // (50 if quick else 1))
    taken = [_open(path, count) for _ in range(1 if quick else _ROUNDS)]
    yield measured("feedrec view of 10 GB, from its start to the overview", "s", taken, goal=figure_at_most(1.0))


def _record(path: Path, size: int) -> int:
    """Write a recording of about `size` bytes of text; return how many frames it has."""
    feed = find_feed("coinbase-advanced")
    payload = next(one for one in updates() if feed.describe(one).channel == "market_trades")
    payload = payload[:-1] + b" " * (_PAYLOAD - len(payload)) + payload[-1:]
    info = feed.describe(payload)
    with open_recording(DEMO) as recording:
        header = recording.header
    writer = create_recording(path, header, make_rule=rule_of(feed))
    for number in range(size // _PAYLOAD):
        writer.write(Frame(header.created + number * _PACE, 0, payload), info, block=True)
    writer.finish()
    return size // _PAYLOAD


def _open(path: Path, count: int) -> float:
    """Return the seconds until the overview is there."""
    began = time.perf_counter()
    with serving("feedrec", "view", path, "--no-open") as server:
        with urlopen(f"{server.url}api/overview?buckets=600") as answer:
            overview = json.load(answer)
        taken = time.perf_counter() - began
    if sum(overview["frames"]) != count:
        raise RuntimeError(f"the overview shows {sum(overview['frames'])} of {count} frames")
    return taken
