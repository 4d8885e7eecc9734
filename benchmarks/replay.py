"""Throughput of `feedrec replay --speed max`, against a server that calls `send` for each frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .material import Row, repeated
from .processes import Server, run, serving

__all__ = ["rows"]

FRAMES = 600_000


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Read all frames from each server with the same client; compare frames per second."""
    path = folder / "repeated.jsonl.zst"
    payloads = repeated(path, FRAMES // (10 if quick else 1))
    with serving("benchmarks.send_server", path) as server:
        baseline = _frames_per_second(server, payloads)
    verbatim = _replay(path, "verbatim", payloads)
    venue = _replay(path, "venue", payloads)
    size = sum(map(len, payloads)) // len(payloads)
    what = f"frames/s, {len(payloads):,} of {size} bytes"
    yield Row(f"replay max, verbatim: {what}", f"{baseline:,.0f}", f"{verbatim:,.0f}", verbatim / baseline)
    yield Row(f"replay max, venue: {what}", f"{baseline:,.0f}", f"{venue:,.0f}", venue / baseline)
    yield Row("replay max: verbatim against venue", f"{venue:,.0f}", f"{verbatim:,.0f}", verbatim / venue)


def _replay(path: Path, mode: str, payloads: list[bytes]) -> float:
    with serving("feedrec", "replay", path, "--port", 0, "--speed", "max", "--mode", mode, "-qq") as server:
        return _frames_per_second(server, payloads)


def _frames_per_second(server: Server, payloads: list[bytes]) -> float:
    return len(payloads) / float(run("benchmarks.raw_client", server.url).output)
