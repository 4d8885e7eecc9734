"""
A small bot for Coinbase Advanced Trade: the order book of one product, and a signal from it.

It buys when much more is bid than offered near the middle of the book and the last trade was a purchase, and sells in
the opposite case. It places no orders; it says what it would do.

    python bot.py                                         the live market
    feedrec replay feeds/btc-usd.jsonl -- python bot.py   a recording
"""

from __future__ import annotations

import heapq
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect

URL = os.environ.get("FEEDREC_URL", "wss://advanced-trade-ws.coinbase.com")
CHANNELS = ("level2", "market_trades")
DEPTH = 5  # levels of each side that count
LEAN = Decimal("0.5")  # how lopsided the book must be: 0 is balanced, 1 has one side only


class GapError(Exception):
    """A message of the venue did not arrive."""


@dataclass
class Book:
    """The order book of one product: sizes by price."""

    bids: dict[Decimal, Decimal] = field(default_factory=dict)
    offers: dict[Decimal, Decimal] = field(default_factory=dict)

    def apply(self, event: dict[str, Any]) -> None:
        """Take an event of the channel l2_data: a snapshot, or an update."""
        if event["type"] == "snapshot":
            self.bids.clear()
            self.offers.clear()
        for update in event["updates"]:
            side = self.bids if update["side"] == "bid" else self.offers
            price, size = Decimal(update["price_level"]), Decimal(update["new_quantity"])
            if size:
                side[price] = size
            else:
                side.pop(price, None)

    @property
    def best_bid(self) -> Decimal:
        """The highest price that somebody pays."""
        return max(self.bids)

    @property
    def best_offer(self) -> Decimal:
        """The lowest price that somebody takes."""
        return min(self.offers)

    @property
    def lean(self) -> Decimal:
        """How much more is bid than offered: from -1, nothing is bid, to 1, nothing is offered."""
        bid = sum((self.bids[price] for price in heapq.nlargest(DEPTH, self.bids)), Decimal())
        offered = sum((self.offers[price] for price in heapq.nsmallest(DEPTH, self.offers)), Decimal())
        return (bid - offered) / (bid + offered)


@dataclass(frozen=True)
class Signal:
    """What the bot would do, and when, by the clock of the venue."""

    time: str
    side: Literal["buy", "sell"]
    price: Decimal


class Bot:
    """What the bot knows; it gets the messages of the venue, and has no connection itself."""

    def __init__(self, product: str) -> None:
        self.product = product
        self.book = Book()
        self.last_trade: str | None = None  # the side of who came last
        self.position: str | None = None
        self._sequence = -1

    def on_message(self, message: str | bytes) -> Signal | None:
        """Take a message of the venue; give the signal that follows from it, if one does."""
        frame = json.loads(message)
        self._sequence += 1
        if frame["sequence_num"] != self._sequence:
            raise GapError(f"expected message {self._sequence}, got {frame['sequence_num']}")
        for event in frame["events"]:
            if frame["channel"] == "l2_data":
                self.book.apply(event)
            elif frame["channel"] == "market_trades":
                self.last_trade = event["trades"][0]["side"]  # newest first; the side is that of the maker
        return self._decide(frame["timestamp"])

    def _decide(self, time: str) -> Signal | None:
        if not (self.book.bids and self.book.offers):
            return None
        lean = self.book.lean
        if lean > LEAN and self.last_trade == "SELL" and self.position != "buy":
            self.position = "buy"
            return Signal(time, "buy", self.book.best_offer)
        if lean < -LEAN and self.last_trade == "BUY" and self.position != "sell":
            self.position = "sell"
            return Signal(time, "sell", self.book.best_bid)
        return None


def run(bot: Bot, url: str = URL) -> Iterator[Signal]:
    """Connect and subscribe; give each signal as it comes, until the venue closes the connection."""
    with connect(url, max_size=None) as venue:  # the snapshot of a whole book has 5 MB, the library's limit is 1 MiB
        for channel in CHANNELS:
            venue.send(json.dumps({"type": "subscribe", "channel": channel, "product_ids": [bot.product]}))
        try:
            while True:
                signal = bot.on_message(venue.recv())
                if signal is not None:
                    yield signal
        except ConnectionClosedOK:
            return


if __name__ == "__main__":
    for found in run(Bot("BTC-USD")):
        print(found.time, found.side, found.price)
