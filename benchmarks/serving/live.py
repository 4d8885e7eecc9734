"""
Ten clients of `feedrec record --serve`, 5,000 frames a second each: how late, and what it takes.

The baseline is a relay that hands each message to the library's `broadcast`; for the recorder, itself without --serve.
A frame is late by the time from the recorder's stamp of its arrival, or the relay's, until a client has read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..measuring import Row, compared, measured
from ..measuring.rows import figure_at_most
from .live_run import RATE, recorded_alone, relayed, served_live

__all__ = ["rows"]

CLIENTS = 10
SECONDS = 8.0
ROUNDS = 2

MOST_LATE = 15.0
"""The goal for the 99th percentile, in milliseconds."""

MOST_GAIN = 15.0
"""What the recorder's own process may take more, in % of a core."""


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Measure the relay, the recorder alone, with clients, and with one more that never reads."""
    seconds, clients = (0.5, 3) if quick else (SECONDS, CLIENTS)
    rounds = 1 if quick else ROUNDS
    relays, alone, served, beside = [], [], [], []
    for _ in range(rounds):
        relays.append(relayed(folder, seconds, clients))
        alone.append(recorded_alone(folder, seconds))
        served.append(served_live(folder, seconds, clients))
        beside.append(served_live(folder, seconds, clients, stuck=1))
    what = f"live: {clients} clients at {RATE:,} frames/s each"
    for percent, goal in ((50, None), (99, figure_at_most(MOST_LATE))):
        figures = [[one.percentile(percent) for one in side] for side in (relays, served)]
        yield compared(f"{what}: from arrival to client, p{percent}", "ms", *figures, goal=goal)
    figures = [[one.percentile(99) for one in side] for side in (served, beside)]
    goal = figure_at_most(MOST_LATE)
    yield compared("live: p99 without and with a client beside that never reads", "ms", *figures, goal=goal)
    figures = [[one.cpu["relay"] for one in relays], [one.cpu["server"] for one in served]]
    yield compared(f"{what}: CPU of the serving process", "% of a core", *figures)
    yield measured(f"{what}: CPU of the state process", "% of a core", [one.cpu["states"] for one in served])
    recorders = [one.cpu["recorder"] for one in served]
    yield compared("live: CPU of the recorder, without and with --serve", "% of a core", alone, recorders)
    gains = [with_it - without for without, with_it in zip(alone, recorders, strict=True)]
    yield measured("live: what --serve adds to that", "% of a core", gains, goal=figure_at_most(MOST_GAIN))
    peaks = [one.peak for one in beside]
    yield measured("live: peak memory of the serving process, beside a client that never reads", "MB", peaks)
