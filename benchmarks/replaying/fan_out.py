"""
What `feedrec replay` takes to send 1,000 frames a second to each of 1, 10 or 100 clients, which another process reads.

The baseline is a server that broadcasts each frame with the library when it is due. CPU is the slope between a short
recording and longer ones, so that starting the programs does not count.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..material import repeated
from ..measuring import Row, compared, in_turn
from ..measuring.rounds import LOADS, slope
from ..measuring.rows import figure_at_most
from ..processes import cpu_to_the_end, peak_of, run, serving

__all__ = ["rows"]

RATE = 1_000
SECONDS = 1.0
"""Of the shortest recording."""

ROUNDS = 2

SERVED = ((1, ("each",), 20, 1.5), (10, ("each", "shared"), 30, 2), (100, ("shared",), 100, 20))
"""Clients, the clocks that they are served with, and the goals: CPU in % of a core, p99 in ms."""

MOST_MEMORY = 300
"""The goal in MB, whatever the number of clients."""


class _Cost(NamedTuple):
    """What a server took: CPU in % of a core and its growth, p99 of the lateness in ms, and peak memory in MB."""

    cpu: float
    growth: float
    p99: float
    memory: float


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Serve one client, 10 with each clock, and 100 with a shared one, verbatim and as the venue."""
    seconds = SECONDS / (5 if quick else 1)
    paths = {load: folder / f"fan_out_{load}.jsonl.zst" for load in LOADS}
    for load, path in paths.items():
        repeated(path, round(load * seconds * RATE), pace=1_000_000_000 // RATE)
    for clients, clocks, most_cpu, most_p99 in SERVED[::2] if quick else SERVED:
        kinds = [(clock, mode) for clock in clocks for mode in ("verbatim", "venue")]
        sides = [partial(_cost, paths, seconds, clients, ("benchmarks.replaying.broadcast_server",), (clients,))]
        for clock, mode in kinds:
            how = ("--port", 0, "--mode", mode, "--clock", clock, "--settle", 0.5, "--at-end", "exit", "--json", "-qq")
            sides.append(partial(_cost, paths, seconds, clients, ("feedrec", "replay"), how))
        baseline, *ours = in_turn(1 if quick else ROUNDS, *sides)
        for (clock, mode), costs in zip(kinds, ours, strict=True):
            what = f"{clients} client{'s' if clients > 1 else ''} at {RATE:,} frames/s, --clock {clock}, {mode}"
            yield from _rows(what, baseline, costs, most_cpu, most_p99)


def _rows(what: str, baseline: Sequence[_Cost], ours: Sequence[_Cost], most_cpu: int, most_p99: float) -> Iterator[Row]:
    growth = statistics.median(one.growth for one in ours)
    figures = [[one.cpu for one in side] for side in (baseline, ours)]
    yield compared(f"{what}: CPU", "% of a core", *figures, goal=figure_at_most(most_cpu), growth=growth)
    figures = [[one.p99 for one in side] for side in (baseline, ours)]
    yield compared(f"{what}: lateness p99", "ms", *figures, goal=figure_at_most(most_p99))
    figures = [[one.memory for one in side] for side in (baseline, ours)]
    yield compared(f"{what}: peak memory", "MB", *figures, goal=figure_at_most(MOST_MEMORY))


def _cost(
    paths: dict[int, Path], seconds: float, clients: int, server: tuple[object, ...], arguments: tuple[object, ...]
) -> _Cost:
    served = {load: _serve((*server, path, *arguments), clients) for load, path in paths.items()}
    cpu = slope(lambda load: served[load][0], seconds)
    _, p99, memory = served[LOADS[-1]]
    return _Cost(cpu.cost * 100, cpu.growth, p99 / 1e6, memory / 1e6)


def _serve(command: tuple[object, ...], clients: int) -> tuple[float, int, int]:
    """Return the CPU time of a server in seconds, with its start, its p99 in nanoseconds, and its peak memory."""
    with serving(*command) as server:
        with peak_of(server.process) as peak:
            run("benchmarks.many_clients", server.url, clients)
            assert server.process.stdout is not None
            output = server.process.stdout.read()
        cpu = cpu_to_the_end(server.process)
    p99: int = json.loads(output.strip().splitlines()[-1])["lateness_ns"]["p99"]
    return cpu, p99, peak[0]
