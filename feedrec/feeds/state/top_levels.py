"""
The best levels of a book, and what a client must be told to see them and nothing else.

The whole book is kept, and beside it what the client sees: so many levels of each side. A level that enters them is
told by the frame that made room for it, and one that drops out is removed by the frame that pushed it out. Such a
client sees the best levels of the whole book after every frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from .best_prices import BestPrices
from .book import Level, PriceLevelBook, Side, price_key

__all__ = ["LevelUpdate", "ToldLevel", "TopLevels"]

LevelUpdate = tuple[bool, str, str]
"""Whether it is a bid, price, and quantity, zero if the level is removed."""


class ToldLevel(NamedTuple):
    """
    A level that a client must be told.

    Attributes:
        is_bid: The side.
        price: As the venue wrote it.
        quantity: As the venue wrote it; None if the level is removed.
        place: Place among the updates of the frame of the update that says just this; None if none does.

    """

    is_bid: bool
    price: str
    quantity: str | None
    place: int | None


class _TopSide:
    """One side, with its best prices, and what the client sees of it."""

    def __init__(self, levels: int, *, is_bid: bool) -> None:
        self.is_bid = is_bid
        self.side: Side = {}
        self.seen: Side = {}
        self.prices = BestPrices(self.side, levels, is_bid=is_bid)

    def tell(self, places: dict[tuple[bool, float | Decimal], int]) -> list[ToldLevel]:
        """Return what the client must be told, by price, the best first, and have it see that."""
        side, seen, is_bid = self.side, self.seen, self.is_bid
        self.seen = {key: side[key] for key in self.prices.best()}
        told = {key: level for key, level in self.seen.items() if seen.get(key) != level}
        gone = [key for key in seen if key not in self.seen]
        levels = []
        for key in sorted([*told, *gone], reverse=is_bid):
            place = places.get((is_bid, key))
            if key in told:
                levels.append(ToldLevel(is_bid, *told[key], place))
            else:  # an update that set it does not say that it is gone
                levels.append(ToldLevel(is_bid, seen[key][0], None, None if key in side else place))
        return levels


class TopLevels:
    """
    The book of one product, of which a client sees so many levels of each side.

    Args:
        levels: How many, at least 1.

    """

    def __init__(self, levels: int) -> None:
        self._book = PriceLevelBook()
        self._sides = {is_bid: _TopSide(levels, is_bid=is_bid) for is_bid in (True, False)}
        self._book.bids, self._book.asks = self._sides[True].side, self._sides[False].side

    @property
    def seen_bids(self) -> list[Level]:
        """The bids that the client sees, the highest first."""
        return list(self._sides[True].seen.values())

    @property
    def seen_asks(self) -> list[Level]:
        """The asks that the client sees, the lowest first."""
        return list(self._sides[False].seen.values())

    def begin(self, levels: Sequence[LevelUpdate]) -> list[int]:
        """Take the levels of a snapshot, once; return the places of those that the client is to see, in order."""
        sides = [self._sides[is_bid].side for is_bid, _, _ in levels]
        self._book.put_all(sides, [price for _, price, _ in levels], [quantity for _, _, quantity in levels])
        for side in self._sides.values():
            side.prices.look()
        best = {is_bid: set(side.prices.best()) for is_bid, side in self._sides.items()}
        places: dict[tuple[bool, float | Decimal], int] = {}
        for place, (is_bid, price, _) in enumerate(levels):
            key = price_key(price)
            if key is not None and key in best[is_bid]:
                places[is_bid, key] = place
        self._tell(places)
        return sorted(places.values())

    def change(self, updates: Iterable[LevelUpdate]) -> list[ToldLevel] | None:
        """
        Take the updates of a frame.

        Returns:
            What the client must be told, bids before asks, and of each side the best first; None if that is just what
            the frame says.

        """
        places: dict[tuple[bool, float | Decimal], int] = {}
        has_others = False
        for place, (is_bid, price, quantity) in enumerate(updates):
            key = price_key(price)
            if key is None:
                has_others = True
                continue
            side = self._sides[is_bid]
            was_there = key in side.side
            self._book.put(side.side, price, quantity)
            side.prices.follow(key, was_there=was_there)
            places[is_bid, key] = place
        before = {is_bid: side.seen for is_bid, side in self._sides.items()}
        told = self._tell(places)
        if not told or has_others or any(level.place is None for level in told):
            return told
        are_inside = all(key in before[is_bid] or key in self._sides[is_bid].seen for is_bid, key in places)
        return None if are_inside else told

    def _tell(self, places: dict[tuple[bool, float | Decimal], int]) -> list[ToldLevel]:
        return [*self._sides[True].tell(places), *self._sides[False].tell(places)]
