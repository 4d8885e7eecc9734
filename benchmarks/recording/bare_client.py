"""The baseline for the recorder: a loop that receives every message and discards it."""

from __future__ import annotations

import asyncio
import sys

from websockets.asyncio.client import connect


async def receive(url: str) -> int:
    """Receive until the server closes; return the number of messages."""
    count = 0
    async with connect(url, max_size=None, ping_interval=None, compression=None) as connection:
        await connection.send('{"type":"subscribe","channel":"level2"}')
        async for _ in connection:
            count += 1
    return count


if __name__ == "__main__":
    print(asyncio.run(receive(sys.argv[1])))
