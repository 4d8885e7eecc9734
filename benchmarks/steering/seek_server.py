"""
A replay in which time stands, and goes where it is told: a moment a line, in ns of recorded time.

    python -m benchmarks.steering.seek_server RECORDING     prints its URL, then `there` for each moment
"""

from __future__ import annotations

import asyncio
import sys

from feedrec.replay import ReplayOptions, ReplayServer


async def serve(path: str) -> None:
    """Serve until there are no more moments."""
    async with ReplayServer(path, ReplayOptions(port=0, clock="shared")) as server:
        print(server.url, flush=True)
        while moment := await asyncio.to_thread(sys.stdin.readline):
            server.steering.pause()
            await server.steering.seek(int(moment))
            print("there", flush=True)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
