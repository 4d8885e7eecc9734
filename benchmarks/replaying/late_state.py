"""
The state that a client gets which subscribes deep in a recording whose snapshots stand at its start.

Against reading the recording from its start, as is done where it has no index; and how long it takes a process that was
not started yet. The goals for 1 GB of text, of 1.6 million frames: 0.1 s for a ticker and for trades, above the start
of the process, 15 s for a book, and 1 s for one with a checkpoint.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from feedrec.feeds import rule_of, venue_of
from feedrec.feeds.state.dumped_state import dump_rules
from feedrec.feeds.venue import Key, VenueFeed
from feedrec.formats import create_recording, open_recording
from feedrec.formats.checkpoints.making import make_checkpoints
from feedrec.formats.checkpoints.source import LEAST_TEXT, Spacing
from feedrec.formats.line.index import Index
from feedrec.formats.several.inputs import inspect_recording
from feedrec.formats.tools.convert import convert
from feedrec.model import Frame, FrameInfo
from feedrec.replay.timeline.timeline import Timeline
from feedrec.replay.venue.position import Position
from feedrec.replay.venue.rebuild import Rebuilder
from feedrec.replay.venue.rebuild_process import RebuildProcess

from ..material import DEMO, deep_snapshot, frames
from ..measuring import Row, compared, figure_at_most, measured

__all__ = ["rows", "snapshots_at_start"]

_SIZE = 1_000_000_000
_PACE = 1_000_000
"""Nanoseconds between two frames."""

_WANTED = {
    "ticker": (("ticker", "BTC-USD"), 0.1),
    "trades": (("market_trades", "BTC-USD"), 0.1),
    "level2": (("level2", "BTC-USD"), 15.0),
    "ticker_batch of a ticker": (("ticker_batch", "BTC-USD"), 0.1),
    "ticker of a product that was never recorded": (("ticker", "DOGE-USD"), 0.1),
}
"""What is subscribed, and the goal in seconds for the whole size."""

_COMPARED = ("ticker", "level2")  # with all of it read, which takes half a minute

_trade_id = re.compile(rb'"trade_id":"\d+"').sub


class _Unindexed(Timeline):
    """Recordings read from their start."""

    def indexes(self) -> list[Index | None]:
        return [None for _ in self.paths]

    def counted_blocks(self) -> None:
        return None


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Rebuild each state as of ten lines before the end."""
    feed = venue_of("coinbase-advanced")
    assert feed is not None
    path = folder / "late.jsonl.zst"
    snapshots_at_start(path, _SIZE // (20 if quick else 1), feed)
    everything: dict[str, float] = {}
    for what, (key, goal) in _WANTED.items():
        name = f"late {what}, deep in 1 GB"
        needed = [_cpu_time(Timeline([path], describe=feed.describe), feed, key)]
        if what in _COMPARED:
            everything[what] = _cpu_time(_Unindexed([path], describe=feed.describe), feed, key)
            yield compared(name, "s", [everything[what]], needed, goal=figure_at_most(goal))
        else:
            yield measured(name, "s", needed, goal=figure_at_most(goal))
    yield from _checkpoint_rows(path, feed, LEAST_TEXT // (20 if quick else 1), everything["level2"])
    first, second = _process_times(path, feed)
    yield compared("late ticker by a process: the first against the second", "s", [second], [first])


def _checkpoint_rows(path: Path, feed: VenueFeed, least: int, everything: float) -> Iterator[Row]:
    """Write checkpoints of the book, in an extra pass as `convert` does, and rebuild it from the last of them."""
    rules = dump_rules(feed)
    assert rules is not None
    began = time.process_time()
    convert([inspect_recording(partial(open_recording, path))], path.with_name("converted.jsonl.zst"))
    converted = time.process_time() - began
    began = time.process_time()
    make_checkpoints(path, rules, spacing=partial(Spacing, least), least=least)
    made = time.process_time() - began
    needed = _cpu_time(Timeline([path], describe=feed.describe), feed, _WANTED["level2"][0])
    yield compared(
        "late level2, deep in 1 GB, with a checkpoint", "s", [everything], [needed], goal=figure_at_most(1.0)
    )
    yield compared("convert: with checkpoints, against without", "s", [converted], [converted + made])


def _process_times(path: Path, feed: VenueFeed) -> list[float]:
    """Ask a process that is not there yet for a ticker, and again."""
    timeline = Timeline([path], describe=feed.describe)
    process = RebuildProcess(timeline, feed)
    taken = []
    try:
        for key in (("ticker", "BTC-USD"), ("ticker", "ETH-USD")):
            began = time.perf_counter()
            process.snapshots(frozenset({key}), _near_end(timeline), threading.Event(), is_alone=False)
            taken.append(time.perf_counter() - began)
    finally:
        process.close()
    return taken


def snapshots_at_start(path: Path, size: int, feed: VenueFeed, *, deep: bool = False) -> None:
    """Write a recording of about `size` bytes of text, the demo's updates over and over; maybe of a book of 5 MB."""
    found = [(frame.payload, feed.describe(frame.payload)) for frame in frames()]
    updates = [(payload, info) for payload, info in found if info.kind not in {"snapshot", "ack"}]
    with open_recording(DEMO) as recording:
        start = recording.header.created
        writer = create_recording(path, recording.header, make_rule=rule_of(feed))
    count = text = 0

    def write(payload: bytes, info: FrameInfo) -> None:
        nonlocal count, text
        if info.channel == "market_trades":
            payload = _trade_id(b'"trade_id":"%d"' % count, payload)
        writer.write(Frame(start + count * _PACE, 0, payload), info)
        count += 1
        text += len(payload) + 70  # what a line has besides

    for payload, info in found:
        if info.kind == "snapshot":
            is_book = info.channel == "level2" and "BTC-USD" in info.products
            writer.write(Frame(start, 0, deep_snapshot() if deep and is_book else payload), info)
    while text < size:
        for payload, info in updates:
            write(payload, info)
        while writer.is_full:
            time.sleep(0.01)
    writer.finish()


def _near_end(timeline: Timeline) -> Position:
    (index,) = Timeline(timeline.paths).indexes()
    assert index is not None
    return Position(index.lines - 10, [], 0)


def _cpu_time(timeline: Timeline, feed: VenueFeed, key: Key) -> float:
    position = _near_end(timeline)
    began = time.process_time()
    Rebuilder(timeline, feed).snapshots(frozenset({key}), position, threading.Event())
    return time.process_time() - began
