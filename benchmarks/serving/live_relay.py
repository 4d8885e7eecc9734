"""
The baseline for a feed served live: a relay that hands each message to the library's `broadcast`.

    python -m benchmarks.serving.live_relay URL FILE

It prints its URL. When the last client has left, FILE has pairs of numbers of 64 bits: a frame, and when it came.
"""

from __future__ import annotations

import asyncio
import sys
import time
from array import array
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, broadcast, serve

from .live_clients import number_of

_SUBSCRIBE = '{"type":"subscribe","channel":"level2","product_ids":["BTC-USD"]}'


async def relay(url: str) -> array[int]:
    """Pass everything on until nobody is there any more; return the pairs."""
    connections: set[ServerConnection] = set()
    over = asyncio.Event()
    noted = array("q")

    async def handle(connection: ServerConnection) -> None:
        connections.add(connection)
        await connection.wait_closed()
        connections.discard(connection)
        if not connections:
            over.set()

    async def pass_on() -> None:
        async with connect(url, max_size=None, compression=None, ping_interval=None) as venue:
            await venue.send(_SUBSCRIBE)
            async for message in venue:
                now = time.time_ns()
                assert isinstance(message, str)
                noted.extend((number_of(message[:200].encode()), now))
                broadcast(connections, message)

    async with serve(handle, "127.0.0.1", 0, compression=None, max_size=None, ping_interval=None) as server:
        print(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", flush=True)
        relaying = asyncio.create_task(pass_on())
        await over.wait()
        relaying.cancel()
    return noted


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(asyncio.run(relay(sys.argv[1])).tobytes())
