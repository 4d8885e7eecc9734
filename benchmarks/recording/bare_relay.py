"""
A relay as one writes it with the library, which records nothing.

    python -m benchmarks.recording.bare_relay URL     prints its own URL
"""

from __future__ import annotations

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection, serve


async def pass_on(source: Connection, target: Connection) -> None:
    """Send whatever comes from one side to the other."""
    async for message in source:
        await target.send(message)


async def main(url: str) -> None:
    """Serve until the process is ended."""

    async def relay(client: ServerConnection) -> None:
        async with connect(url, max_size=None, compression=None) as venue:
            back = asyncio.create_task(pass_on(client, venue))
            await pass_on(venue, client)
            back.cancel()

    async with serve(relay, "127.0.0.1", 0, max_size=None, compression=None) as server:
        print(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", flush=True)
        await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
