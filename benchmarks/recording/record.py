"""
CPU time of `feedrec record`, against a loop that receives and discards, and of `--metrics` against none.

Both receive the same frames from a server in another process: as fast as they can, and at a live rate. What a frame
costs is the slope between few frames and many, so that the start of the programs is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from ..material import updates
from ..measuring import Row, at_least, at_most, compared_slopes
from ..processes import run, serving

__all__ = ["rows"]

ROUNDS = 7
SATURATED, LIVE = 80_000, 8_000
"""Frames, which are doubled twice."""
RATE = 5_000
"""Frames per second, evenly spaced."""


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Measure both speeds."""
    payloads = updates()
    material = folder / "updates.jsonl"
    material.write_bytes(b"\n".join(payloads))
    size = sum(map(len, payloads)) // len(payloads)
    part = 10 if quick else 1
    what = f"record: frames of {size} bytes"
    fast, live = max(1, SATURATED // part // len(payloads)), max(1, LIVE // part // len(payloads))
    yield compared_slopes(
        f"{what} as fast as possible, for each second of CPU",
        fast * len(payloads),
        partial(_cost, _bare, folder, material, fast, 0),
        partial(_cost, _recorder, folder, material, fast, 0),
        rounds=1 if quick else ROUNDS,
        goal=at_least(1.2),
        per_second="frames",
    )
    yield compared_slopes(
        f"{what}, {RATE:,} a second: CPU for each",
        live * len(payloads),
        partial(_cost, _bare, folder, material, live, RATE),
        partial(_cost, _recorder, folder, material, live, RATE),
        rounds=1 if quick else 2,
        goal=at_most(1.1),
    )
    yield compared_slopes(
        f"{what} as fast as possible, without and with --metrics: CPU for each",
        fast * len(payloads),
        partial(_cost, _recorder, folder, material, fast, 0),
        partial(_cost, _watched, folder, material, fast, 0),
        rounds=1 if quick else ROUNDS,
        goal=at_most(1.03),
    )


Side = Callable[[str, int, Path], tuple[object, ...]]


def _bare(url: str, _count: int, _target: Path) -> tuple[object, ...]:
    return "benchmarks.recording.bare_client", url


def _recorder(url: str, count: int, target: Path) -> tuple[object, ...]:
    return "feedrec", "record", "--url", url, "-o", target, "--max-frames", count, "-qq"


def _watched(url: str, count: int, target: Path) -> tuple[object, ...]:
    return *_recorder(url, count, target), "--metrics", "127.0.0.1:0"


def _cost(side: Side, folder: Path, material: Path, laps: int, rate: int, load: int) -> float:
    """Return the seconds of CPU that one side takes to receive everything so many times."""
    target = folder / "recorded.jsonl.zst"
    target.unlink(missing_ok=True)
    count = material.read_bytes().count(b"\n") + 1
    with serving("benchmarks.recording.blaster", material, laps * load, rate) as venue:
        return run(*side(venue.url, count * laps * load, target)).cpu
