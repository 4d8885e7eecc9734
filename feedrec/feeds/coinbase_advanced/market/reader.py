"""
Reads what frames of Advanced Trade tell of the market (documents of the channels; capture of 2026-08-09).

The venue writes trades newest first, each with the side of the maker. Levels have times of their own; where those are
of 1970, as the documents show them, it is the frame's.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from operator import attrgetter

from ....model import NANOSECONDS, parse_time
from ...market.reader import ChannelReaders, ReadFrame
from ...market.told import BookChanges, Candle, Ticker, Told, Trades
from ..book import Update, decode_book_frame
from ..channels import TICKER, TICKER_BATCH
from ..frames import own_time
from .shapes import TradeItem, decode_candles, decode_tickers, decode_trades

__all__ = ["AdvancedMarketReader"]

_CANDLE = 300 * NANOSECONDS

_A_YEAR = 365 * 86400 * NANOSECONDS
"""Times before 1971 are none."""

_SIDES = ("BUY", "SELL")

_event_time = attrgetter("event_time")


def _book(payload: bytes) -> list[Told] | None:
    frame = decode_book_frame(payload)
    if frame is None:
        return None
    told: list[Told] = []
    for event in frame.events:
        if event.type == "snapshot":
            time = max(map(parse_time, {update.event_time for update in event.updates}), default=0)
            told.append(_changes(event.product_id, time, event.updates, payload, is_snapshot=True))
        elif event.type == "update":
            for text, updates in _by_time(event.updates):
                told.append(_changes(event.product_id, parse_time(text), updates, payload))
        else:
            return None
    return told


def _by_time(updates: list[Update]) -> list[tuple[str, list[Update]]]:
    """Return updates by their times; all of a frame have the same one (773 of 773 in the capture)."""
    if len({update.event_time for update in updates}) == 1:
        return [(updates[0].event_time, updates)]
    return [(text, list(some)) for text, some in groupby(updates, _event_time)]


def _changes(
    product: str, time: int, updates: list[Update], payload: bytes, *, is_snapshot: bool = False
) -> BookChanges:
    return BookChanges(
        product,
        time if time > _A_YEAR else own_time(payload) or 0,
        is_snapshot,
        [update.side == "bid" for update in updates],
        [update.price_level for update in updates],
        [update.new_quantity for update in updates],
    )


def _trades(payload: bytes) -> list[Told] | None:
    frame = decode_trades(payload)
    if frame is None or not all(trade.side in _SIDES for event in frame.events for trade in event.trades):
        return None
    return [
        _trades_of(product, trades[::-1], is_snapshot=event.type == "snapshot")
        for event in frame.events
        for product, trades in _by_product(event.trades).items()
    ]


def _by_product(trades: list[TradeItem]) -> dict[str, list[TradeItem]]:
    found: dict[str, list[TradeItem]] = {}
    for trade in trades:
        found.setdefault(trade.product_id, []).append(trade)
    return found


def _trades_of(product: str, trades: list[TradeItem], *, is_snapshot: bool) -> Trades:
    return Trades(
        product,
        is_snapshot,
        [trade.trade_id for trade in trades],
        [parse_time(trade.time) for trade in trades],
        [trade.side == "SELL" for trade in trades],  # of the maker: the taker bought from a seller
        [trade.price for trade in trades],
        [trade.size for trade in trades],
    )


def _tickers(payload: bytes) -> list[Told] | None:
    frame = decode_tickers(payload)
    if frame is None:
        return None
    time = parse_time(frame.timestamp)
    return [
        Ticker(
            one.product_id,
            time,
            one.price,
            one.best_bid,
            one.best_bid_quantity,
            one.best_ask,
            one.best_ask_quantity,
            one.volume_24_h,
            one.low_24_h,
            one.high_24_h,
            event.type == "snapshot",
        )
        for event in frame.events
        for one in event.tickers
    ]


def _candles(payload: bytes) -> list[Told] | None:
    frame = decode_candles(payload)
    if frame is None:
        return None
    time = parse_time(frame.timestamp)
    return [
        Candle(
            one.product_id,
            time,
            int(one.start) * NANOSECONDS,
            _CANDLE,
            one.open,
            one.high,
            one.low,
            one.close,
            one.volume,
            event.type == "snapshot",
        )
        for event in frame.events
        for one in event.candles
    ]


class AdvancedMarketReader(ChannelReaders):
    """Reads level2, trades, tickers and candles; see `MarketReader`."""

    exchange = "coinbase"
    book_channel = "level2"
    by_channel: Mapping[str, ReadFrame] = {
        "level2": _book,
        "market_trades": _trades,
        TICKER: _tickers,
        TICKER_BATCH: _tickers,
        "candles": _candles,
    }
