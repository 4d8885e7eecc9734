"""Frames of Coinbase as they are recorded now: made for tests of live serving."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

from feedrec.model import Frame, format_time


class AdvancedFrames:
    """Frames of one connection of Advanced Trade, numbered."""

    def __init__(self, conn: int = 0) -> None:
        self.conn = conn
        self._numbers = itertools.count()

    def frame(self, channel: str, event: dict[str, Any]) -> Frame:
        """Return the next frame, as it comes now."""
        now = time.time_ns()
        fields = {"channel": channel, "timestamp": format_time(now), "sequence_num": next(self._numbers)}
        return Frame(now, self.conn, json.dumps({**fields, "events": [event]}, separators=(",", ":")).encode())

    def book(self, kind: str, price: str, quantity: str = "1", product: str = "BTC-USD") -> Frame:
        """Return a change of a book, or a snapshot of one level."""
        level = {"side": "bid", "event_time": "2026-08-09T21:05:48Z", "price_level": price, "new_quantity": quantity}
        return self.frame("l2_data", {"type": kind, "product_id": product, "updates": [level]})

    def ticker(self, price: str, product: str = "BTC-USD") -> Frame:
        """Return a ticker."""
        ticker = {"type": "ticker", "product_id": product, "price": price}
        return self.frame("ticker", {"type": "update", "tickers": [ticker]})


def exchange(kind: str, number: int, product: str = "BTC-USD", **more: Any) -> Frame:
    """Return a frame of Exchange, with a number of its product."""
    now = time.time_ns()
    fields = {"type": kind, "sequence": number, "product_id": product, "time": format_time(now), **more}
    return Frame(now, 0, json.dumps(fields, separators=(",", ":")).encode())
