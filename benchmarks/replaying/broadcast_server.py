"""
The baseline for many clients: a server that sleeps until each frame is due, and hands it to the library's `broadcast`.

    python -m benchmarks.replaying.broadcast_server RECORDING CLIENTS

It begins with the last client, and prints the lateness in ns.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from websockets.asyncio.server import ServerConnection, broadcast, serve

from feedrec.model import NANOSECONDS

from ..send_server import load


async def main(path: str, clients: int) -> None:
    """Serve so many clients at once, then exit."""
    frames = load(path)
    connections: set[ServerConnection] = set()
    everybody, done = asyncio.Event(), asyncio.Event()

    async def handle(connection: ServerConnection) -> None:
        await connection.recv()
        connections.add(connection)
        if len(connections) == clients:
            everybody.set()
        await done.wait()
        await connection.close()

    async with serve(handle, "127.0.0.1", 0, compression=None, max_size=None, ping_interval=None) as server:
        print(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", flush=True)
        await everybody.wait()
        lateness = []
        start, first = time.monotonic_ns(), frames[0][0]
        for recorded, payload in frames:
            deadline = start + recorded - first
            while (remaining := deadline - time.monotonic_ns()) > 0:
                await asyncio.sleep(remaining / NANOSECONDS)
            broadcast(connections, payload)
            lateness.append(time.monotonic_ns() - deadline)
            await asyncio.sleep(0)
        lateness.sort()
        p50, p99 = lateness[len(lateness) // 2], lateness[len(lateness) * 99 // 100]
        print(json.dumps({"lateness_ns": {"p50": p50, "p99": p99, "max": lateness[-1]}}), flush=True)
        done.set()
        await asyncio.gather(*(connection.wait_closed() for connection in connections))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
