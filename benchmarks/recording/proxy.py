"""CPU time and latency of `feedrec proxy`, against a relay of the library that records nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from ..material import frames
from ..measuring import Row, compared
from ..processes import cpu_so_far, serving

__all__ = ["rows"]

ROUNDS = 3
FRAMES = 60_000
PACED = 4_000
INTERVAL = 0.001
"""Seconds between frames whose latency is measured."""


class Cost(NamedTuple):
    """CPU seconds a frame at full speed, and the 99th percentile of the latency in seconds."""

    cpu: float
    latency: float


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Pass frames through both: as fast as they go, and at 1,000 a second."""
    part = 20 if quick else 1
    bare, proxied = asyncio.run(_measure(folder, FRAMES // part, PACED // part, 1 if quick else ROUNDS))
    for what, unit, at in (
        ("proxy: CPU per frame passed on and recorded, against a bare relay", "us", 0),
        ("proxy: latency at 1,000 frames/s, p99", "us", 1),
    ):
        yield compared(what, unit, [one[at] * 1e6 for one in bare], [one[at] * 1e6 for one in proxied])


async def _measure(folder: Path, count: int, paced: int, rounds: int) -> tuple[list[Cost], list[Cost]]:
    payloads = [frame.payload.decode() for frame in frames()]

    async def venue(websocket: ServerConnection) -> None:
        if await websocket.recv() == "fast":
            for number in range(count):
                await websocket.send(payloads[number % len(payloads)])
        else:
            due = time.perf_counter()
            for _ in range(paced):
                due += INTERVAL
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                await websocket.send(str(time.perf_counter_ns()))

    bare, proxied = list[Cost](), list[Cost]()
    async with serve(venue, "127.0.0.1", 0, compression=None) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        for number in range(rounds):
            output = ("-o", folder / f"proxy{number}.jsonl.zst", "-qq")
            arguments = ("proxy", "--to", url, "--endpoint", "coinbase-advanced", "--port", 0)
            bare.append(await _cost("benchmarks.recording.bare_relay", url))
            proxied.append(await _cost("feedrec", *arguments, *output))
    return bare, proxied


async def _cost(*arguments: object) -> Cost:
    with serving(*arguments) as relay:
        before, received = cpu_so_far(relay.process.pid), 0
        async with connect(relay.url, max_size=None, compression=None) as websocket:
            await websocket.send("fast")
            async for _ in websocket:
                received += 1
        cpu = (cpu_so_far(relay.process.pid) - before) / received
        async with connect(relay.url, compression=None) as websocket:
            await websocket.send("paced")
            late = sorted([time.perf_counter_ns() - int(message) async for message in websocket])
        return Cost(cpu, late[len(late) * 99 // 100] / 1e9)
