"""
The best levels of a book that is looked at again and again.

Putting twenty thousand levels in order at each look takes longer than all changes in between, and so does looking at
each of them. So the sides of the book tell what changes in them, and `BestPrices` keeps the best ones in order.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ...feeds.state.best_prices import BestPrices
from ...feeds.state.book import Level, PriceLevelBook, Side

__all__ = ["best_levels"]


def best_levels(book: PriceLevelBook, depth: int | None, *, again: bool) -> tuple[list[Level], list[Level]]:
    """
    Return the best bids and the best asks of a book, the best first.

    Args:
        book: The book.
        depth: How many of each side; None for all.
        again: Whether the book will be asked for them again, as it changes.

    """
    if depth is None or not again:
        return book.best_bids()[:depth], book.best_asks()[:depth]
    bids, asks = _followed(book.bids, depth, is_bid=True), _followed(book.asks, depth, is_bid=False)
    book.bids, book.asks = bids, asks
    return bids.best_levels(), asks.best_levels()


class _FollowedSide(dict[float | Decimal, Level]):
    """A side whose best prices are kept in order, whoever puts and removes levels by the two methods that books use."""

    def __init__(self, side: Side, depth: int, *, is_bid: bool) -> None:
        super().__init__(side)
        self.depth = depth
        self._best = BestPrices(self, depth, is_bid=is_bid)

    def best_levels(self) -> list[Level]:
        return [self[price] for price in self._best.best()]

    def __setitem__(self, price: float | Decimal, level: Level) -> None:
        was_there = price in self
        super().__setitem__(price, level)
        if not was_there:
            self._best.follow(price, was_there=False)

    def pop(self, price: float | Decimal, *default: Any) -> Any:
        was_there = price in self
        level = super().pop(price, *default)
        if was_there:
            self._best.follow(price, was_there=True)
        return level


def _followed(side: Side, depth: int, *, is_bid: bool) -> _FollowedSide:
    """Return a side whose best prices are followed: the same, or a copy of one in which they were not yet."""
    if isinstance(side, _FollowedSide) and side.depth == depth:
        return side
    return _FollowedSide(side, depth, is_bid=is_bid)
