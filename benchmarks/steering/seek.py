"""
From a seek to the first frame of a client, in a recording of 1 GB of text with checkpoints and a book of 5 MB.

The goals: 0.3 s for ticker and trades, 1 s for the book, whole. Another client follows the same timeline, so that
states are rebuilt by a process, which is started for the first seek.
"""

from __future__ import annotations

import contextlib
import queue
import random
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from feedrec.feeds import venue_of
from feedrec.feeds.state.dumped_state import dump_rules
from feedrec.formats import open_recording
from feedrec.formats.checkpoints.making import make_checkpoints
from feedrec.formats.checkpoints.source import LEAST_TEXT, Spacing
from feedrec.model import NANOSECONDS

from ..measuring import Row, figure_at_most, measured
from ..processes import Server, serving
from ..raw_client import connected, message_from, request
from ..replaying.late_state import snapshots_at_start

__all__ = ["rows"]

_SIZE = 1_000_000_000
_SEEKS = 20
_GOALS = {"ticker": 300.0, "market_trades": 300.0, "level2": 1000.0}
"""Milliseconds until the first frame is there, by channel."""


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Seek to moments all over the recording, back and forth."""
    path = folder / "seek.jsonl.zst"
    _record(path, 20 if quick else 1)
    with open_recording(path) as recording:
        index, start = recording.index, recording.header.created
    assert index is not None
    chosen = random.Random(1)
    end = index.blocks[-1].last or 0
    for channel, goal in _GOALS.items():
        moments = [chosen.randrange(start + NANOSECONDS, end) for _ in range(4 if quick else _SEEKS)]
        taken = _seek(path, channel, moments)
        what = f"seek in 1 GB, to the first frame of {channel}"
        yield measured(f"{what}: median of {_SEEKS}", "ms", [statistics.median(taken)])
        yield measured(f"{what}: worst of {_SEEKS}", "ms", [max(taken)], goal=figure_at_most(goal))


def _record(path: Path, parts: int) -> None:
    """Make the recording with its checkpoints, or a part of it."""
    feed = venue_of("coinbase-advanced")
    assert feed is not None
    rules = dump_rules(feed)
    assert rules is not None
    snapshots_at_start(path, _SIZE // parts, feed, deep=True)
    least = LEAST_TEXT // parts
    make_checkpoints(path, rules, spacing=partial(Spacing, least), least=least)


def _seek(path: Path, channel: str, moments: list[int]) -> list[float]:
    """Return the milliseconds that each seek takes until the first message to a client is whole."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(serving("benchmarks.steering.seek_server", path))
        times = [
            _follow(stack.enter_context(connected(server.url)), wanted, product)
            for wanted, product in (("ticker", "ETH-USD"), (channel, "BTC-USD"))
        ][-1]
        times.get()
        _go(server, moments[0] // 2 + moments[-1] // 2)  # and time stands from now on
        return [_first_after(server, times, moment) for moment in moments]


def _first_after(server: Server, times: queue.SimpleQueue[float], moment: int) -> float:
    while not times.empty():
        times.get()
    began = time.perf_counter()
    _go(server, moment)
    return (times.get() - began) * 1e3


def _go(server: Server, moment: int) -> None:
    """Have the replay go to a moment, and wait until all clients have what is sent to them there."""
    assert server.process.stdin is not None
    assert server.process.stdout is not None
    server.process.stdin.write(f"{moment}\n")
    server.process.stdin.flush()
    server.process.stdout.readline()
    time.sleep(0.1)


def _follow(connection: socket.socket, channel: str, product: str) -> queue.SimpleQueue[float]:
    """Subscribe, and note when each message is whole, until the connection is closed."""
    times: queue.SimpleQueue[float] = queue.SimpleQueue()

    def read() -> None:
        with contextlib.suppress(OSError, EOFError):
            while message_from(connection):
                times.put(time.perf_counter())

    threading.Thread(target=read, daemon=True).start()
    connection.sendall(request("subscribe", channel, product))
    return times
