"""
CPU time of `feedrec convert` to Parquet and back, against DuckDB, as slopes.

DuckDB copies the same file of lines to Parquet with the same codec, in its own two ways: with the types of all keys
found out from the lines, as it does if nobody says otherwise, and with the columns declared and each payload kept as
text. feedrec looks into each payload for channel, product and number, and proves what it has written; DuckDB does not.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from feedrec.feeds import find_feed, rule_of
from feedrec.formats import create_recording, open_recording
from feedrec.model import Frame

from ..material import DEMO, updates
from ..measuring.rounds import LOADS, compared_slopes
from ..measuring.rows import Row, at_least
from ..processes import run

__all__ = ["rows"]

ROUNDS = 3
FRAMES = 60_000

_PACE = 1_000_000
"""Nanoseconds between frames."""

_number = re.compile(rb'"[0-9]+\.[0-9]+"')
_sequence = re.compile(rb'"sequence_num":[0-9]+')

Files = Mapping[int, Path]
"""The file of each load."""


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Measure both directions."""
    rounds, frames = (1, FRAMES // 20) if quick else (ROUNDS, FRAMES)
    lines = {load: folder / f"{load}.jsonl.zst" for load in LOADS}
    parquet = {load: folder / f"{load}.parquet" for load in LOADS}
    for load in LOADS:
        _write(lines[load], frames * load)
        run("feedrec", "convert", lines[load], "-o", parquet[load])
    feedrec = partial(_cost, lines, folder / "out.parquet", _feedrec)
    for what, how in (("DuckDB", "guessed"), ("DuckDB told the columns", "declared")):
        duckdb = partial(_cost, lines, folder / "out.parquet", partial(_duckdb, how))
        yield compared_slopes(
            f"JSONL.zst to Parquet, against {what}",
            frames,
            duckdb,
            feedrec,
            rounds=rounds,
            goal=at_least(1.2),
            per_second="frames",
        )
    yield compared_slopes(
        "Parquet to JSONL.zst, against DuckDB",
        frames,
        partial(_cost, parquet, folder / "out.jsonl.zst", partial(_duckdb, "lines")),
        partial(_cost, parquet, folder / "out.jsonl.zst", _feedrec),
        rounds=rounds,
        per_second="frames",
    )


def _write(path: Path, count: int) -> None:
    """
    Write a recording of so many frames, the demo's updates over and over, no two of them alike.

    DuckDB keeps equal payloads once, and so would have next to nothing to compress: prices and sizes have other digits
    in each lap.
    """
    feed, chance, payloads = find_feed("coinbase-advanced"), random.Random(14), updates()
    with open_recording(DEMO) as recording:
        writer = create_recording(path, recording.header, make_rule=rule_of(feed))
        start = recording.header.created
    table = b""
    for number in range(count):
        if not number % len(payloads):
            digits = list(b"123456789")
            chance.shuffle(digits)
            table = bytes.maketrans(b"123456789", bytes(digits))
        payload = _number.sub(lambda found: found[0].translate(table), payloads[number % len(payloads)])  # noqa: B023
        payload = _sequence.sub(b'"sequence_num":%d' % number, payload)
        writer.write(Frame(start + number * _PACE, 0, payload), feed.describe(payload), block=True)
    writer.finish()


def _duckdb(how: str, source: Path, target: Path) -> tuple[object, ...]:
    return "benchmarks.files.duckdb_copy", how, source, target


def _feedrec(source: Path, target: Path) -> tuple[object, ...]:
    return "feedrec", "convert", source, "-o", target, "-qq"


def _cost(sources: Files, target: Path, side: Callable[[Path, Path], tuple[object, ...]], load: int) -> float:
    """Return the seconds of CPU that one side takes to copy the file of a load."""
    cost = run(*side(sources[load], target)).cpu
    target.unlink()
    return cost
