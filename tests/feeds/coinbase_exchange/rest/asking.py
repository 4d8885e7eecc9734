"""Frames of Coinbase Exchange, the market that they make, and what its REST half answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from feedrec.feeds.coinbase_exchange import FEEDS
from feedrec.feeds.coinbase_exchange.rest import ExchangeRest
from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.model import NANOSECONDS, format_time, parse_time

from ...rest.recorded_market import RecordedMarket

FEED = FEEDS["coinbase-exchange"]
REST = ExchangeRest(["api.exchange.coinbase.com"])
NOW = parse_time("2026-09-30T02:03:13.25Z")


def frame(kind: str, product: str = "BTC-USD", **fields: Any) -> bytes:
    return json.dumps({"type": kind, "product_id": product, **fields}, separators=(",", ":")).encode()


def ago(seconds: float) -> str:
    """Return the time so long before the present, as the venue writes it."""
    return f"{format_time(NOW - int(seconds * NANOSECONDS))[:26]}Z"


def match(number: int, *, seconds_ago: float = 1, kind: str = "match", **fields: Any) -> bytes:
    """Return a match of 1 at 100, unless it is said otherwise."""
    usual: dict[str, Any] = {
        "side": "sell",
        "size": "1",
        "price": "100",
        "sequence": 10 * number,
        "time": ago(seconds_ago),
    }
    return frame(kind, **({"trade_id": number} | usual | fields))


def ticker(**fields: Any) -> bytes:
    """Return the ticker of the documentation of 2022, with what is said otherwise."""
    usual: dict[str, Any] = {
        "sequence": 37475248783,
        "price": "1285.22",
        "open_24h": "1310.79",
        "volume_24h": "245532.79269678",
        "low_24h": "1280.52",
        "high_24h": "1313.8",
        "volume_30d": "9788783.60117027",
        "best_bid": "1285.04",
        "best_bid_size": "0.46688654",
        "best_ask": "1285.27",
        "best_ask_size": "1.56637040",
        "side": "buy",
        "time": ago(2),
        "trade_id": 370843401,
        "last_size": "11.4396987",
    }
    return frame("ticker", **(usual | fields))


def market(*played: bytes, now: int = NOW, coming: Sequence[bytes] = ()) -> RecordedMarket:
    return RecordedMarket(FEED, played, now, coming)


def ask(target: str, of: RecordedMarket) -> HttpAnswer:
    answer = REST.answer(HttpRequest("GET", target), of)
    assert answer is not None
    return answer


def told(target: str, of: RecordedMarket) -> Any:
    """Return what an answer of status 200 says."""
    answer = ask(target, of)
    assert (answer.status, answer.content_type) == (200, "application/json; charset=utf-8")
    return json.loads(answer.body)
