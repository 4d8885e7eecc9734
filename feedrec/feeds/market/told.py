"""
Changes of books, trades, tickers and candles: what a frame tells of a product.

Prices and sizes are texts, as the venue wrote them. Times are those of the venue, in nanoseconds since 1970.
"""

from __future__ import annotations

import msgspec

__all__ = ["BookChanges", "Candle", "Ticker", "Told", "Trades"]


class BookChanges(msgspec.Struct, gc=False):
    """
    Levels of the book of a product, all of one time: columns of the same length.

    Attributes:
        product: The product.
        time: When the venue changed them.
        is_snapshot: Whether these are all levels of the book, in place of what was known.
        are_bids: Whether each is a bid; else it is an ask.
        prices: The price of each.
        sizes: What there is at that price now; zero, in any spelling, if there is nothing any more.

    """

    product: str
    time: int
    is_snapshot: bool
    are_bids: list[bool]
    prices: list[str]
    sizes: list[str]


class Trades(msgspec.Struct, gc=False):
    """
    Trades of a product, the earliest first: columns of the same length.

    Attributes:
        product: The product.
        is_snapshot: Whether they were made before the frame was due: the venue begins with the last ones.
        ids: The venue's number of each.
        times: When each was made.
        are_buys: Whether the taker bought: the other way round than the maker's side, which the venues write.
        prices: The price of each.
        sizes: The size of each.

    """

    product: str
    is_snapshot: bool
    ids: list[str]
    times: list[int]
    are_buys: list[bool]
    prices: list[str]
    sizes: list[str]


class Ticker(msgspec.Struct, gc=False):
    """
    A ticker of a product; what the venue does not write is empty.

    Attributes:
        product: The product.
        time: When it was so.
        price: The last price.
        best_bid: The highest bid.
        best_bid_size: Its size.
        best_ask: The lowest ask.
        best_ask_size: Its size.
        volume_24h: The volume of the last 24 hours.
        low_24h: The lowest price of that time.
        high_24h: The highest price of that time.
        is_snapshot: Whether it is the first one of a subscription, and may be old.

    """

    product: str
    time: int
    price: str = ""
    best_bid: str = ""
    best_bid_size: str = ""
    best_ask: str = ""
    best_ask_size: str = ""
    volume_24h: str = ""
    low_24h: str = ""
    high_24h: str = ""
    is_snapshot: bool = False


class Candle(msgspec.Struct, gc=False):
    """
    A candle of a product as it was at some time; it comes again while it changes.

    Attributes:
        product: The product.
        time: When it was so.
        start: When it begins, in nanoseconds since 1970.
        length: Of what time it is, in nanoseconds.
        open: The first price.
        high: The highest price.
        low: The lowest price.
        close: The last price.
        volume: What was traded.
        is_snapshot: Whether it is one of those with which a subscription begins.

    """

    product: str
    time: int
    start: int
    length: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    is_snapshot: bool = False


Told = BookChanges | Trades | Ticker | Candle
"""What a frame may tell."""
