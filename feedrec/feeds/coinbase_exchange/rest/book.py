"""
The book of a product, `GET /products/{id}/book`: what the feed's level2 has left of it.

Level 1 is the best price of each side, level 2 all of them. Level 3, every order, no frame tells: `full` and `level3`
begin without the orders that are there. How many orders there are at a price, no frame tells either: it is 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ....http_messages import HttpAnswer, HttpRequest
from ...decoding import decoder_of
from ...rest import Market
from ...rest.json_answers import json_answer
from ...state.book import Level
from ..book import BookFrame, decode_book_frame
from ..frames import venue_time
from .errors import BAD_REQUEST
from .recorded import is_recorded

__all__ = ["best_prices", "book_answer"]

_ORDERS = 1
"""The number of orders at a price, which no frame tells."""

_Row = tuple[str, str, int]


class _Book(msgspec.Struct):
    """
    Key for key as the venue writes it (an answer of 2026-05-31 that others recorded in their tests).

    `fetch_order_book` of ccxt 4.5.90, `l2_book` of cryptofeed 2.4.1, and `OrderBook` of coinbase-pro-node 9.1.0 read
    it.
    """

    bids: list[_Row]
    asks: list[_Row]
    sequence: int
    auction_mode: bool
    auction: None
    time: str


class _Numbered(msgspec.Struct, gc=False):
    sequence: int = 0


_decode_numbered = decoder_of(_Numbered)


def book_answer(request: HttpRequest, market: Market, product: str) -> HttpAnswer | None:
    """Answer with the book at a level, 1 unless another is asked for."""
    level = request.parameter("level") or "1"
    if level not in {"1", "2", "3"}:
        return BAD_REQUEST
    book = None if level == "3" else _book_of(market, product)
    if book is None:
        return None
    levels = 1 if level == "1" else None
    bids, asks = (_rows(side[:levels]) for side in (book.bids, book.asks))
    time = book.time or venue_time(market.time)
    return json_answer(_Book(bids, asks, _sequence(market, product), auction_mode=False, auction=None, time=time))


def best_prices(market: Market, product: str) -> tuple[str, str] | None:
    """Return the best bid and the best ask of the book; None if that lacks one of them, or is not known."""
    book = _book_of(market, product)
    return (book.bids[0][0], book.asks[0][0]) if book and book.bids and book.asks else None


def _book_of(market: Market, product: str) -> BookFrame | None:
    """Return the book as a frame, the best levels first."""
    return decode_book_frame(market.snapshot("level2", product) or b"")


def _rows(levels: Sequence[Level]) -> list[_Row]:
    return [(price, size, _ORDERS) for price, size in levels]


def _sequence(market: Market, product: str) -> int:
    """Return the last number of the product that is known of any frame; 0 if none is."""
    channels = [one for one in ("heartbeat", "ticker", "matches") if is_recorded(market, one, product)]
    snapshots = market.snapshots([(channel, product) for channel in channels])
    frames = [_decode_numbered(payload) for payload in snapshots.values() if payload]
    return max((frame.sequence for frame in frames if frame is not None), default=0)
