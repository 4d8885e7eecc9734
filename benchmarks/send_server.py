"""
The baseline for the replay: a server that calls `send` for each frame.

    python -m benchmarks.send_server RECORDING          as fast as the client reads
    python -m benchmarks.send_server RECORDING SPEED [CLIENTS]

With a speed, it sleeps until each frame is due, and prints the lateness in ns; of several clients, the worst.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from websockets.asyncio.server import ServerConnection, serve

from feedrec.formats import open_recording
from feedrec.model import NANOSECONDS, Frame


def load(path: str) -> list[tuple[int, str]]:
    """Return times and payloads of all received frames."""
    with open_recording(path) as recording:
        records = [record for record in recording if isinstance(record, Frame) and record.direction == "in"]
    return [(frame.time, frame.payload.decode()) for frame in records]


async def send_all(connection: ServerConnection, frames: list[tuple[int, str]]) -> None:
    """Send without pausing."""
    for _, payload in frames:
        await connection.send(payload)


async def send_paced(connection: ServerConnection, frames: list[tuple[int, str]], speed: float) -> list[int]:
    """Send each frame when it is due; return the lateness of each, in nanoseconds."""
    lateness = []
    start, first = time.monotonic_ns(), frames[0][0]
    for recorded, payload in frames:
        deadline = start + int((recorded - first) / speed)
        while (remaining := deadline - time.monotonic_ns()) > 0:
            await asyncio.sleep(remaining / NANOSECONDS)
        await connection.send(payload)
        lateness.append(time.monotonic_ns() - deadline)
    return lateness


async def main(path: str, speed: float | None, clients: int = 1) -> None:
    """Serve so many clients, then exit."""
    frames = load(path)
    done = asyncio.Semaphore(0)
    worst = {"p50": 0, "p99": 0, "max": 0}

    async def handle(connection: ServerConnection) -> None:
        await connection.recv()
        if speed is None:
            await send_all(connection, frames)
        else:
            lateness = sorted(await send_paced(connection, frames, speed))
            figures = lateness[len(lateness) // 2], lateness[len(lateness) * 99 // 100], lateness[-1]
            worst.update({name: max(worst[name], one) for name, one in zip(worst, figures, strict=True)})
        await connection.close()
        done.release()

    async with serve(handle, "127.0.0.1", 0, compression=None, max_size=None) as server:
        print(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", flush=True)
        for _ in range(clients):
            await done.acquire()
    if speed is not None:
        print(json.dumps({"lateness_ns": worst}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else None, *map(int, sys.argv[3:])))
