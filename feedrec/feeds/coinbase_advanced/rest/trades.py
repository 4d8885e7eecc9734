"""
The last trades of Advanced Trade over HTTP; its path says `ticker`.

Shape: an answer of 2026-04-07 (nautilus_trader, `test_data/http_ticker.json`); `GetMarketTradesResponse` and
`HistoricalMarketTrade` of coinbase-advanced-py 1.8.4; `coinbase.fetch_ticker_v3`, `fetch_trades`, `parse_trade` of ccxt
4.5.90. Limits and order: probes of 2026-09-24, which got 100 trades at most without a time, and 1000 with one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ....http_messages import HttpAnswer, HttpRequest
from ....model import NANOSECONDS
from ...decoding import whole_number
from ...rest.candles import Trade
from ...rest.json_answers import json_answer
from ..channels import TICKER, TICKER_BATCH
from ..frames import go_time
from .book import best_prices
from .errors import internal
from .parameters import limit_of, seconds, whole
from .recorded import TRADES, Recorded, SeenTrade, Ticker, nanoseconds_of

__all__ = ["counted", "trades"]

MOST_TRADES = 1000
MOST_WITHOUT_TIME = 100


def trades(name: str, request: HttpRequest, recorded: Recorded) -> HttpAnswer | None:
    """
    Answer a request for the last trades; None if neither trades nor tickers of the product were recorded.

    Who asks for one trade wants the price, as `fetch_ticker` of ccxt does: without trades, the ticker makes one.

    Raises:
        BadRequestError: If a parameter is wrong.

    """
    if whole(request, "limit") > MOST_TRADES:
        raise internal()
    start, end = seconds(request, "start"), seconds(request, "end")
    limit = limit_of(request, MOST_WITHOUT_TIME if start is None and end is None else MOST_TRADES)
    source = recorded.source_of(name)
    recorded.read((TRADES, TICKER, TICKER_BATCH), [source])
    ticker = recorded.ticker(source)
    if ticker is None and not recorded.has(TRADES, source):
        return None
    found = recorded.trades(source) if start is None and end is None else _within(source, start, end, recorded)
    rows = [_row(name, one) for one in found[:limit]]
    guessed = ""
    if ticker is not None and not recorded.has(TRADES, source) and limit == 1:
        rows, guessed = [_row(name, _of_ticker(ticker, recorded.time))], "the trade of the ticker"
    bids, asks = best_prices(source, recorded)
    best_bid, best_ask = (side[0]["price"] if side else "" for side in (bids, asks))
    return json_answer({"trades": rows, "best_bid": best_bid, "best_ask": best_ask}, guessed=guessed)


def counted(trades: Iterable[SeenTrade], product: str) -> Iterable[Trade]:
    """Yield trades of a product as candles are made of them; what is not understood is left out."""
    for one in trades:
        time, number = nanoseconds_of(one.time), whole_number(one.trade_id)
        if one.product_id == product and time is not None and number is not None:
            yield Trade(number, time, one.price, one.size)


def _within(source: str, start: int | None, end: int | None, recorded: Recorded) -> list[SeenTrade]:
    """Return the trades between two times in seconds, the newest first."""
    first = (start or 0) * NANOSECONDS
    last = recorded.time if end is None else end * NANOSECONDS
    by_id = {}
    for one in recorded.trades_since(source, start or 0):
        time = nanoseconds_of(one.time)
        if one.product_id == source and time is not None and first <= time <= last:
            by_id[one.trade_id] = (time, one.trade_id.zfill(20), one)
    return [one for _, _, one in sorted(by_id.values(), key=_place, reverse=True)]


def _place(item: tuple[int, str, SeenTrade]) -> tuple[int, str]:
    return item[:2]


def _of_ticker(ticker: Ticker, time: int) -> SeenTrade:
    return SeenTrade(ticker.product_id, "", ticker.price, "", go_time(time))


def _row(name: str, trade: SeenTrade) -> dict[str, Any]:
    return {
        "trade_id": trade.trade_id,
        "product_id": name,
        "price": trade.price,
        "size": trade.size,
        "time": trade.time,
        "side": trade.side,
        "bid": "",
        "ask": "",
        "exchange": "coinbase",
    }
