"""Lateness of `feedrec replay`, against a server that sleeps until each frame is due."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ..material import DEMO
from ..measuring import Row, compared, in_turn
from ..processes import run, serving

__all__ = ["rows"]

SPEEDS = (10, 100)
ROUNDS = 3


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Replay the demo's half minute with each server at each speed; compare p50, p99 and maximum."""
    del folder
    for speed in SPEEDS:
        replay = ("feedrec", "replay", DEMO, "--port", 0, "--speed", speed, "--at-end", "exit", "--json", "-qq")
        sides = (partial(_lateness, "benchmarks.send_server", DEMO, speed), partial(_lateness, *replay))
        baseline, ours = in_turn(1 if quick else ROUNDS, *sides)
        for figure in ("p50", "p99", "max"):
            figures = [[max(one[figure], 1) / 1e6 for one in side] for side in (baseline, ours)]
            yield compared(f"lateness {figure} at speed {speed}", "ms", *figures)


def _lateness(*command: object) -> dict[str, int]:
    with serving(*command) as server:
        run("benchmarks.raw_client", server.url)
        lateness: dict[str, int] = json.loads(server.last_line())["lateness_ns"]
    return lateness
