"""
A replay that prints the lateness of the frames of the one client that stays to the end.

    python -m benchmarks.replaying.late_server RECORDING     prints its URL, then that client's lateness in ns
"""

from __future__ import annotations

import asyncio
import sys

import msgspec

from feedrec.replay import ClientResult, ReplayOptions, ReplayServer


async def serve(path: str) -> None:
    """Serve until a client has received everything."""
    finished: asyncio.Future[ClientResult] = asyncio.get_running_loop().create_future()

    def note(result: ClientResult) -> None:
        if result.outcome == "finished" and not finished.done():
            finished.set_result(result)

    async with ReplayServer(path, ReplayOptions(port=0, settle=0.02), on_client_end=note) as server:
        print(server.url, flush=True)
        result = await finished
    print(msgspec.json.encode(result.lateness).decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
