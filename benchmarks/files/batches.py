"""
A batch by two processes against one, and what a run costs that has nothing to do.

There are 40 recordings, all different, of the updates of the demo over and over. The start of the processes counts.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from ..material import large
from ..measuring import Row, at_least, compared, in_turn, measured
from ..processes import run

__all__ = ["rows"]

ROUNDS = 3
RECORDINGS = 40
SIZE = 16_000_000
"""Bytes of payloads of the smallest recording; the largest has twice as many."""

_KINDS: Mapping[str, dict[str, object]] = {"convert": {"format": "parquet"}, "verify": {}}


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Measure kinds of work, and a second run."""
    source = folder / "recordings"
    source.mkdir()
    size = SIZE // (20 if quick else 1)
    for number in range(8 if quick else RECORDINGS):
        large(source / f"{number}.jsonl.zst", size + size * number // RECORDINGS)
    rounds = 1 if quick else ROUNDS
    for kind, options in _KINDS.items():
        did = partial(_recordings_per_second, kind, options, source, folder / "made")
        one, two = in_turn(rounds, partial(did, 1), partial(did, 2))
        yield compared(
            f"batch {kind}: recordings a second, by one process and by two", "/s", one, two, goal=at_least(1.7)
        )
    again = in_turn(rounds, partial(_again, source, folder / "made"))[0]
    yield measured("batch: a second run, for each recording that is done", "us", again)


def _recordings_per_second(kind: str, options: dict[str, object], source: Path, target: Path, workers: int) -> float:
    shutil.rmtree(target, ignore_errors=True)
    told = _run(kind, options, source, target, workers)
    assert not told["kept"]
    return told["done"] / told["seconds"]


def _again(source: Path, target: Path) -> float:
    kind, options = list(_KINDS.items())[-1]
    told = _run(kind, options, source, target, 2)
    assert not told["done"]
    return told["seconds"] / told["kept"] * 1e6


def _run(kind: str, options: dict[str, object], source: Path, target: Path, workers: int) -> dict[str, float]:
    done = run("benchmarks.files.batch_run", kind, json.dumps(options), source, target, workers)
    told: dict[str, float] = json.loads(done.output)
    return told
