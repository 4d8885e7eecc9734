"""`feedrec replay --speed max` against a server that calls `send` for each frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .material import Row, repeated
from .processes import run, serving

__all__ = ["rows"]

FRAMES = 600_000


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Have the same client read all frames from either, and compare frames a second."""
    path = folder / "repeated.jsonl.zst"
    payloads = repeated(path, FRAMES // (10 if quick else 1))
    with serving("benchmarks.send_server", path) as server:
        baseline = len(payloads) / float(run("benchmarks.raw_client", server.url).output)
    with serving("feedrec", "replay", path, "--port", 0, "--speed", "max", "-qq") as server:
        ours = len(payloads) / float(run("benchmarks.raw_client", server.url).output)
    size = sum(map(len, payloads)) // len(payloads)
    what = f"replay max: frames/s, {len(payloads):,} of {size} bytes"
    yield Row(what, f"{baseline:,.0f}", f"{ours:,.0f}", ours / baseline)
