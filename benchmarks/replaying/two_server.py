"""
A replay at some speed to so many clients: `python -m benchmarks.replaying.two_server RECORDING SPEED CLIENTS`.

It prints its URL, and when all of them have received everything the lateness in ns, of the one with the worst.
"""

from __future__ import annotations

import asyncio
import json
import sys

import msgspec

from feedrec.replay import ClientResult, ReplayOptions, ReplayServer


async def serve(path: str, speed: float, clients: int) -> None:
    """Serve until they are done."""
    results: asyncio.Queue[ClientResult] = asyncio.Queue()
    options = ReplayOptions(port=0, speed=speed, settle=0.01)
    async with ReplayServer(path, options, on_client_end=results.put_nowait) as server:
        print(server.url, flush=True)
        found = [msgspec.to_builtins((await results.get()).lateness) for _ in range(clients)]
    print(json.dumps({"lateness_ns": {name: max(one[name] for one in found) for name in ("p50", "p99", "max")}}))


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))
