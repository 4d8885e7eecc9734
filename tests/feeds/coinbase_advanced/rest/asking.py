"""Frames of Advanced Trade, and requests to a market that they make."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.coinbase_advanced.frames import go_time
from feedrec.feeds.rest import GUESSED, Market
from feedrec.http_messages import HttpAnswer, HttpRequest, first_value
from feedrec.model import NANOSECONDS, Frame, parse_time
from tests.feeds.rest.recorded_market import RecordedMarket

BEGIN = "2026-08-09T21:05:48.1Z"
NOW = parse_time("2026-08-09T21:06:00.123456789Z")
SECOND = NOW // NANOSECONDS
BROKERAGE = "/api/v3/brokerage/"
MARKET = f"{BROKERAGE}market/"


def frame(channel: str, *events: dict[str, Any], time: str = BEGIN) -> bytes:
    fields = {"channel": channel, "timestamp": time, "sequence_num": 7, "events": events}
    return json.dumps(fields, separators=(",", ":")).encode()


def ticker(price: str, product: str = "BTC-USD", channel: str = "ticker", **more: str) -> bytes:
    fields = {"type": "ticker", "product_id": product, "price": price, **more}
    return frame(channel, {"type": "update", "tickers": [fields]})


def book(*levels: tuple[str, str, str], product: str = "BTC-USD", time: str = BEGIN) -> bytes:
    updates = [
        {"side": side, "event_time": time, "price_level": price, "new_quantity": size} for side, price, size in levels
    ]
    return frame("l2_data", {"type": "snapshot", "product_id": product, "updates": updates})


def trade(number: int, second: int, price: str = "100", size: str = "1", product: str = "BTC-USD") -> dict[str, str]:
    """Return a trade of so many seconds before the present one, and of half a second after that."""
    time = go_time((SECOND - second) * NANOSECONDS + NANOSECONDS // 2)
    return {
        "product_id": product,
        "trade_id": str(number),
        "price": price,
        "size": size,
        "time": time,
        "side": "BUY",
    }


def trades(*some: dict[str, str], kind: str = "update", time: str = "") -> bytes:
    """Return a frame that came when the first of its trades was made."""
    return frame("market_trades", {"type": kind, "trades": some}, time=time or some[0]["time"])


def candle(start: int, close: str = "2", volume: str = "1", product: str = "BTC-USD", **more: str) -> dict[str, str]:
    prices = {"high": "3", "low": "1", "open": "1.5", "close": close, **more}
    return {"start": str(start), **prices, "volume": volume, "product_id": product}


def candles(*some: dict[str, str], kind: str = "snapshot", time: str = BEGIN) -> bytes:
    return frame("candles", {"type": kind, "candles": some}, time=time)


def status(*names: str, kind: str = "snapshot", **more: str) -> bytes:
    """Return a list of products, as in "Advanced Trade WebSocket Channels"."""
    products = []
    for name in names:
        base, quote = name.split("-")[:2]
        fields = {"product_type": "SPOT", "id": name, "base_currency": base, "quote_currency": quote}
        fields |= {"base_increment": "0.00000001", "quote_increment": "0.01", "display_name": f"{base}/{quote}"}
        products.append(fields | {"status": "online", "status_message": "", "min_market_funds": "1"} | more)
    return frame("status", {"type": kind, "products": products})


def market(*played: bytes | Frame, coming: Sequence[bytes | Frame] = ()) -> RecordedMarket:
    return RecordedMarket(FEED, played, NOW, coming)


def ask(target: str, seen: Market) -> HttpAnswer | None:
    return FEED.rest.answer(HttpRequest("GET", target), seen)


def told(target: str, seen: Market) -> Any:
    """Return what an answer says, which must be one that nothing was made up for."""
    answer = ask(target, seen)
    assert answer is not None
    assert guessed_in(answer) is None
    assert answer.status == 200
    return json.loads(answer.body)


def guessed(target: str, seen: Market) -> tuple[Any, str | None]:
    """Return what an answer says, and what of it was made up."""
    answer = ask(target, seen)
    assert answer is not None
    assert answer.status == 200
    return json.loads(answer.body), guessed_in(answer)


def refused(target: str, seen: Market) -> tuple[int, Any]:
    """Return the status of an answer, and what it says."""
    answer = ask(target, seen)
    assert answer is not None
    return answer.status, json.loads(answer.body)


def guessed_in(answer: HttpAnswer) -> str | None:
    return first_value(answer.headers, GUESSED)
