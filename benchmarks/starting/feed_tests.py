"""
Tests that play the demo's recording to a client, one after another in a process, with one of two servers.

    python -m benchmarks.starting.feed_tests feedrec|bare COUNT

It prints the seconds of the first, and the median of the others.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import threading
import time
from collections.abc import Callable

from websockets.sync.client import connect

CHANNELS = ("level2", "ticker", "market_trades", "candles", "heartbeats")
SUBSCRIBE = '{"type":"subscribe","channel":"%s","product_ids":["BTC-USD","ETH-USD"]}'


def received(url: str) -> int:
    """Subscribe everything and take it; return how many messages came."""
    with connect(url, max_size=None, compression=None) as websocket:
        for channel in CHANNELS:
            websocket.send(SUBSCRIBE % channel)
        return sum(1 for _ in websocket)


def with_feedrec() -> int:
    """Play it with feedrec."""
    from feedrec.testing import FeedReplay  # noqa: PLC0415  it counts for the first test

    from ..material import DEMO  # noqa: PLC0415

    with FeedReplay(DEMO) as feed:
        count = received(feed.url)
        feed.wait_done()
    return count


class BareServer:
    """
    A server of the library in a thread, as one writes it for a test: it sends payloads, and closes the connection.

    Args:
        payloads: What to send, once a client has sent as many messages as there are channels.

    """

    def __init__(self, payloads: list[str]) -> None:
        self._payloads = payloads
        self._listening = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> str:
        self._thread.start()
        self._listening.wait()
        return self._url

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    async def _run(self) -> None:
        from websockets.asyncio.server import ServerConnection, serve  # noqa: PLC0415

        async def send(websocket: ServerConnection) -> None:
            for _ in CHANNELS:
                await websocket.recv()
            for payload in self._payloads:
                await websocket.send(payload)

        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        async with serve(send, "127.0.0.1", 0, compression=None) as server:
            self._url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            self._listening.set()
            await self._stopping.wait()


def bare() -> Callable[[], int]:
    """Return a test with the bare server; what it sends is read before."""
    from ..material import frames  # noqa: PLC0415

    payloads = [frame.payload.decode() for frame in frames()]

    def test() -> int:
        with BareServer(payloads) as url:
            return received(url)

    return test


def main(server: str, count: int) -> None:
    """Run the tests, and print what they took."""
    test = with_feedrec if server == "feedrec" else bare()
    seconds = []
    for _ in range(count):
        started = time.perf_counter()
        if test() < 1500:
            raise RuntimeError("frames are missing")
        seconds.append(time.perf_counter() - started)
    print(seconds[0], statistics.median(seconds[1:]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
