"""What it takes to read a recording, in a program and with `feedrec cat`, against a loop that splits lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ..measuring import Row, at_least, row_of_slopes, slopes_in_turn
from ..processes import spent
from .sized import sized

__all__ = ["rows"]

SIZE = 30_000_000
"""Bytes of payload, which are doubled twice."""

ROUNDS = 3
READ_ALL = "benchmarks.files.read_all"
GOALS = {
    "iteration": ((READ_ALL, "iteration"), 0.30),
    "`frame_batches`": ((READ_ALL, "frame_batches"), 0.40),
    "`payload_batches`": ((READ_ALL, "payload_batches"), 0.90),
    "`cat --raw`": (("feedrec", "cat", "--raw"), 0.6),
    "`cat -c ticker -p BTC-USD`": (("feedrec", "cat", "-c", "ticker", "-p", "BTC-USD"), 0.22),
}
"""Commands, to which the file is added, and the ratio."""


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Read in each way, in turn."""
    paths, frames = sized(folder, SIZE // (10 if quick else 1))

    def reading(*command: str) -> Callable[[int], float]:
        return lambda load: spent(*command, paths[load])

    sides = [reading(READ_ALL, "bare"), *(reading(*command) for command, _ in GOALS.values())]
    bare, *ways = slopes_in_turn(1 if quick else ROUNDS, frames, *sides)
    for (name, (_, goal)), costs in zip(GOALS.items(), ways, strict=True):
        yield row_of_slopes(f"{name}: frames by CPU", bare, costs, goal=at_least(goal), per_second="frames")
