"""
The candles of a product, `GET /products/{id}/candles`: made of the trades that were recorded, up to now.

`parse_ohlcv` of ccxt 4.5.90, `mapCandle` of coinbase-pro-node 9.1.0 and `_candle_normalize` of cryptofeed 2.4.1 read
rows of numbers: time, low, high, open, close, volume; the newest first.
"""

from __future__ import annotations

import re

import msgspec

from ....http_messages import HttpAnswer, HttpRequest
from ....model import NANOSECONDS, TIME_LIMIT, parse_time
from ...rest import Market
from ...rest.candles import Candle, candles_of
from ...rest.json_answers import json_answer
from .errors import BAD_REQUEST, error
from .recorded import recorded_products
from .recorded_trades import RecordedTrades, recorded_trades

__all__ = ["candles_answer", "spark_lines_answer"]

_LENGTHS = (60, 300, 900, 3600, 21600, 86400)
"""Seconds of a bucket that the venue has ("Get product candles")."""

_MOST = 300
"""Buckets of an answer, and of a range that may be asked for (the same page)."""

_HOUR = 3600

_UNSUPPORTED = error(400, "Unsupported granularity")
"""danpaquin/coinbasepro-python #210."""

_TOO_MANY = error(
    400, "granularity too small for the requested time range. Count of aggregations requested exceeds 300"
)
"""ccxt #9268 of 2021, and others since."""

_SECONDS = re.compile(r"\d{1,11}(\.\d*)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WITHOUT_ZONE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?", re.ASCII)


def candles_answer(request: HttpRequest, market: Market, product: str) -> HttpAnswer | None:
    """
    Answer with candles.

    Without a `granularity` they are of a minute. Without both a `start` and an `end`, either is ignored, and the last
    ones up to now are given. A bucket without trades is absent. (All of this is said by "Get product candles".) That of
    the first recorded trade may lack some before it.
    """
    length = _length(request.parameter("granularity"))
    if length is None:
        return _UNSUPPORTED
    now = market.time // NANOSECONDS
    given = request.parameter("start"), request.parameter("end")
    if given[0] and given[1]:
        start, end = (_seconds(text) for text in given)
        if start is None or end is None or start > end:
            return BAD_REQUEST
        if end - start > _MOST * length:
            return _TOO_MANY
    else:
        start, end = now - (_MOST - 1) * length, now
    trades = recorded_trades(market, product)
    if trades is None:
        return None
    candles, guessed = _candles(trades, length, start, end)
    return json_answer([_row(one) for one in candles[:_MOST]], guessed=guessed)


def spark_lines_answer(market: Market) -> HttpAnswer:
    """Answer with the candles of the last 24 hours of all products, without volumes (ccxt 4.5.90, `fetch_tickers`)."""
    now = market.time // NANOSECONDS
    lines, guesses = {}, {""}
    for product in recorded_products(market):
        trades = recorded_trades(market, product)
        candles, guessed = ([], "") if trades is None else _candles(trades, _HOUR, now - 24 * _HOUR, now)
        if candles:
            lines[product] = [_row(one, 5) for one in candles]
            guesses.add(guessed)
    return json_answer(lines, guessed=max(guesses))


def _candles(trades: RecordedTrades, length: int, start: int, end: int) -> tuple[list[Candle], str]:
    """Return the candles between two times in seconds, the newest first, and what is not known of them."""
    start = max(start, 0)
    begin = start // length * length * NANOSECONDS
    candles = candles_of(trades.since(begin), length, start, end)
    if not candles:
        candles = candles_of(trades.last(), length, start, end)
    first = trades.first() if candles else None
    is_cut = bool(candles) and (first is None or candles[0].start * NANOSECONDS < first.time)
    return candles[::-1], trades.guessed or ("the first candle" if is_cut else "")


def _length(text: str | None) -> int | None:
    if not text:
        return _LENGTHS[0]
    return next((length for length in _LENGTHS if text == str(length)), None)


def _seconds(text: str | None) -> int | None:
    """Return a time in seconds: RFC 3339, the same without a zone (cryptofeed 2.4.1), a day, or seconds since 1970."""
    if text is None:
        return None
    if _SECONDS.fullmatch(text):
        seconds = int(text.partition(".")[0])
        return seconds if seconds < TIME_LIMIT // NANOSECONDS else None
    if _DAY.fullmatch(text):
        text = f"{text}T00:00:00Z"
    elif _WITHOUT_ZONE.fullmatch(text):
        text = f"{text}Z"
    try:
        return parse_time(text.replace(" ", "+")) // NANOSECONDS  # a `+` of the zone that was not encoded is a space
    except ValueError:
        return None


def _row(candle: Candle, numbers: int = 6) -> msgspec.Raw:
    """Write the first numbers of a row, as they stand: a float would round them."""
    return msgspec.Raw(f"[{','.join(map(str, candle[:numbers]))}]".encode())
