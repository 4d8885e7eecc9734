"""
A crowd at one replay, each client with its own clock: 290 that read, 200 that never do, and 10 that flood it.

What counts is what the good ones notice: their p99 beside the others, against the p99 that they have alone, at the same
speed. The lateness is the server's own figure for each client; the machine sustains the speed for the good ones alone.
"""

from __future__ import annotations

import json
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import zstandard

from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_frame
from feedrec.model import NANOSECONDS, Frame, Header

from .finding import Finding

__all__ = ["findings"]

CAPTURE = Path(__file__).parents[2] / "shared" / "samples" / "exchange_2021-04-17.frames.jsonl.zst"
"""Frames of the real venue; not part of the repository. Without them, made ones of the same rate."""

_GROWTH = 500  # MB over the idle server
_FACTOR = 3
_LEAST = 5.0  # ms, under which no factor counts
_STOP = 5.0  # seconds
_LINE = re.compile(r"client (\d+) \([a-z ]+\):.* p99 ([\d.]+) ms")
_ROOT = Path(__file__).parents[1]


class _Crowd(NamedTuple):
    """How many clients of each kind, for how many seconds, at which speed."""

    good: int
    stuck: int
    flooding: int
    seconds: float
    speed: float


class _Outcome(NamedTuple):
    """What came of a crowd: milliseconds, MB and seconds."""

    p99: float
    worst_p99: float
    growth: float
    stop: float


def findings(folder: Path, *, quick: bool) -> Iterator[Finding]:
    """Measure the good clients alone, then beside the bad ones."""
    path = folder / "exchange.jsonl.zst"
    products = _record(path)
    crowd = _Crowd(58, 40, 4, 8, 0.25) if quick else _Crowd(290, 200, 10, 90, 0.1)
    alone = _measure(path, crowd._replace(stuck=0, flooding=0), products)
    beside = _measure(path, crowd, products)
    who = f"{crowd.good} clients beside {crowd.stuck} that never read, {crowd.flooding} that flood"
    figure = f"p99 {beside.p99:.1f} ms, {alone.p99:.1f} alone"
    promise = f"under {_FACTOR} times, or {_LEAST:.0f} ms"
    yield Finding(who, figure, promise, beside.p99 < max(_FACTOR * alone.p99, _LEAST))
    yield Finding("  the worst of them", f"p99 {beside.worst_p99:.1f} ms, {alone.worst_p99:.1f} alone", "", holds=True)
    most = _GROWTH if not quick else _GROWTH // 4
    grown = beside.growth < most
    yield Finding("  memory of the server", f"grew by {beside.growth:.0f} MB", f"under {most} MB", grown)
    yield Finding("  Ctrl-C", f"{beside.stop:.1f} s", f"within {_STOP:.0f} s", beside.stop < _STOP)


def _record(path: Path) -> list[str]:
    """Make the recording; return its products."""
    frames = list(_captured() if CAPTURE.exists() else _made())
    writer = create_recording(path, Header("coinbase-exchange", created=frames[0].time))
    for frame in frames:
        writer.write_line(encode_frame(frame))
    writer.finish()
    return sorted({json.loads(frame.payload).get("product_id", "") for frame in frames} - {""})


def _captured() -> Iterator[Frame]:
    with CAPTURE.open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file).read()
    for row in map(json.loads, text.splitlines()):
        if row["dir"] == "recv":
            yield Frame(round(row["ts"] * NANOSECONDS), 0, row["data"].encode())


def _made() -> Iterator[Frame]:
    """Make 30 seconds of 10 books: snapshots of 30 kB, and 325 updates a second."""
    start = 1_618_677_817 * NANOSECONDS
    products = [f"COIN{number}-USD" for number in range(10)]
    levels = [[f"{price}.25", "1.5"] for price in range(1000, 2000)]
    for product in products:
        snapshot = {"type": "snapshot", "product_id": product, "asks": levels[500:], "bids": levels[:500]}
        yield Frame(start, 0, json.dumps(snapshot).encode())
    for number in range(9_750):
        update = {
            "type": "l2update",
            "product_id": products[number % 10],
            "changes": [["buy", f"{1000 + number % 500}.25", f"{number % 7}.5"]],
            "time": "2021-04-17T16:44:07.859760Z",
        }
        yield Frame(start + number * NANOSECONDS // 325, 0, json.dumps(update).encode())


def _measure(path: Path, crowd: _Crowd, products: list[str]) -> _Outcome:
    arguments = ["--port", "0", "--clock", "each", "--speed", str(crowd.speed), "--auth", "none"]
    log = path.with_suffix(".log")
    with (
        log.open("wb") as err,
        subprocess.Popen(
            [sys.executable, "-m", "feedrec", "replay", str(path), *arguments],
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            cwd=_ROOT,
        ) as server,
    ):
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        idle = peak = _resident(server.pid)
        clients = [sys.executable, "-m", "soak.crowd_clients", url, ",".join(products)]
        clients += map(str, (crowd.good, crowd.stuck, crowd.flooding))
        with subprocess.Popen(clients, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as crowded:
            assert crowded.stdout is not None
            crowded.stdout.readline()
            end = time.monotonic() + crowd.seconds
            while time.monotonic() < end:
                peak = max(peak, _resident(server.pid))
                time.sleep(0.1)
            stopping = time.monotonic()
            server.send_signal(signal.SIGINT)
            server.wait()
            stop = time.monotonic() - stopping
            crowded.kill()
    p99s = {int(number): float(p99) for number, p99 in _LINE.findall(log.read_text())}
    good = [p99s.get(number, float("inf")) for number in range(1, crowd.good + 1)]
    return _Outcome(statistics.mean(good), max(good), (peak - idle) / 1e6, stop)


def _resident(pid: int) -> int:
    """Return the bytes of memory that a process has."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0
