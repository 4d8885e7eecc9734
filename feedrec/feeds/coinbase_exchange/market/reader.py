"""
Reads what frames of Coinbase Exchange tell of the market (Exchange channels page; capture of 2021-04-17).

A match has the side of the maker, and is the same in `matches`, `full` and `user`: if it is one of one's own, it names
the user, and counts as of `user`, though it may have come on any of them. What else `full` has is told of orders, of
which the feed has no snapshot. A book's snapshot had no time before 2026.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....model import parse_time
from ...market.reader import ChannelReaders, ReadFrame
from ...market.told import BookChanges, Ticker, Told, Trades
from ..book import BookFrame, decode_book_frame
from .shapes import decode_match, decode_ticker

__all__ = ["ExchangeMarketReader"]


def _book(payload: bytes) -> Sequence[Told] | None:
    frame = decode_book_frame(payload)
    if frame is None or frame.type not in {"snapshot", "l2update"}:
        return None
    time = parse_time(frame.time) if frame.time else 0
    if frame.type == "snapshot":
        return (_snapshot(frame, time),)
    changes = frame.changes
    if len(changes) == 1:  # all of 9,719 frames of the capture
        ((side, price, size),) = changes
        return (BookChanges(frame.product_id, time, False, [side == "buy"], [price], [size]),)
    return (
        BookChanges(
            frame.product_id,
            time,
            False,
            [side == "buy" for side, _, _ in changes],
            [price for _, price, _ in changes],
            [size for _, _, size in changes],
        ),
    )


def _snapshot(frame: BookFrame, time: int) -> BookChanges:
    levels = [*frame.bids, *frame.asks]
    are_bids = [True] * len(frame.bids) + [False] * len(frame.asks)
    return BookChanges(
        frame.product_id,
        time,
        True,
        are_bids,
        [price for price, _ in levels],
        [size for _, size in levels],
    )


def _match(payload: bytes) -> Sequence[Told] | None:
    match = decode_match(payload)
    if match is None:
        return None
    is_buy = match.side == "sell"  # of the maker: the taker bought from a seller
    return (
        Trades(
            match.product_id,
            match.type == "last_match",
            [str(match.trade_id)],
            [parse_time(match.time)],
            [is_buy],
            [match.price],
            [match.size],
        ),
    )


def _own_match(payload: bytes) -> Sequence[Told]:
    """Return a trade of one's own; nothing if it is something else, as most of what is told of orders."""
    return _match(payload) or ()


def _ticker(payload: bytes) -> Sequence[Told] | None:
    ticker = decode_ticker(payload)
    if ticker is None:
        return None
    return (
        Ticker(
            ticker.product_id,
            parse_time(ticker.time) if ticker.time else 0,
            ticker.price,
            ticker.best_bid,
            ticker.best_bid_size,
            ticker.best_ask,
            ticker.best_ask_size,
            ticker.volume_24h,
            ticker.low_24h,
            ticker.high_24h,
        ),
    )


class ExchangeMarketReader(ChannelReaders):
    """Reads level2, trades and tickers; see `MarketReader`."""

    exchange = "coinbase"
    book_channel = "level2"
    by_channel: Mapping[str, ReadFrame] = {
        "level2": _book,
        "matches": _match,
        "user": _own_match,
        "ticker": _ticker,
    }
