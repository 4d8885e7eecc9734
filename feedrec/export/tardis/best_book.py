"""
The book of a product, as cells of CSV: every level, and in order the best 25 of each side.

Levels are kept as they are written, `price,amount`, as nearly all of them are written as they came.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal

from ...feeds.state.best_prices import BestPrices
from ...feeds.state.book import MANY, price_key, price_keys
from .layouts import LEVELS
from .plain import are_plain_pairs, plain_pair

__all__ = ["BestBook"]

_NO_LEVEL = ","  # the two cells of a level that there is not


class BestBook:
    """
    A book, as it is told; see the module.

    Attributes:
        left_out: Levels that were left out, as their price or amount was no number.

    """

    __slots__ = ("_asks", "_bids", "left_out")

    def __init__(self) -> None:
        self.left_out = 0
        self._bids, self._asks = _Side(is_bid=True), _Side(is_bid=False)

    def begin(
        self, are_bids: Sequence[bool], prices: Sequence[str], sizes: Sequence[str]
    ) -> tuple[list[str], list[str]]:
        """
        Take a snapshot.

        Returns:
            Its levels, as `side,price,amount`; and those that were there before and are no more, with an amount of 0.

        """
        before = (self._bids, self._asks)
        now = _Side(is_bid=True), _Side(is_bid=False)
        for is_bid, key, cell, is_gone in self._read(are_bids, prices, sizes):
            cells = now[not is_bid].cells
            if is_gone:
                cells.pop(key, None)
            else:
                cells[key] = cell
        gone: list[str] = []
        for old, new in zip(before, now, strict=True):
            gone += [_removal(old.word, old.cells[key]) for key in old.cells if key not in new.cells]
            new.best.look()
            new.seen = old.seen
        self._bids, self._asks = now
        return [side.word + cell for side in now for cell in side.cells.values()], gone

    def change(self, are_bids: Sequence[bool], prices: Sequence[str], sizes: Sequence[str]) -> list[str]:
        """Take changes; return them as `side,price,amount`, where 0 as the amount is of a level that is gone."""
        bids, asks = self._bids, self._asks
        rows: list[str] = []
        for is_bid, key, cell, is_gone in self._read(are_bids, prices, sizes):
            side = bids if is_bid else asks
            rows.append(side.remove(key, cell) if is_gone else side.put(key, cell))
        return rows

    def levels(self) -> list[str]:
        """Return all levels as `side,price,amount`, bids before asks, and of each side the best first."""
        sides = (self._bids, self._asks)
        return [side.word + side.cells[key] for side in sides for key in sorted(side.cells, reverse=side.is_bid)]

    @property
    def is_touched(self) -> bool:
        """Whether one of the best levels may have changed since the last look."""
        return self._bids.is_touched or self._asks.is_touched

    def see(self) -> tuple[bool, bool]:
        """Look at the best levels; return whether one of them has changed since the last time, and whether the best."""
        bid, ask = self.best_bid, self.best_ask
        changed = [self._bids.see(), self._asks.see()]
        return any(changed), (bid, ask) != (self.best_bid, self.best_ask)

    def best_levels(self) -> str:
        """Return the cells of a row of `book_snapshot_25`, as they were when last looked at."""
        asks, bids = self._asks.seen, self._bids.seen
        if len(asks) < LEVELS or len(bids) < LEVELS:
            asks, bids = ([*seen, *[_NO_LEVEL] * (LEVELS - len(seen))] for seen in (asks, bids))
        return ",".join([cell for pair in zip(asks, bids, strict=True) for cell in pair])

    @property
    def best_bid(self) -> str:
        """Price and amount of the best bid when last looked at, as cells; empty ones if there is none."""
        return self._bids.seen[0] if self._bids.seen else _NO_LEVEL

    @property
    def best_ask(self) -> str:
        """The same for asks."""
        return self._asks.seen[0] if self._asks.seen else _NO_LEVEL

    def _read(
        self, are_bids: Sequence[bool], prices: Sequence[str], sizes: Sequence[str]
    ) -> Iterable[tuple[bool, float | Decimal, str, bool]]:
        """Return of each level its side, its key, it as it is written, and whether it is gone."""
        if len(prices) < MANY:
            return self._read_each(are_bids, prices, sizes)
        cells = [f"{price},{size}" for price, size in zip(prices, sizes, strict=True)]
        if not are_plain_pairs(cells):
            return self._read_each(are_bids, prices, sizes)
        are_gone = [not size.strip("0.") for size in sizes]
        return zip(are_bids, price_keys(prices), cells, are_gone, strict=True)

    def _read_each(
        self, are_bids: Sequence[bool], prices: Sequence[str], sizes: Sequence[str]
    ) -> list[tuple[bool, float | Decimal, str, bool]]:
        """Do the same one by one; levels that are no numbers are left out."""
        levels = []
        for is_bid, price, size in zip(are_bids, prices, sizes, strict=True):
            cell = plain_pair(price, size)
            key = price_key(price)
            if cell is None or key is None:
                self.left_out += 1
            else:
                levels.append((is_bid, key, cell, not cell[cell.index(",") + 1 :].strip("-0.")))
        return levels


class _Side:
    """
    One side of a book.

    Attributes:
        is_bid: Which one.
        word: The cell that says so, and its comma.
        cells: Price and amount of each level, by price.
        best: The best prices.
        is_touched: Whether one of the best levels may have changed since they were last looked at.
        seen: The best levels, as they were when last looked at.

    """

    __slots__ = ("_bound", "best", "cells", "is_bid", "is_touched", "seen", "word")

    def __init__(self, *, is_bid: bool) -> None:
        self.is_bid = is_bid
        self.word = "bid," if is_bid else "ask,"
        self.cells: dict[float | Decimal, str] = {}
        self.best = BestPrices(self.cells, LEVELS, is_bid=is_bid)
        self.seen: list[str] = []
        self.is_touched = True
        self._bound: float | Decimal = self._worst()

    def put(self, key: float | Decimal, cell: str) -> str:
        """Set a level; return it as it is written."""
        cells = self.cells
        if key in cells:
            cells[key] = cell
        else:
            cells[key] = cell
            self.best.follow(key, was_there=False)
        if not self.is_touched:
            self.is_touched = key >= self._bound if self.is_bid else key <= self._bound
        return self.word + cell

    def remove(self, key: float | Decimal, cell: str) -> str:
        """Remove a level, if there is one; return that as it is written."""
        if self.cells.pop(key, None) is not None:
            self.best.follow(key, was_there=True)
            if not self.is_touched:
                self.is_touched = key >= self._bound if self.is_bid else key <= self._bound
        return _removal(self.word, cell)

    def see(self) -> bool:
        """Look at the best levels; return whether they have changed since the last time."""
        if not self.is_touched:
            return False
        best, cells = self.best.best(), self.cells
        now = [cells[key] for key in best]
        has_changed = now != self.seen
        self.seen, self.is_touched = now, False
        self._bound = best[-1] if len(best) == LEVELS else self._worst()
        return has_changed

    def _worst(self) -> float:
        return -math.inf if self.is_bid else math.inf


def _removal(word: str, cell: str) -> str:
    return f"{word}{cell.partition(',')[0]},0"
