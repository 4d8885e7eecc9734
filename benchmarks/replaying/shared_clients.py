"""CPU time of `feedrec replay --clock shared` for ten clients, against one."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ..material import repeated
from ..measuring import Row, compared, growth_of, in_turn
from ..processes import cpu_to_the_end, run, serving

__all__ = ["rows"]

FRAMES = 60_000
CLIENTS = (1, 2, 4, 10)
ROUNDS = 2


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Send all frames to clients that only read; compare the CPU time per frame sent."""
    path = folder / "shared.jsonl.zst"
    count = len(repeated(path, FRAMES // (10 if quick else 1)))
    for mode in ("verbatim", "venue"):
        sides = [partial(_cpu, path, mode, clients) for clients in CLIENTS]
        costs = in_turn(1 if quick else ROUNDS, *sides)
        one, two, four, ten = (
            [cost / (count * clients) * 1e6 for cost in side] for clients, side in zip(CLIENTS, costs, strict=True)
        )
        growth = growth_of([statistics.median(side) for side in (one, two, four)])
        what = f"{CLIENTS[-1]} clients with --clock shared, {mode}: CPU per frame sent, against 1 client"
        yield compared(what, "us", one, ten, growth=growth)


def _cpu(path: Path, mode: str, clients: int) -> float:
    """Return the CPU time of the server in seconds, including start-up."""
    arguments = ("--port", 0, "--mode", mode, "--clock", "shared", "--settle", 0.5, "--at-end", "exit", "-qq")
    with serving("feedrec", "replay", path, *arguments) as server:
        run("benchmarks.many_clients", server.url, clients)
        return cpu_to_the_end(server.process)
