"""
CPU time of `feedrec export` for each further change of a book, against a library that writes columns which are there.

The recording has a book as deep as that of BTC-USD, and frames of some changes each near the best prices. The baseline
neither reads nor parses anything: it says how much of the cost is the file.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from feedrec.feeds import find_feed, rule_of
from feedrec.formats import create_recording, open_recording
from feedrec.model import Frame

from ..material import DEMO
from ..measuring.rounds import LOADS, compared_slopes
from ..measuring.rows import Row, figure_at_least, figure_at_most, measured
from ..processes import run
from .prepared import prepare

__all__ = ["rows"]

ROUNDS = 3
CHANGES = 150_000

_LEVELS = 23_000  # on each side, as BTC-USD has
_NEAR = 1_500
_MOST = 40
_USUAL = 5
_PACE = 2_000_000
"""Nanoseconds between frames."""

_BEST = 9_000_000
_PER_SECOND = 200_000
_MOST_MEMORY = 300


class _Target(NamedTuple):
    """A format: what one calls it, how it is asked for, and which of its files has the changes."""

    what: str
    how: str
    options: tuple[str, ...]
    pattern: str


_TARGETS = (
    _Target("Parquet", "parquet", ("parquet-ticks",), "book_changes/*/*/*.parquet"),
    _Target("npz of hftbacktest", "npz", ("hftbacktest",), "*.npz"),
    _Target("CSV of tardis.dev", "csv", ("tardis-csv", "--table", "incremental_book_L2"), "*_L2_*.csv.gz"),
)

Files = Mapping[int, Path]
"""The file of each load."""


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Measure all formats, and the memory that they take."""
    rounds, changes = (1, CHANGES // 50) if quick else (ROUNDS, CHANGES)
    recordings = {load: folder / f"{load}.jsonl.zst" for load in LOADS}
    for load, path in recordings.items():
        _write(path, changes * load)
    peaks = []
    for target in _TARGETS:
        out = folder / target.how
        largest = _export(recordings, out, target, LOADS[-1])
        peaks.append(int(run("benchmarks.peak", *largest).output) / 1e6)
        (exported,) = out.glob(target.pattern)
        columns = {load: folder / f"{load}.{target.how}-columns" for load in LOADS}
        prepare(target.how, exported, {path: (LOADS[-1] - load) * changes for load, path in columns.items()})
        yield compared_slopes(
            f"book changes into {target.what}, against columns that are there",
            changes,
            partial(_cost_of_columns, columns, folder / f"columns.{target.how}", target),
            partial(_cost_of_export, recordings, out, target),
            rounds=rounds,
            goal=figure_at_least(_PER_SECOND),
            per_second="changes",
        )
    for target, peak in zip(_TARGETS, peaks, strict=True):
        yield measured(f"peak memory of export into {target.what}", "MB", [peak], goal=figure_at_most(_MOST_MEMORY))


def _export(recordings: Files, out: Path, target: _Target, load: int) -> tuple[object, ...]:
    return "feedrec", "export", recordings[load], "--to", *target.options, "--overwrite", "-qq", "-o", out


def _cost_of_columns(columns: Files, path: Path, target: _Target, load: int) -> float:
    return run("benchmarks.files.prepared", target.how, columns[load], path).cpu


def _cost_of_export(recordings: Files, out: Path, target: _Target, load: int) -> float:
    return run(*_export(recordings, out, target, load)).cpu


def _write(path: Path, count: int) -> None:
    """Write a recording of a snapshot, and so many changes or a few more."""
    feed, chance = find_feed("coinbase-advanced"), random.Random(3)
    with open_recording(DEMO) as recording:
        writer = create_recording(path, recording.header, make_rule=rule_of(feed))
        start = recording.header.created
    place = [(side, level) for side in range(2) for level in range(_LEVELS)]
    payload = _frame("snapshot", 0, [_level(*one, "0.5") for one in place])
    number = changes = 0
    while True:
        writer.write(Frame(start + number * _PACE, 0, payload), feed.describe(payload), block=True)
        number += 1
        if changes >= count:
            break
        some = min(1 + int(chance.expovariate(1 / _USUAL)), _MOST)
        levels = ((chance.randrange(2), int(abs(chance.gauss(0, _NEAR)))) for _ in range(some))
        amounts = ("0" if chance.random() < 1 / 3 else f"{chance.random() * 3:.8f}" for _ in range(some))
        payload = _frame("update", number, [_level(*one, size) for one, size in zip(levels, amounts, strict=True)])
        changes += some
    writer.finish()


def _level(side: int, level: int, size: str) -> str:
    name, cents = ("offer", _BEST + 1 + level) if side else ("bid", _BEST - level)
    return (
        f'{{"side":"{name}","event_time":"2026-11-21T17:02:00.390423Z","price_level":"{cents / 100:.2f}",'
        f'"new_quantity":"{size}"}}'
    )


def _frame(kind: str, number: int, levels: list[str]) -> bytes:
    return (
        f'{{"channel":"l2_data","client_id":"","timestamp":"2026-11-21T17:02:00.402094304Z","sequence_num":{number},'
        f'"events":[{{"type":"{kind}","product_id":"BTC-USD","updates":[{",".join(levels)}]}}]}}'
    ).encode()
