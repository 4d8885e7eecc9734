"""Lateness of one client's frames while another client subscribes late to a deep book, against the same without it."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..material import deep_book
from ..measuring import Row, compared
from ..processes import run, serving

__all__ = ["measure", "rows"]

SECONDS = 10


class Beside(NamedTuple):
    """The lateness of a client's frames, in ns, and the time that each late subscription took meanwhile, in seconds."""

    lateness: dict[str, int]
    joins: list[float]


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Replay 1,000 frames per second at speed 1, without and with a client that joins late again and again."""
    path = folder / "deep.jsonl.zst"
    size = deep_book(path, SECONDS // (5 if quick else 1))
    alone = measure(path).lateness
    lateness, joins = measure(path, late=size)
    what = f"late joins to a book of {size / 1e6:.1f} MB"
    for figure in ("p50", "p99", "max"):
        yield compared(
            f"lateness {figure} beside {what}", "ms", [max(alone[figure], 1) / 1e6], [lateness[figure] / 1e6]
        )
    first, median = joins[0], statistics.median(joins)
    yield compared("late join: the first against the median", "ms", [median * 1e3], [first * 1e3])


def measure(path: Path, *, late: int = 0) -> Beside:
    """Serve a recording to a client to its end; meanwhile, another client joins late to a snapshot of `late` bytes."""
    with serving("benchmarks.replaying.late_server", path) as server:
        if not late:
            run("benchmarks.raw_client", server.url, "ticker")
            return Beside(json.loads(server.last_line()), [])
        with serving("benchmarks.replaying.late_client", server.url, late) as other:
            run("benchmarks.raw_client", server.url, "ticker")
            lateness = json.loads(server.last_line())
            output, _ = other.process.communicate(timeout=60)
    return Beside(lateness, list(map(float, output.split())))
