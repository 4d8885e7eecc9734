"""A venue that speaks Advanced Trade, knows so many products, and tells which: a thread of the test."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

__all__ = ["ListingVenue", "listing_venue"]


class ListingVenue:
    """
    The venue, and what it was asked.

    Args:
        products: The status of each product, by its id.

    """

    def __init__(self, products: Mapping[str, str]) -> None:
        self.url = ""
        self.requests: list[dict[str, Any]] = []
        self.is_mute = False
        self._products = dict(products)

    def serve(self, connection: ServerConnection) -> None:
        """Answer each request: the data first, then the ack, as the venue does."""
        subscribed: dict[str, list[str]] = {}
        number = 0
        with contextlib.suppress(ConnectionClosed):
            for message in connection:
                request = json.loads(message)
                self.requests.append(request)
                channel = request["channel"]
                if self.is_mute:
                    continue
                known = [one for one in request.get("product_ids", ()) if one in self._products]
                subscribed[channel] = known or ([channel] if channel in {"status", "heartbeats"} else [])
                for name, event in (*self._data(channel, known), ("subscriptions", {"subscriptions": subscribed})):
                    frame = {"channel": name, "timestamp": "", "sequence_num": number, "events": [event]}
                    connection.send(json.dumps(frame))
                    number += 1

    def _data(self, channel: str, known: list[str]) -> list[tuple[str, dict[str, Any]]]:
        if channel == "status":
            listed = [{"product_type": "SPOT", "id": one, "status": status} for one, status in self._products.items()]
            return [("status", {"type": "snapshot", "products": listed})]
        return [(channel, {"type": "snapshot", "tickers": [{"product_id": one}]}) for one in known]


@contextlib.contextmanager
def listing_venue(*online: str, offline: tuple[str, ...] = ()) -> Iterator[ListingVenue]:
    """Serve a venue with these products."""
    venue = ListingVenue(dict.fromkeys(online, "online") | dict.fromkeys(offline, "offline"))
    with serve(venue.serve, "127.0.0.1", 0) as server:
        venue.url = "ws://{}:{}".format(*server.socket.getsockname()[:2])
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield venue
        finally:
            server.shutdown()
            thread.join()
