"""CPU time of `feedrec record`, against a loop that receives and discards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .material import Row, updates
from .processes import Cost, run, serving

__all__ = ["rows"]

FRAMES = 2_000_000


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Let both receive the same frames, as fast as they can, from a server in another process."""
    payloads = updates()
    repeats = FRAMES // (10 if quick else 1) // len(payloads)
    count = repeats * len(payloads)
    material = folder / "updates.jsonl"
    material.write_bytes(b"\n".join(payloads))
    with serving("benchmarks.blaster", material, repeats) as server:
        bare = run("benchmarks.bare_client", server.url)
        target = folder / "recorded.jsonl.zst"
        recorder = run("feedrec", "record", "--url", server.url, "-o", target, "--max-frames", count, "-qq")
    size = sum(map(len, payloads)) // len(payloads)
    yield Row(
        f"record: CPU per frame, {count:,} of {size} bytes",
        _per_frame(bare, count),
        _per_frame(recorder, count),
        recorder.cpu / bare.cpu,
    )


def _per_frame(cost: Cost, count: int) -> str:
    return f"{cost.cpu / count * 1e6:.2f} us"
