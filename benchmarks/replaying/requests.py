"""
How late a client's frames are while others ask over HTTP, against the same without them.

The client has 1,000 frames a second; the others ask 1,000 times a second for time, products, tickers and small books.
"""

from __future__ import annotations

import contextlib
import json
import statistics
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from feedrec.model import NANOSECONDS

from ..material import market
from ..measuring import Row, compared, in_turn, measured
from ..measuring.rows import figure_at_least, figure_at_most
from ..processes import run, serving

__all__ = ["rows"]

RATE = 1_000
"""Frames a second, and requests a second."""

SECONDS = 10
ROUNDS = 3
MOST_MORE = 1.0
"""The goal: milliseconds at p99 that the requests cost the client."""

LEAST_SHARE = 0.9
"""That of the requests which must be answered by the end, while a process for it is started."""


class _Served(NamedTuple):
    """The lateness of a client's frames, in ns, and the time that each answer took meanwhile, in seconds."""

    lateness: dict[str, int]
    answers: list[float]


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Serve a client, without and with requests beside it."""
    path = folder / "requests.jsonl.zst"
    seconds = SECONDS // (5 if quick else 1)
    market(path, RATE * seconds, pace=NANOSECONDS // RATE)
    alone, beside = in_turn(1 if quick else ROUNDS, partial(_served, path, 0), partial(_served, path, RATE))
    what = f"{RATE:,} requests/s"
    for figure in ("p50", "p99", "max"):
        both = [[max(one.lateness[figure], 1) / 1e6 for one in side] for side in (alone, beside)]
        yield compared(f"lateness {figure} beside {what}", "ms", *both)
        if figure == "p99":
            more = [ours - theirs for theirs, ours in zip(*both, strict=True)]
            yield measured(f"lateness p99 that {what} add", "ms", more, goal=figure_at_most(MOST_MORE))
    answers = [len(one.answers) / seconds for one in beside]
    yield measured(f"{what}: answers", "a second", answers, goal=figure_at_least(RATE * LEAST_SHARE))
    for percent in (50, 99):
        took = [statistics.quantiles(one.answers, n=100)[percent - 1] * 1e3 for one in beside]
        yield measured(f"{what}: time to an answer, p{percent}", "ms", took)


def _served(path: Path, rate: int) -> _Served:
    """Serve a client to the end, beside so many requests a second."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(
            serving("feedrec", "replay", path, "--port", 0, "--at-end", "exit", "--json", "-qq")
        )
        client = ("benchmarks.replaying.requests_client", server.url, rate)
        others = stack.enter_context(serving(*client)) if rate else None
        run("benchmarks.raw_client", server.url)
        lateness = json.loads(server.last_line())["lateness_ns"]
        return _Served(lateness, json.loads(others.last_line()) if others else [])
