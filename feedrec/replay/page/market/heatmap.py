"""
The depth of a book over a span of time, as a grid of columns and rows, made column by column.

A row is a step of prices. At the first column at which the book is known, so many of them as are asked for cover a
third of a per cent to both sides, or more where the spread is wide. Rows are numbered from a price that stays, so one
may be below 0 or beyond them where the price has moved. A column is the book as of where it begins.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec

from ....feeds.state.book import Level
from ...books.book_at import BookAt
from ..parameters import MILLISECOND

__all__ = ["DEPTH", "LONGEST", "MOST_COLUMNS", "MOST_ROWS", "Column", "HeatmapTold", "HeatmapView", "Heatmaps"]

LONGEST = 15 * 60 * 1_000_000_000
"""Nanoseconds of the longest span of time; of a longer one, the first part is shown."""

MOST_COLUMNS, MOST_ROWS = 600, 200

DEPTH = 1500
"""Levels of each side that are followed."""

_MOST_KEPT = 2  # views whose columns are kept
_DIGITS = 6  # of a size
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
_SHARE, _LEAST_SHARE = 1 / 300, 1e-6  # of the price, to each side
_SPREADS = 15


class HeatmapView(msgspec.Struct, frozen=True):
    """
    What is shown.

    Attributes:
        endpoint: The endpoint of the book.
        product: Its product.
        start: Where it begins, in nanoseconds.
        end: Where it ends.
        columns: How many columns.
        rows: How many rows.
        levels: Of how many levels of each side, the best ones, rows reach no further.

    """

    endpoint: str
    product: str
    start: int
    end: int
    columns: int
    rows: int
    levels: int = DEPTH

    def moment(self, number: int) -> int:
        """Return the wall time of a column in nanoseconds: where it begins."""
        return self.start + (self.end - self.start) * number // self.columns


class Column(msgspec.Struct):
    """
    A column.

    Attributes:
        ms: Its moment, in milliseconds since the start.
        mid: Between the best bid and the best ask; None if the book is not known.
        bids: Number and total size of each row that has bids.
        asks: The same of asks.

    """

    ms: float
    mid: float | None = None
    bids: list[tuple[int, float]] = []
    asks: list[tuple[int, float]] = []


class HeatmapTold(msgspec.Struct, rename={"start": "from", "end": "to"}):
    """
    Columns that were made.

    Attributes:
        start: Where the view begins, in milliseconds since the start.
        end: Where it ends.
        columns: The columns from the one that was asked for on.
        price_low: The lowest price of row 0; None as long as no book was known.
        price_step: How much each row spans.
        done: Whether these are the last ones.
        next: The number of the column that comes next.

    """

    start: float
    end: float
    columns: list[Column]
    price_low: float | None
    price_step: float | None
    done: bool
    next: int


class Heatmaps:
    """
    Makes heatmaps, a few columns at a time.

    Args:
        book_at: Returns the book of an endpoint and a product as of a wall time, to `DEPTH`.
        start: The moment from which milliseconds count, in nanoseconds.

    """

    def __init__(self, book_at: Callable[[str, str, int], BookAt], start: int) -> None:
        self._book_at = book_at
        self._start = start
        self._made: dict[HeatmapView, _Made] = {}

    def tell(self, view: HeatmapView, after: int, is_over: Callable[[], bool]) -> HeatmapTold:
        """
        Tell the columns of a view from a number on, after making more of them for a while.

        Raises:
            UsageError: If there is no such book.
            RecordingError: If a recording cannot be read.

        """
        made = self._made.pop(view, None) or _Made(view, self._start)
        self._made[view] = made
        if len(self._made) > _MOST_KEPT:
            del self._made[next(iter(self._made))]
        while len(made.columns) < view.columns:
            moment = view.moment(len(made.columns))
            made.add(moment, self._book_at(view.endpoint, view.product, moment))
            if is_over():
                break
        number = len(made.columns)
        return HeatmapTold(
            (view.start - self._start) / MILLISECOND,
            (view.end - self._start) / MILLISECOND,
            made.columns[after:],
            made.low,
            made.step,
            number >= view.columns,
            number,
        )


class _Made:
    """The columns of a view that were made, and its grid once it is known."""

    def __init__(self, view: HeatmapView, start: int) -> None:
        self.columns: list[Column] = []
        self.low: float | None = None
        self.step: float | None = None
        self._rows, self._levels = view.rows, view.levels
        self._start = start

    def add(self, moment: int, book: BookAt) -> None:
        ms = (moment - self._start) / MILLISECOND
        bids, asks = _numbers(book.bids), _numbers(book.asks)
        if not bids or not asks:
            self.columns.append(Column(ms))
            return
        mid = (bids[0][0] + asks[0][0]) / 2
        if self.low is None or self.step is None:
            bid, ask = bids[: self._levels][-1][0], asks[: self._levels][-1][0]
            reach = _reach(mid, asks[0][0] - bids[0][0], min(mid - bid, ask - mid))
            self.step = nice_step(2 * reach / self._rows)
            self.low = float(f"{(round(mid / self.step) - self._rows // 2) * self.step:.12g}")
        self.columns.append(Column(ms, mid, self._cells(bids, mid), self._cells(asks, mid)))

    def _cells(self, levels: Sequence[tuple[float, float]], mid: float) -> list[tuple[int, float]]:
        """Return the rows of a side, the nearest ones, so many as are shown."""
        low, step, half = self.low or 0.0, self.step or 1.0, self._rows
        sums: dict[int, float] = {}
        middle = math.floor((mid - low) / step)
        for price, size in levels:
            row = math.floor((price - low) / step + 1e-9)
            if abs(row - middle) <= half:
                sums[row] = sums.get(row, 0.0) + size
        return [(row, _short(size)) for row, size in sums.items()]


def _reach(mid: float, spread: float, depth: float) -> float:
    """Return how far from the middle the rows reach: not beyond the levels that are followed, and not to nothing."""
    return max(min(max(_SPREADS * spread, _SHARE * mid), depth), _LEAST_SHARE * abs(mid)) or 1.0


def nice_step(least: float) -> float:
    """Return 1, 2, 2.5 or 5 times a power of ten, the smallest that is no smaller than a positive number."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(float(f"{nice * power:.6g}") for nice in _NICE if nice * power >= least * (1 - 1e-9))


def _numbers(levels: Sequence[Level]) -> list[tuple[float, float]]:
    return [(float(price), float(size)) for price, size in levels]


def _short(size: float) -> float:
    return float(f"{size:.{_DIGITS}g}")
