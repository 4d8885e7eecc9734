"""A venue that speaks Advanced Trade, where something is traded all the time: a thread of the test."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from feedrec.model import format_time

__all__ = ["MarketVenue", "market_venue"]

_EVERY = 0.02  # seconds


class MarketVenue:
    """
    The venue: it has trades of each product, numbered for all connections alike, and heartbeats.

    Args:
        products: Its products.

    Attributes:
        url: Its address.
        traded: How many trades of each product there were.

    """

    def __init__(self, products: Sequence[str]) -> None:
        self.url, self.traded = "", 0
        self._products = products
        self._clients: list[tuple[ServerConnection, dict[str, list[str]], list[int]]] = []
        self._lock, self._is_over = threading.Lock(), threading.Event()

    def serve(self, connection: ServerConnection) -> None:
        """Take the requests of a client."""
        subscribed: dict[str, list[str]] = {}
        client = connection, subscribed, [0]
        with contextlib.suppress(ConnectionClosed):
            for message in connection:
                request = json.loads(message)
                with self._lock:
                    known = [one for one in request.get("product_ids", ()) if one in self._products]
                    subscribed[request["channel"]] = known or [request["channel"]]
                    self._tell(client, "subscriptions", {"subscriptions": subscribed})
                    self._clients = [*(one for one in self._clients if one[0] is not connection), client]

    def trade(self) -> None:
        """Have something of each product traded, again and again."""
        while not self._is_over.wait(_EVERY):
            with self._lock:
                self.traded += 1
                for client in list(self._clients):
                    try:
                        self._tell_trades(client)
                    except ConnectionClosed:
                        self._clients.remove(client)

    def end(self) -> None:
        """Trade no more."""
        self._is_over.set()

    def _tell_trades(self, client: tuple[ServerConnection, dict[str, list[str]], list[int]]) -> None:
        for product in client[1].get("market_trades", ()):
            trade = {"product_id": product, "trade_id": str(self.traded), "price": "1", "size": "1", "side": "BUY"}
            self._tell(client, "market_trades", {"type": "update", "trades": [trade]})
        if self.traded % 10 == 0:
            self._tell(client, "heartbeats", {"heartbeat_counter": str(self.traded)})

    @staticmethod
    def _tell(client: tuple[ServerConnection, dict[str, list[str]], list[int]], channel: str, event: Any) -> None:
        connection, _, number = client
        stamp = format_time(time.time_ns())
        frame = {"channel": channel, "timestamp": stamp, "sequence_num": number[0], "events": [event]}
        number[0] += 1
        connection.send(json.dumps(frame))


@contextlib.contextmanager
def market_venue(*products: str) -> Iterator[MarketVenue]:
    """Serve a venue with these products."""
    venue = MarketVenue(products)
    with serve(venue.serve, "127.0.0.1", 0) as server:
        venue.url = "ws://{}:{}".format(*server.socket.getsockname()[:2])
        threads = [threading.Thread(target=work) for work in (server.serve_forever, venue.trade)]
        for thread in threads:
            thread.start()
        try:
            yield venue
        finally:
            venue.end()
            server.shutdown()
            for thread in threads:
                thread.join()
