"""A run of a recorder with a file for each hour: the snapshot of a book in the first, changes in all."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec

from feedrec.feeds import find_feed, rule_of
from feedrec.formats import create_recording
from feedrec.model import NANOSECONDS, Event, Frame, Header, Record

from ...replay.books.making import START, URL, beat, second, told

__all__ = ["HOUR", "at", "run", "write"]

HOUR = 3600
"""Seconds."""


def at(hour: float) -> int:
    """Return the time so many hours after the start of the run."""
    return second(hour * HOUR)


def write(path: Path, records: Collection[Record], part: int | None = None, created: int = START) -> Path:
    """Write a recording of Coinbase Advanced Trade."""
    path.parent.mkdir(parents=True, exist_ok=True)
    feed = find_feed("coinbase-advanced")
    extra = {} if part is None else {"part": part}
    header = Header("coinbase-advanced", URL, created, "feedrec 1", extra=extra)
    writer = create_recording(path, header, overwrite=True, make_rule=rule_of(feed))
    for one in records:
        writer.write(one, feed.describe(one.payload) if isinstance(one, Frame) else None)
    return writer.finish()


def run(folder: Path, hours: int = 4, *, states: Collection[int] = (), suffix: str = ".jsonl.zst") -> list[Path]:
    """
    Write the files of a run.

    Args:
        folder: Where.
        hours: How many files.
        states: The numbers of the hours that begin with the state of the book, from 0.
        suffix: Of their names.

    """
    paths = []
    for hour in range(hours):
        begin = hour * HOUR
        records: list[Record] = []
        if not hour:
            records = [Event(at(0), 0, "open"), told(1, 0, "snapshot", "b99=1 a101=1")]
        else:
            records = [Event(at(hour), None, "clock", {"monotonic": begin * NANOSECONDS})]
        if hour in states:
            state = told(begin, 0, "snapshot", f"b99={hour} a101=1")
            records.append(msgspec.structs.replace(state, synthetic=True))
        records += [told(begin + 60, 2 * hour + 1, "update", f"b99={hour + 1}"), beat(begin + 120, 2 * hour + 2)]
        paths.append(write(folder / f"x-{hour + 1:04d}{suffix}", records, hour + 1))
    return paths
