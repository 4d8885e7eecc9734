"""
Candles made of trades.

1. A trade belongs to the bucket that its own time is in; buckets begin at whole multiples of their length since 1970.
2. A bucket without trades has no candle, as both venues of Coinbase document it.
3. Trades may come in any order, and repeatedly. Each counts once, by its id. Which one is a bucket's first and last is
   told by their times, of those of the same time by their ids.
4. Numbers are exact: volumes are sums of decimals. What is not a plain number of moderate length counts nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal
from typing import NamedTuple

import msgspec

from ...model import NANOSECONDS
from .seen_numbers import SeenNumbers

__all__ = ["Candle", "Candles", "Trade", "candles_of", "plain_text"]

_MOST_DIGITS = 50
"""Digits of a number, its point included; venues write at most 38."""

_EXACT = Context(prec=4 * _MOST_DIGITS)
"""So many digits that no sum of such numbers is rounded."""


class Trade(msgspec.Struct, frozen=True, gc=False):
    """
    A trade.

    Attributes:
        id: The venue's number of it, by product.
        time: When it was made, in nanoseconds.
        price: As the venue wrote it.
        size: As the venue wrote it.

    """

    id: int
    time: int
    price: str
    size: str


class Candle(NamedTuple):
    """
    The trades of a bucket in short: numbers as plain text, without zeros at their end.

    Attributes:
        start: When the bucket begins, in seconds.
        low: The lowest price.
        high: The highest price.
        open: The price of the first trade.
        close: The price of the last trade.
        volume: The sum of the sizes.

    """

    start: int
    low: str
    high: str
    open: str
    close: str
    volume: str


class _Bucket:
    __slots__ = ("close", "first", "high", "last", "low", "open", "volume")

    def __init__(self, place: tuple[int, int], price: Decimal, size: Decimal) -> None:
        self.first = self.last = place
        self.low = self.high = self.open = self.close = price
        self.volume = size

    def add(self, place: tuple[int, int], price: Decimal, size: Decimal) -> None:
        if price < self.low:
            self.low = price
        elif price > self.high:
            self.high = price
        if place > self.last:
            self.last, self.close = place, price
        elif place < self.first:
            self.first, self.open = place, price
        self.volume = _EXACT.add(self.volume, size)


class Candles:
    """
    Gathers the candles of a range of buckets, trade by trade.

    What it keeps depends on the number of buckets with trades, not on that of the trades.

    Args:
        length: Of a bucket, in seconds.
        start: The first time of the range, in seconds; the bucket that it is in is part of it.
        end: The last time of the range, in seconds; the bucket that it is in is part of it.

    """

    def __init__(self, length: int, start: int, end: int) -> None:
        self._length = length * NANOSECONDS
        self._first = start // length
        self._last = end // length
        self._buckets: dict[int, _Bucket] = {}
        self._seen = SeenNumbers()

    def add_all(self, trades: Iterable[Trade]) -> None:
        """Take trades."""
        length, first, last = self._length, self._first, self._last
        buckets, is_new = self._buckets, self._seen.add
        for trade in trades:
            number = trade.time // length
            if not first <= number <= last:
                continue
            price, size = trade.price, trade.size
            if not (_is_plain(price) and _is_plain(size) and is_new(trade.id)):
                continue
            bucket = buckets.get(number)
            place = (trade.time, trade.id)
            if bucket is None:
                buckets[number] = _Bucket(place, Decimal(price), Decimal(size))
            else:
                bucket.add(place, Decimal(price), Decimal(size))

    def candles(self) -> list[Candle]:
        """Return the candles, the oldest first."""
        length = self._length // NANOSECONDS
        return [
            Candle(number * length, *map(plain_text, (one.low, one.high, one.open, one.close, one.volume)))
            for number, one in sorted(self._buckets.items())
        ]


def candles_of(trades: Iterable[Trade], length: int, start: int, end: int) -> list[Candle]:
    """Return the candles of trades, the oldest first; see `Candles`."""
    candles = Candles(length, start, end)
    candles.add_all(trades)
    return candles.candles()


def plain_text(number: Decimal) -> str:
    """Write a number without an exponent, and without zeros at the end of its decimals."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_plain(text: str) -> bool:
    """Tell whether a text is digits, perhaps with a point, that no sum of them exceeds what is exact."""
    return len(text) <= _MOST_DIGITS and text.replace(".", "", 1).isdecimal() and text.isascii()
