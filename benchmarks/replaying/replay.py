"""Throughput of `feedrec replay --speed max`, against a server that calls `send` for each frame."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ..material import repeated
from ..measuring import Row, at_least, compared, growth_of, in_turn
from ..measuring.rounds import LOADS
from ..processes import run, serving

__all__ = ["rows"]

FRAMES = 100_000
"""Frames, which are doubled twice."""

ROUNDS = 3


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Read all frames from each server with the same client; compare frames per second, all at four times the load."""
    paths = {}
    for load in LOADS:
        paths[folder / f"repeated{load}.jsonl.zst"] = FRAMES * load // (10 if quick else 1)
    payloads = [repeated(path, count) for path, count in paths.items()][-1]
    size = sum(map(len, payloads)) // len(payloads)
    sides = [
        partial(_rate, count, command)
        for path, count in paths.items()
        for command in (_send(path), _replay(path, "verbatim"), _replay(path, "venue"))
    ]
    figures = in_turn(1 if quick else ROUNDS, *sides)
    baseline = figures[-3]
    for place, (mode, goal) in enumerate((("verbatim", 3), ("venue", 2.5)), 1):
        rates = figures[place::3]
        growth = growth_of([1 / statistics.median(rate) for rate in rates])
        what = f"replay max, {mode}: frames of {size} bytes, against `send` for each"
        yield compared(what, "frames/s", baseline, rates[-1], goal=at_least(goal), growth=growth)


def _send(path: Path) -> tuple[object, ...]:
    return "benchmarks.send_server", path


def _replay(path: Path, mode: str) -> tuple[object, ...]:
    return "feedrec", "replay", path, "--port", 0, "--speed", "max", "--mode", mode, "-qq"


def _rate(count: int, command: tuple[object, ...]) -> float:
    with serving(*command) as server:
        return count / float(run("benchmarks.raw_client", server.url).output)
