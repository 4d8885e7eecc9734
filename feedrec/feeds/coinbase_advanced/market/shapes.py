"""The parts of frames of Advanced Trade that tell of the market, but books (documents of the channels)."""

from __future__ import annotations

from typing import Literal

import msgspec

from ...decoding import decoder_of

__all__ = [
    "CandleItem",
    "TickerItem",
    "TradeItem",
    "decode_candles",
    "decode_tickers",
    "decode_trades",
]


class TradeItem(msgspec.Struct, gc=False):
    """A trade; `side` is the maker's."""

    product_id: str
    trade_id: str
    price: str
    size: str
    time: str
    side: str = ""


class TickerItem(msgspec.Struct, gc=False):
    """A ticker; that of `ticker_batch` has no best bid and ask."""

    product_id: str
    price: str = ""
    volume_24_h: str = ""
    low_24_h: str = ""
    high_24_h: str = ""
    low_52_w: str = ""
    high_52_w: str = ""
    price_percent_chg_24_h: str = ""
    best_bid: str = ""
    best_ask: str = ""
    best_bid_quantity: str = ""
    best_ask_quantity: str = ""


class CandleItem(msgspec.Struct, gc=False):
    """A candle of five minutes; `start` in seconds since 1970."""

    product_id: str
    start: str
    low: str
    high: str
    open: str
    close: str
    volume: str


class _TradesEvent(msgspec.Struct, gc=False):
    type: Literal["snapshot", "update"]
    trades: list[TradeItem]


class _Trades(msgspec.Struct, gc=False):
    events: list[_TradesEvent]


class _TickersEvent(msgspec.Struct, gc=False):
    type: Literal["snapshot", "update"]
    tickers: list[TickerItem]


class _Tickers(msgspec.Struct, gc=False):
    events: list[_TickersEvent]
    timestamp: str


class _CandlesEvent(msgspec.Struct, gc=False):
    type: Literal["snapshot", "update"]
    candles: list[CandleItem]


class _Candles(msgspec.Struct, gc=False):
    events: list[_CandlesEvent]
    timestamp: str


decode_trades = decoder_of(_Trades)
decode_tickers = decoder_of(_Tickers)
decode_candles = decoder_of(_Candles)
