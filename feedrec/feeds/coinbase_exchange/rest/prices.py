"""
The last price of a product, and what became of it in 24 hours: `/products/{id}/ticker` and `/products/{id}/stats`.

Both are made of the last ticker. Where none is recorded, the last match and the book tell a price, and the rest is made
up.
"""

from __future__ import annotations

import msgspec

from ....http_messages import HttpAnswer
from ...decoding import decoder_of
from ...rest import Market
from ...rest.json_answers import json_answer
from ..frames import venue_time
from .book import best_prices

__all__ = ["stats_answer", "ticker_answer"]

_NONE = "0"
_NO_VOLUME = "0.000000"
"""What a volume of quotes and conversions is here, which no frame names (as the venue writes none)."""

_GUESSED = "no ticker is recorded: volumes, and prices of 24 hours"


class _Last(msgspec.Struct, gc=False):
    """A ticker, or a match."""

    price: str
    type: str = ""
    trade_id: int | None = None
    time: str | None = None
    size: str | None = None
    last_size: str | None = None
    best_bid: str | None = None
    best_ask: str | None = None
    open_24h: str | None = None
    high_24h: str | None = None
    low_24h: str | None = None
    volume_24h: str | None = None
    volume_30d: str | None = None


class _Ticker(msgspec.Struct):
    """
    Key for key as the venue writes it: answers of 2025-03-29 and 2026-05-31 that others recorded in their tests.

    `parse_ticker` of ccxt 4.5.90, `ticker` of cryptofeed 2.4.1, and `ProductTicker` of coinbase-pro-node 9.1.0 read it.
    """

    ask: str
    bid: str
    volume: str
    trade_id: int
    price: str
    size: str
    time: str
    rfq_volume: str = _NO_VOLUME


class _Stats(msgspec.Struct):
    """
    Key for key as the venue writes it (an answer of 2026-05-31 that others recorded in their tests).

    `parse_ticker` of ccxt 4.5.90, `ProductStats` of coinbase-pro-node 9.1.0, and `get_24hour_stats` of CoPrA 1.2.9 read
    it.
    """

    open: str
    high: str
    low: str
    last: str
    volume: str
    volume_30day: str
    rfq_volume_24hour: str = _NO_VOLUME
    rfq_volume_30day: str = _NO_VOLUME
    conversions_volume_24hour: str = _NO_VOLUME
    conversions_volume_30day: str = _NO_VOLUME


_decode = decoder_of(_Last)


def ticker_answer(market: Market, product: str) -> HttpAnswer | None:
    """Answer with the last trade, the best prices, and the volume of 24 hours."""
    last = _last(market, product)
    if last is None:
        return None
    price = last.price
    if last.best_bid and last.best_ask:
        bid, ask = last.best_bid, last.best_ask
    else:
        bid, ask = best_prices(market, product) or (last.best_bid or price, last.best_ask or price)
    size, volume = last.last_size or last.size or _NONE, last.volume_24h or _NONE
    time = last.time or venue_time(market.time)
    return json_answer(_Ticker(ask, bid, volume, last.trade_id or 0, price, size, time), guessed=_guessed_of(last))


def stats_answer(market: Market, product: str) -> HttpAnswer | None:
    """Answer with prices and volumes of 24 hours and of 30 days."""
    last = _last(market, product)
    if last is None:
        return None
    price = last.price
    prices = (last.open_24h or price, last.high_24h or price, last.low_24h or price)
    volumes = (last.volume_24h or _NONE, last.volume_30d or _NONE)
    return json_answer(_Stats(*prices, price, *volumes), guessed=_guessed_of(last))


def _last(market: Market, product: str) -> _Last | None:
    for channel in ("ticker", "matches"):
        last = _decode(market.snapshot(channel, product) or b"")
        if last is not None:
            return last
    return None


def _guessed_of(last: _Last) -> str:
    return "" if last.type == "ticker" else _GUESSED
