"""The price levels of one product."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol, Self, TypeVar

import msgspec

from ..decoding import NOT_UNDERSTOOD, numbers_in

__all__ = [
    "MANY",
    "DumpedLevels",
    "Level",
    "PriceLevelBook",
    "Side",
    "book_in",
    "price_key",
    "price_keys",
    "read_dumped",
]

Level = tuple[str, str]
"""Price and quantity, as the venue wrote them."""

Side = dict[float | Decimal, Level]
"""Levels by the value of their price."""

MANY = 10
"""Levels from which on it is quicker to put them all at once."""

_SAFE_LENGTH = 15
"""Decimal digits that a float keeps (IEEE 754 binary64): no two numbers that can be written so short share a float."""


class DumpedLevels(msgspec.Struct, array_like=True, gc=False):
    """
    The levels of a book written down, the best of each side first: columns are smaller than rows once compressed.

    Attributes:
        bid_prices: Prices of bids.
        bid_quantities: Their quantities.
        ask_prices: The same for asks.
        ask_quantities: The same for asks.

    """

    bid_prices: list[str]
    bid_quantities: list[str]
    ask_prices: list[str]
    ask_quantities: list[str]


class _DumpedBook(Protocol):
    @property
    def product(self) -> str: ...


_Dumped = TypeVar("_Dumped", bound=_DumpedBook)


def read_dumped(decode: Callable[[bytes], _Dumped], data: bytes, product: str) -> _Dumped:
    """
    Read the book of a product that was written down.

    Raises:
        ValueError: If it is none, or that of another product.

    """
    try:
        dumped = decode(data)
    except NOT_UNDERSTOOD as error:
        raise ValueError(f"not a book: {error}") from error
    if dumped.product != product:
        raise ValueError(f"a book of {dumped.product}, not of {product}")
    return dumped


class PriceLevelBook:
    """
    What the venue wrote of each price, on two sides.

    Prices are compared by their value, and a quantity of zero in any spelling removes a level. A level keeps the
    spelling that came last.

    Attributes:
        bids: Levels by price, in no particular order.
        asks: The same for the other side.

    """

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids: Side = {}
        self.asks: Side = {}

    def put(self, side: Side, price: str, quantity: str) -> None:
        """Set a level of a side, or remove it if its quantity is zero; what is not a number is left out."""
        try:
            value = float(price)
            # Nearly all quantities are digits with a point, and not all zeros: telling that is quicker than `float`.
            is_set = quantity != "0" and (quantity.replace(".", "", 1).lstrip("0").isdecimal() or float(quantity))
        except ValueError:
            return
        key = value if len(price) <= _SAFE_LENGTH else _value_of_long(price, value)
        if not is_set:
            side.pop(key, None)
        elif not value * 0.0:  # else it is infinite, or no number
            side[key] = (price, quantity)

    def put_all(self, sides: Sequence[Side], prices: Sequence[str], quantities: Sequence[str]) -> None:
        """Put many levels; from ten on or so this is quicker than one by one."""
        keys, values = _short_numbers(prices), _short_numbers(quantities)
        if keys is None or values is None:
            for side, price, quantity in zip(sides, prices, quantities, strict=True):
                self.put(side, price, quantity)
            return
        for side, price, quantity, key, value in zip(sides, prices, quantities, keys, values, strict=True):
            if value:
                side[key] = (price, quantity)
            else:
                side.pop(key, None)

    @property
    def venue_time(self) -> str:
        """The venue's time of its last change, as the venue wrote it; empty if it writes none."""
        return ""

    def best_bids(self) -> list[Level]:
        """Return the bids, the highest first."""
        return [self.bids[price] for price in sorted(self.bids, reverse=True)]

    def best_asks(self) -> list[Level]:
        """Return the asks, the lowest first."""
        return [self.asks[price] for price in sorted(self.asks)]

    def dump_levels(self) -> DumpedLevels:
        """Return all levels, for `load_levels`."""
        bids, asks = self.best_bids(), self.best_asks()
        return DumpedLevels(*([level[column] for level in side] for side in (bids, asks) for column in (0, 1)))

    def load_levels(self, dumped: DumpedLevels) -> None:
        """
        Take levels that were dumped in place of those that it has; what is not a number is left out.

        Raises:
            ValueError: If some price has no quantity.

        """
        self.bids, self.asks = {}, {}
        for side, prices, quantities in (
            (self.bids, dumped.bid_prices, dumped.bid_quantities),
            (self.asks, dumped.ask_prices, dumped.ask_quantities),
        ):
            if len(prices) != len(quantities):
                raise ValueError(f"{len(prices)} prices, but {len(quantities)} quantities")
            self.put_all([side] * len(prices), prices, quantities)

    def copy(self) -> Self:
        """Return an independent copy: 6 to 20 ns a level, as the texts are shared."""
        other = copy.copy(self)
        other.bids = self.bids.copy()
        other.asks = self.asks.copy()
        return other


def book_in(state: object, channel: str, product: str) -> PriceLevelBook | None:
    """Return the book that a state has of a product, in a channel as frames are described; None if it has none."""
    book = getattr(state, "values", {}).get((channel, product))
    return book if isinstance(book, PriceLevelBook) else None


def price_key(price: str) -> float | Decimal | None:
    """Return the key under which a side has a price; None if it can have none."""
    try:
        value = float(price)
    except ValueError:
        return None
    if value * 0.0:  # it is infinite, or no number
        return None
    return value if len(price) <= _SAFE_LENGTH else _value_of_long(price, value)


def price_keys(prices: Sequence[str]) -> Sequence[float | Decimal]:
    """
    Return the keys of prices that all have one, as digits with a point do; all at once is quicker than one by one.

    Raises:
        ValueError: If one has none.

    """
    short = _short_numbers(prices)
    if short is not None:
        return short
    keys = [key for key in map(price_key, prices) if key is not None]
    if len(keys) < len(prices):
        raise ValueError("not all prices are numbers")
    return keys


def _short_numbers(texts: Sequence[str]) -> list[float] | None:
    """Return the values of texts that are all numbers of JSON, and short; None if one of them is not."""
    return None if max(map(len, texts), default=0) > _SAFE_LENGTH else numbers_in(texts)


def _value_of_long(price: str, rounded: float) -> float | Decimal:
    """Return what tells a price with many digits from all others: its float, if a short text has the same value."""
    number = Decimal(price)
    return rounded if number == Decimal(repr(rounded)) else number
