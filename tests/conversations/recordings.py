"""Small recordings of every endpoint, of frames in the shapes of the captures of 2026 and of the documentation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from feedrec.formats import create_recording
from feedrec.model import NANOSECONDS, Event, Frame, Header, format_time

__all__ = [
    "ACCOUNT",
    "PAIR",
    "START",
    "Market",
    "account_recording",
    "books_recording",
    "exchange_recording",
    "market_recording",
    "write",
]

START = 1_790_733_792 * NANOSECONDS + 700_000_000
"""2026-09-30T02:03:12.7Z: the next whole second is 300 ms away."""

PAIR = ("BTC-USD", "ETH-USD")
ACCOUNT = "d50ec984-77a8-460a-b958-66f114b0de9b"

MILLISECOND = 1_000_000
POSITIONS: dict[str, list[Any]] = {
    "perpetual_futures_positions": [],
    "expiring_futures_positions": [],
    "prediction_market_positions": [],
}

Timed = tuple[int, dict[str, Any] | list[Any]]
"""Milliseconds since START, and what came then."""


def write(path: Path, endpoint: str, frames: Iterable[Timed]) -> Path:
    """Write what came on one connection."""
    writer = create_recording(path, Header(endpoint, created=START))
    writer.write(Event(START, 0, "open", {}))
    for time, message in frames:
        payload = json.dumps(message, separators=(",", ":")).encode()
        writer.write(Frame(START + time * MILLISECOND, 0, payload))
    return writer.finish()


def stamp(time: int) -> str:
    return format_time(START + time * MILLISECOND)


class Wire:
    """Frames of one connection of Advanced Trade, numbered as they come."""

    def __init__(self, **more: str) -> None:
        self.frames: list[Timed] = []
        self._more = more

    def add(self, time: int, channel: str, **event: Any) -> None:
        """Have a frame with one event come."""
        head = {"channel": channel, **self._more, "timestamp": stamp(time)}
        self.frames.append((time, {**head, "sequence_num": len(self.frames), "events": [event]}))

    def acknowledge(self, time: int, **subscriptions: Sequence[str]) -> None:
        self.add(time, "subscriptions", subscriptions=subscriptions)

    def beat(self, time: int) -> None:
        count = 41_000 + time // 1000
        moment = stamp(time)
        now = f"{moment[:10]} {moment[11:-1]} +0000 UTC m=+{count}.854840045"
        self.add(time, "heartbeats", current_time=now, heartbeat_counter=count)

    def book(self, time: int, kind: str, product: str, *levels: tuple[str, str, str]) -> None:
        updates = [
            {"side": side, "event_time": stamp(time), "price_level": price, "new_quantity": quantity}
            for side, price, quantity in levels
        ]
        self.add(time, "l2_data", type=kind, product_id=product, updates=updates)

    def ticker(self, time: int, kind: str, product: str, price: str) -> None:
        self.add(time, "ticker", type=kind, tickers=[{"type": "ticker", "product_id": product, "price": price}])

    def trades(self, time: int, kind: str, product: str, *numbers: int) -> None:
        trades = [
            {"product_id": product, "trade_id": str(number), "price": "1", "size": "2", "side": "BUY"}
            for number in numbers
        ]
        self.add(time, "market_trades", type=kind, trades=trades)

    def candle(self, time: int, kind: str, product: str) -> None:
        candle = {"start": "1790733600", "high": "3", "low": "1", "open": "1", "close": "2", "volume": str(time)}
        self.add(time, "candles", type=kind, candles=[{**candle, "product_id": product}])


def market_recording(path: Path, seconds: int = 3) -> Path:
    """Record the market as the capture of 2026-08-09 begins, and then all channels each 100 ms."""
    wire = Wire()
    wire.trades(1, "snapshot", "BTC-USD", 10, 9)
    wire.trades(2, "snapshot", "ETH-USD", 20, 19)
    wire.acknowledge(3, market_trades=PAIR)
    wire.candle(4, "snapshot", "ETH-USD")
    wire.candle(5, "snapshot", "BTC-USD")
    wire.acknowledge(6, candles=PAIR, market_trades=PAIR)
    wire.ticker(7, "snapshot", "BTC-USD", "100")
    wire.ticker(8, "snapshot", "ETH-USD", "10")
    wire.trades(9, "update", "BTC-USD", 11)
    wire.book(10, "snapshot", "BTC-USD", ("bid", "99", "1"), ("bid", "98", "2"), ("offer", "101", "3"))
    wire.book(11, "update", "BTC-USD", ("bid", "98", "0"))
    wire.ticker(12, "update", "BTC-USD", "100.5")
    wire.book(13, "snapshot", "ETH-USD", ("bid", "9", "1"), ("offer", "11", "3"))
    wire.beat(300)
    for step in range(4, 10 * seconds):
        time = 100 * step
        for number, product in enumerate(PAIR):
            wire.book(time, "update", product, ("bid", str(50 - step - number), "1.5"))
            wire.ticker(time, "update", product, str(200 + step + number))
            wire.trades(time, "update", product, 100 * number + step + 20)
        if step % 10 == 3:
            wire.beat(time)
    return write(path, "coinbase-advanced", wire.frames)


def books_recording(path: Path, products: Sequence[str]) -> Path:
    """Record the books of many products."""
    wire = Wire()
    for product in products:
        wire.book(1, "snapshot", product, ("bid", "1", "1"))
    for step in range(1, 6):
        for product in products:
            wire.book(100 * step, "update", product, ("bid", "1", str(step)))
    return write(path, "coinbase-advanced", wire.frames)


def order(number: int, status: str = "OPEN", product: str = "BTC-USD") -> dict[str, str]:
    """Make an order, of whose fields most are left out."""
    return {"order_id": f"order-{number}", "status": status, "product_id": product, "limit_price": "65000"}


def account_recording(path: Path, orders: int) -> Path:
    """Record an account with so many open orders, of which one is filled after 400 ms, and its futures."""
    wire = Wire(client_id="")
    all_orders = [order(number) for number in range(orders)]
    for start in range(0, orders + 1, 50):
        wire.add(1, "user", type="snapshot", orders=all_orders[start : start + 50], positions=POSITIONS)
    wire.acknowledge(2, user=[ACCOUNT])
    balance = {"futures_buying_power": "100.00", "total_usd_balance": "200.00"}
    wire.add(3, "futures_balance_summary", type="snapshot", fcm_balance_summary=balance)
    wire.acknowledge(4, futures_balance_summary=[ACCOUNT], user=[ACCOUNT])
    wire.add(400, "user", type="update", orders=[order(0, "FILLED")])
    for second in range(4):
        wire.beat(500 + 1000 * second)
        wire.add(600 + 1000 * second, "user", type="update", orders=[order(1000 + second)])
    return write(path, "coinbase-advanced-user", wire.frames)


class Market:
    """One product of Exchange, whose numbers grow with what happens to it."""

    def __init__(self, product: str, sequence: int, trade: int) -> None:
        self.product = product
        self.sequence = sequence
        self.trade = trade

    def frame(self, kind: str, time: int, **fields: Any) -> dict[str, Any]:
        return {"type": kind, **fields, "product_id": self.product, "time": f"{stamp(time)[:26]}Z"}

    def numbered(self, kind: str, time: int, **fields: Any) -> dict[str, Any]:
        return self.frame(kind, time, **fields, sequence=self.sequence)

    def match(self, kind: str, time: int) -> dict[str, Any]:
        sides = {"maker_order_id": "m", "taker_order_id": "t", "side": "sell", "size": "0.00000001", "price": "100.00"}
        return self.numbered(kind, time, trade_id=self.trade, **sides)

    def ticker(self, time: int) -> dict[str, Any]:
        return self.numbered("ticker", time, price="100.00", side="buy", trade_id=self.trade)

    def beat(self, time: int) -> dict[str, Any]:
        return {
            "type": "heartbeat",
            "last_trade_id": self.trade,
            "product_id": self.product,
            "sequence": self.sequence,
            "time": f"{stamp(time)[:26]}Z",
        }

    def begin(self, time: int) -> list[Timed]:
        """Give what a subscription of the product begins with."""
        book = {"asks": [["101.00", "1.00000000"]], "bids": [["99.00", "2.00000000"], ["98.00", "1.00000000"]]}
        snapshot = {"type": "snapshot", "product_id": self.product, **book, "time": f"{stamp(time)[:26]}Z"}
        return [(time, snapshot), (time, self.ticker(time)), (time, self.match("last_match", time))]

    def trade_once(self, time: int, step: int) -> list[Timed]:
        """Have an order received, put into the book, matched, and done; give that as every channel tells it."""
        frames: list[Timed] = []
        own = {"user_id": "5844eceecf7e803e259d0365", "profile_id": ACCOUNT} if step == 5 else {}
        order_id = f"{self.product}-{step}"
        for kind in ("received", "open", "match", "done"):
            self.sequence += 1
            if kind == "match":
                self.trade += 1
                frames += [(time, self.match("match", time)), (time, self.ticker(time))]
            else:
                frames.append((time, self.numbered(kind, time, order_id=order_id, side="sell", **own)))
            row = [kind if kind != "received" else "noop", self.product, str(self.sequence), f"{stamp(time)[:26]}Z"]
            frames.append((time, row))
        changes = [["buy", f"{90 - step}.00", "1.00000000"], ["buy", "98.00", "0.00000000"]]
        return [*frames, (time, self.frame("l2update", time, changes=changes))]


def exchange_recording(
    path: Path, seconds: int = 3, endpoint: str = "coinbase-exchange", *, heartbeats: bool = True
) -> Path:
    """Record every channel of two products of Exchange, with heartbeats on the whole second or without."""
    markets = [Market("BTC-USD", 134_905_860_111, 1_081_862_675), Market("ETH-USD", 103_492_697_192, 846_151_671)]
    schema = {"noop": ["type", "product_id", "sequence", "time"]}
    frames: list[Timed] = [
        (0, {"type": "level3", "schema": schema}),
        (0, {"type": "status", "products": [{"id": "BTC-USD"}], "currencies": [{"id": "USD"}]}),
    ]
    for market in markets:
        frames += market.begin(1)
    frames += [
        (2, {"type": "balance", "account_id": ACCOUNT, "currency": "USD", "available": "102030.99"}),
        (2, {"type": "auction", "product_id": "BTC-USD", "sequence": 1, "auction_state": "collection"}),
        (2, {"type": "rfq_match", "product_id": "BTC-USD", "trade_id": 30, "price": "400.23"}),
    ]
    for step in range(1, 10 * seconds):
        time = 100 * step
        if step % 10 == 3 and heartbeats:
            frames += [(time, market.beat(time)) for market in markets]
        for market in markets:
            frames += market.trade_once(time, step)
    return write(path, endpoint, frames)
