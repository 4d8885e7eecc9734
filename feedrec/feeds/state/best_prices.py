"""
The best prices of one side of a book, in order, while it changes.

A side may have tens of thousands of levels, of which a few at the top are asked for after every frame. So only the best
hundred or so are kept in order. What changes below them costs a comparison; when too many of them are gone, they are
looked for again in the whole side.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection
from decimal import Decimal
from heapq import nlargest, nsmallest

__all__ = ["BestPrices"]

_RESERVE = 100
"""Prices that are kept in order beside those that are asked for."""


class BestPrices:
    """
    The best prices of a side.

    Args:
        side: What is keyed by the prices of all levels; whoever changes it says so.
        levels: How many prices are asked for, at least 1.
        is_bid: Whether the highest are the best; else the lowest are.

    """

    __slots__ = ("_is_bid", "_is_whole", "_levels", "_most", "_prices", "_side")

    def __init__(self, side: Collection[float | Decimal], levels: int, *, is_bid: bool) -> None:
        self._side, self._levels, self._is_bid = side, levels, is_bid
        self._most = levels + _RESERVE
        self._prices: list[float | Decimal] = []  # the best ones, in ascending order
        self._is_whole = True  # whether these are all
        self.look()

    def look(self) -> None:
        """Look at the whole side, after many levels were put."""
        self._is_whole = len(self._side) <= self._most
        if self._is_whole:
            self._prices = sorted(self._side)
        elif self._is_bid:
            self._prices = nlargest(self._most, self._side)[::-1]
        else:
            self._prices = nsmallest(self._most, self._side)

    def follow(self, key: float | Decimal, *, was_there: bool) -> None:
        """Take note of a level that was put or removed."""
        is_there = key in self._side
        if is_there == was_there:
            return
        prices = self._prices
        if not self._is_whole and (key < prices[0] if self._is_bid else key > prices[-1]):
            return
        if is_there:
            insort(prices, key)
            if len(prices) > 2 * self._most:
                self._shorten()
        else:
            del prices[bisect_left(prices, key)]
            if not self._is_whole and len(prices) < self._levels:
                self.look()

    def best(self) -> list[float | Decimal]:
        """Return the best prices, so many as are asked for or all that there are, the best first."""
        return self._prices[: -self._levels - 1 : -1] if self._is_bid else self._prices[: self._levels]

    def _shorten(self) -> None:
        if self._is_bid:
            del self._prices[: -self._most]
        else:
            del self._prices[self._most :]
        self._is_whole = False
