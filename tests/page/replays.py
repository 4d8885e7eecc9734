"""A replay with its page, and clients of it, as processes and threads beside a test."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from ..cli.command import background, first_line

__all__ = ["Replay", "free_port", "replaying", "subscribed", "viewing"]

CHANNELS = ("level2", "ticker", "market_trades", "heartbeats")


class Replay:
    """Where a replay is: for clients, and for a browser."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.page = f"http://{url.partition('://')[2].partition('/')[0]}/_feedrec/"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def replaying(recording: Path, *options: object, port: int = 0) -> Iterator[Replay]:
    """Replay a recording on one timeline."""
    with background("replay", recording, "--port", port, "-q", "--clock", "shared", *options) as process:
        yield Replay(first_line(process.stdout))


@contextlib.contextmanager
def viewing(recording: Path) -> Iterator[str]:
    """Serve the page of a recording without a replay; give its address."""
    with background("view", recording, "--no-open") as process:
        yield first_line(process.stdout)


@contextlib.contextmanager
def subscribed(replay: Replay) -> Iterator[None]:
    """Have a client that has subscribed, and reads what comes until the replay closes the connection."""
    with connect(replay.url, max_size=None) as venue:
        for channel in CHANNELS:
            ask = {"type": "subscribe", "channel": channel, "product_ids": ["BTC-USD", "ETH-USD"]}
            venue.send(json.dumps(ask))
        reader = threading.Thread(target=_read, args=[venue])
        reader.start()
        yield
        venue.close()
        reader.join()


def _read(venue: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            venue.recv()
