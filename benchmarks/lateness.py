"""Lateness of `feedrec replay`, against a server that sleeps until each frame is due."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from .material import DEMO, Row
from .processes import Server, run, serving

__all__ = ["rows"]

SPEEDS = (1, 10, 100)


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Replay the demo's half minute with each server at each speed; compare p50, p99 and maximum."""
    del folder
    for speed in SPEEDS[1:] if quick else SPEEDS:
        with serving("benchmarks.send_server", DEMO, speed) as server:
            baseline = _lateness(server)
        with serving(
            "feedrec", "replay", DEMO, "--port", 0, "--speed", speed, "--at-end", "exit", "--json", "-qq"
        ) as server:
            ours = _lateness(server)
        for figure in ("p50", "p99", "max"):
            what = f"lateness {figure} at speed {speed}"
            yield Row(what, _ms(baseline[figure]), _ms(ours[figure]), ours[figure] / max(baseline[figure], 1))


def _lateness(server: Server) -> dict[str, int]:
    run("benchmarks.raw_client", server.url)
    lateness: dict[str, int] = json.loads(server.last_line())["lateness_ns"]
    return lateness


def _ms(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e6:.3f} ms"
