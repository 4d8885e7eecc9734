"""
What is told of a product, kept as it comes, and made rows many at a time.

Numbers are texts until then: to make each a row by itself would take ten times as long.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...feeds.decoding import numbers_in
from ...feeds.market.told import BookChanges, Trades
from .rows import ASK, BID, CLEAR, DEPTH, NARROW, SNAPSHOT, TRADE, Rows, are_of, keys_of

__all__ = ["LATEST", "Collected", "Latencies"]

LATEST = 1 << 62
"""A time that rows cannot have any more, in nanoseconds: in the year 2116."""


class Latencies:
    """
    How long what is told was on its way, as far as that cannot be.

    Attributes:
        rows: Rows that were received before they took place, by both clocks.
        lowest: The lowest latency of all rows, in nanoseconds; `LATEST` if there are none.

    """

    __slots__ = ("lowest", "rows")

    def __init__(self) -> None:
        self.rows = 0
        self.lowest = LATEST

    def add(self, latencies: NDArray[np.int64]) -> None:
        """Take those of some rows."""
        if len(latencies):
            self.rows += int(np.count_nonzero(latencies < 0))
            self.lowest = min(self.lowest, int(latencies.min()))

    def add_many(self, latency: int, count: int) -> None:
        """Take that of many rows."""
        if count:
            self.rows += count * (latency < 0)
            self.lowest = min(self.lowest, latency)


class Collected:
    """
    What is told of a product, in the order in which it was received.

    Attributes:
        count: Levels and trades that are kept.
        latencies: Those of all rows that were made.
        left_out: Levels and trades that cannot be rows: a price or size is no number, or a time not of 1970 to 2116.

    """

    __slots__ = (
        "_are_bids",
        "_parts",
        "_prices",
        "_sizes",
        "count",
        "latencies",
        "left_out",
    )

    def __init__(self) -> None:
        self.latencies = Latencies()
        self.left_out = 0
        self._clear()

    def take_changes(self, time: int, changes: BookChanges) -> None:
        """Keep changes of the book, received at a time."""
        self._take(time, DEPTH, changes.time, changes)

    def take_snapshot(self, time: int, changes: BookChanges, made: int, number: int, *, is_first: bool) -> None:
        """
        Keep a snapshot of the book.

        Args:
            time: When it was received.
            changes: The snapshot.
            made: When it was made, as far as can be.
            number: What its rows have in place of the time of the exchange.
            is_first: Whether nothing is before it that would have to be cleared.

        """
        self.latencies.add_many(time - made, len(changes.prices))
        if not is_first:
            cleared = BookChanges(changes.product, changes.time, True, [True, False], ["0", "0"], ["0", "0"])
            self._take(time, CLEAR, number, cleared)
        self._take(time, SNAPSHOT, number, changes)

    def take_trades(self, time: int, trades: Trades) -> None:
        """Keep trades, received at a time."""
        count = len(trades.times)
        self._prices += trades.prices
        self._sizes += trades.sizes
        self._are_bids += trades.are_buys
        for made in trades.times:
            self._parts += (1, TRADE, made, time)
        self.count += count

    def rows(self) -> Rows:
        """Return all as rows without flags, in the order of the local clock, and forget it."""
        rows = np.empty(self.count, NARROW)
        parts = _integers(self._parts).reshape(-1, 4)
        counts = parts[:, 0]
        sides = np.frombuffer(bytes(self._are_bids), np.bool_)
        rows["ev"] = np.repeat(parts[:, 1], counts) | np.where(sides, BID, ASK)
        rows["exch_ts"], rows["local_ts"] = np.repeat(parts[:, 2], counts), np.repeat(parts[:, 3], counts)
        rows["px"], rows["qty"] = _numbers(self._prices), _numbers(self._sizes)
        rows = self._without_wrong(rows)
        self._clear()
        have_times = rows[are_of(rows, DEPTH) | are_of(rows, TRADE)]
        self.latencies.add(have_times["local_ts"] - have_times["exch_ts"])
        rows["px"][are_of(rows, CLEAR)] = np.nan  # else it would clear only down to that price
        keys = keys_of(rows, "local_ts")
        if (keys[1:] < keys[:-1]).any():
            rows = rows[np.argsort(keys, kind="stable")]
        return rows

    def _take(self, time: int, kind: int, exchange_time: int, changes: BookChanges) -> None:
        count = len(changes.prices)
        self._prices += changes.prices
        self._sizes += changes.sizes
        self._are_bids += changes.are_bids
        self._parts += (count, kind, exchange_time, time)
        self.count += count

    def _clear(self) -> None:
        self.count = 0
        self._prices: list[str] = []
        self._sizes: list[str] = []
        self._are_bids: list[bool] = []
        self._parts: list[
            int
        ] = []  # of each its rows, their kind, and their times; all in one, as small lists take long

    def _without_wrong(self, rows: Rows) -> Rows:
        are_right = np.isfinite(rows["px"]) & np.isfinite(rows["qty"])
        for clock in ("exch_ts", "local_ts"):
            are_right &= (rows[clock] >= 0) & (rows[clock] < LATEST)
        if are_right.all():
            return rows
        self.left_out += len(rows) - int(np.count_nonzero(are_right))
        right: Rows = rows[are_right]
        return right


def _integers(integers: Sequence[int]) -> NDArray[np.int64]:
    try:
        return np.array(integers, np.int64)
    except OverflowError:  # a time that is left out
        return np.array([one if 0 <= one < LATEST else LATEST for one in integers], np.int64)


def _numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return the numbers that texts are; not a number for those that are none."""
    numbers = numbers_in(texts)
    return np.array(list(map(_number, texts)) if numbers is None else numbers, np.float64)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
