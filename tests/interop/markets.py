"""What recordings tell of a market, folded from their frames one by one: what clients must have been told."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from feedrec.formats import create_recording, open_recording
from feedrec.model import NANOSECONDS, Event, Frame, Header

from ..conversations.recordings import stamp, write

__all__ = [
    "MINUTE",
    "Trade",
    "book",
    "books",
    "candles",
    "captured",
    "exchange_market",
    "frames",
    "seconds",
    "sides",
    "trades",
]

Levels = list[list[float]]
Book = list[Levels]
"""Bids and asks, the best first: prices and sizes as numbers."""

Sides = tuple[dict[str, str], dict[str, str]]

PRODUCTS = {"BTC-USD": "0.01", "ETH-BTC": "0.00001"}
"""Products of the recording that is made, and their increments."""

MINUTE = 60


class Trade(NamedTuple):
    """A trade; its side is that of the order that was there."""

    number: str
    time: float
    price: float
    size: float
    side: str


def frames(path: Path) -> Iterator[dict[str, Any]]:
    """Yield what was received of a recording, but for arrays."""
    with open_recording(path) as source:
        for record in source:
            if isinstance(record, Frame) and record.direction == "in" and record.payload.startswith(b"{"):
                yield json.loads(record.payload)


def seconds(text: str) -> float:
    return datetime.fromisoformat(f"{text[:26].rstrip('Z')}+00:00").timestamp()


def sides(path: Path, product: str) -> Iterator[Sides]:
    """Yield the sizes by price of bids and asks after each of the frames of a book; they change in place."""
    found: Sides = ({}, {})
    for starts_anew, changes in _changes(path, product):
        if starts_anew:
            found = ({}, {})
        for side, price, size in changes:
            found[side].pop(price, None)
            if float(size):
                found[side][price] = size
        yield found


def book(of_sides: Sides, most: int | None = None) -> Book:
    """Give so many levels of each side, the best first."""
    return [
        sorted(([float(price), float(size)] for price, size in side.items()), reverse=highest_first)[:most]
        for side, highest_first in zip(of_sides, (True, False), strict=True)
    ]


def books(path: Path, product: str, most: int | None = None) -> list[Book]:
    """Give the book after each of its frames."""
    return [book(one, most) for one in sides(path, product)]


def _changes(path: Path, product: str) -> Iterator[tuple[bool, list[tuple[int, str, str]]]]:
    for frame in frames(path):
        if frame.get("channel") == "l2_data":
            for event in (one for one in frame["events"] if one["product_id"] == product):
                rows = [(one["side"], one["price_level"], one["new_quantity"]) for one in event["updates"]]
                yield event["type"] == "snapshot", [(int(side != "bid"), *row) for side, *row in rows]
        elif frame.get("product_id") == product and frame["type"] == "snapshot":
            yield True, [(n, *row) for n, side in enumerate(("bids", "asks")) for row in frame[side]]
        elif frame.get("product_id") == product and frame["type"] == "l2update":
            yield False, [(int(side != "buy"), *row) for side, *row in frame["changes"]]


def trades(path: Path, product: str) -> list[Trade]:
    """Give its trades in their order, each once."""
    found = {}
    for frame in frames(path):
        if frame.get("channel") == "market_trades":
            some = [trade for event in frame["events"] for trade in event["trades"]]
        else:
            some = [frame] if frame.get("type") in {"match", "last_match"} else []
        for one in (one for one in some if one["product_id"] == product):
            number, price, size = str(one["trade_id"]), float(one["price"]), float(one["size"])
            found[number] = Trade(number, seconds(one["time"]), price, size, one["side"].lower())
    return sorted(found.values(), key=lambda trade: int(trade.number))


def candles(all_trades: list[Trade], since: int) -> list[list[float]]:
    """Give the candles of a minute from a time in seconds on, in the form of ccxt."""
    minutes: dict[int, list[Trade]] = {}
    for trade in all_trades:
        if trade.time >= since:
            minutes.setdefault(int(trade.time) // MINUTE * MINUTE, []).append(trade)
    rows = []
    for start, some in sorted(minutes.items()):
        prices = [trade.price for trade in some]
        volume = round(sum(trade.size for trade in some), 10)
        rows.append([start * 1000, prices[0], max(prices), min(prices), prices[-1], volume])
    return rows


def captured(capture: Path, endpoint: str, path: Path) -> Path:
    """Record a capture: one JSON object a line with `ts`, in seconds, `dir` and `data`."""
    with capture.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        rows = [json.loads(line) for line in io.TextIOWrapper(stream, encoding="utf-8")]
    begin = round(rows[0]["ts"] * NANOSECONDS)
    writer = create_recording(path, Header(endpoint, created=begin))
    writer.write(Event(begin, 0, "open", {}))
    for row in (one for one in rows if one["dir"] == "recv"):
        writer.write(Frame(round(row["ts"] * NANOSECONDS), 0, row["data"].encode()))
    return writer.finish()


def exchange_market(path: Path, *, with_status: bool) -> Path:
    """Record a market of Exchange over the end of a minute, in the shapes of the captures."""
    made: list[tuple[int, dict[str, Any]]] = []
    if with_status:
        made.append((45_000, {"type": "status", **_status()}))
    for number, product in enumerate(PRODUCTS):
        made += sorted(_product(product, number), key=lambda timed: timed[0])
    return write(path, "coinbase-exchange", sorted(made, key=lambda timed: timed[0]))


def _status() -> dict[str, Any]:
    products = []
    for product, increment in PRODUCTS.items():
        base, quote = product.split("-")
        names = {"id": product, "base_currency": base, "quote_currency": quote, "display_name": f"{base}-{quote}"}
        steps = {"base_increment": "0.00000001", "quote_increment": increment, "min_market_funds": "1"}
        flags = dict.fromkeys(("margin_enabled", "fx_stablecoin", "post_only", "limit_only", "cancel_only"), False)
        products.append({**names, **steps, **flags, "status": "online", "status_message": "", "type": "spot"})
    ids = sorted({name for product in PRODUCTS for name in product.split("-")})
    details = {"type": "crypto", "symbol": None, "network_confirmations": 2}
    currencies = [
        {"id": name, "name": name, "min_size": "0.01", "status": "online", "max_precision": "0.01", "details": details}
        for name in ids
    ]
    return {"products": products, "currencies": currencies}


def _product(product: str, number: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the frames of a product: its book, and each 100 ms a change, a trade, and what the ticker makes of it."""
    step = float(PRODUCTS[product])
    sequence = 1000 * (number + 1)

    def price(steps: int) -> str:
        return f"{(5000 + steps) * step:.5f}".rstrip("0")

    def named(kind: str, time: int) -> dict[str, Any]:
        return {"type": kind, "product_id": product, "time": f"{stamp(time)[:26]}Z"}

    asks, bids = ([[price(sign * (1 + one)), f"{one + 1}.5"] for one in range(60)] for sign in (1, -1))
    yield 45_001, {**named("snapshot", 45_001), "asks": asks, "bids": bids}
    for one in range(40):
        time = 45_100 + 100 * one + number
        sequence += 7
        side = ("sell", "buy")[one % 2]
        sign = 1 if side == "sell" else -1
        size = f"0.{one + 1:02}"
        trade = {"trade_id": 500 + one, "side": side, "size": size, "price": price(sign), "sequence": sequence}
        kind = "match" if one else "last_match"
        yield time, {**named(kind, time), "maker_order_id": "m", "taker_order_id": "t", **trade}
        best = {"best_bid": price(-1), "best_ask": price(1), "last_size": size, "open_24h": price(-30)}
        more = {"high_24h": price(40), "low_24h": price(-40), "volume_24h": f"{100 + one}.5", "volume_30d": "3000.25"}
        yield time, {**named("ticker", time), **trade, **best, **more}
        gone = [side, price(sign * (10 + one)), "0.00"]
        yield time, {**named("l2update", time), "changes": [[side, price(sign), f"{one}.25"], gone]}
