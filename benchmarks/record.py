"""
CPU time of `feedrec record`, against a loop that receives and discards.

Both receive the same frames from a server in another process: as fast as they can, and at a live rate. What a frame
costs is the slope between few frames and many, so that the start of the programs is left out.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from .material import Row, updates
from .processes import run, serving

__all__ = ["rows"]

ROUNDS = 7
SATURATED, LIVE = 600_000, 40_000
RATE = 5_000
"""Frames per second, evenly spaced."""

_FEW = 5  # the part of the frames that the short runs have


class Slopes(NamedTuple):
    """Seconds of CPU that a frame costs in each round."""

    bare: list[float]
    recorder: list[float]

    def row(self, what: str) -> Row:
        """Return the row of the table: medians of the rounds, and the ratio with its range."""
        ratios = [one / other for one, other in zip(self.recorder, self.bare, strict=True)]
        bare, recorder = (f"{statistics.median(one) * 1e6:.2f} us" for one in self)
        return Row(f"{what} ({min(ratios):.2f} to {max(ratios):.2f})", bare, recorder, statistics.median(ratios))


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Measure both speeds, in rounds that have both sides in turn."""
    payloads = updates()
    material = folder / "updates.jsonl"
    material.write_bytes(b"\n".join(payloads))
    rounds, part = (3, 4) if quick else (ROUNDS, 1)
    size = sum(map(len, payloads)) // len(payloads)
    for what, frames, rate in (("as fast as possible", SATURATED, 0), (f"at {RATE:,} a second", LIVE, RATE)):
        laps = max(1, frames // part // _FEW // len(payloads))
        with (
            serving("benchmarks.blaster", material, laps, rate) as few,
            serving("benchmarks.blaster", material, laps * _FEW, rate) as many,
        ):
            measure = _measuring(folder, (few.url, many.url), (laps * len(payloads), laps * len(payloads) * _FEW))
            slopes = Slopes([], [])
            for _ in range(rounds):
                slopes.bare.append(measure(_bare))
                slopes.recorder.append(measure(_recorder))
        yield slopes.row(f"record: CPU per frame of {size} bytes {what}")


Side = Callable[[str, int, Path], tuple[object, ...]]


def _bare(url: str, _count: int, _target: Path) -> tuple[object, ...]:
    return "benchmarks.bare_client", url


def _recorder(url: str, count: int, target: Path) -> tuple[object, ...]:
    return "feedrec", "record", "--url", url, "-o", target, "--max-frames", count, "-qq"


def _measuring(folder: Path, urls: tuple[str, str], counts: tuple[int, int]) -> Callable[[Side], float]:
    def measure(side: Side) -> float:
        """Return the seconds that a frame costs one side."""
        target = folder / "recorded.jsonl.zst"
        costs = []
        for url, count in zip(urls, counts, strict=True):
            target.unlink(missing_ok=True)
            costs.append(run(*side(url, count, target)).cpu)
        return (costs[1] - costs[0]) / (counts[1] - counts[0])

    return measure
