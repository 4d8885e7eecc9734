"""Rows as hypothesis draws them: few different times, so that many of them are the same by one clock or by both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from hypothesis import strategies

from feedrec.export.hftbacktest.rows import ASK, BID, DEPTH, NARROW, TRADE, Rows, keys_of

__all__ = ["DRAWN", "in_blocks", "rows_of"]

_ROW = strategies.tuples(
    strategies.sampled_from([DEPTH | BID, DEPTH | ASK, TRADE | BID]),
    strategies.integers(0, 9),
    strategies.integers(0, 9),
)

DRAWN = strategies.lists(_ROW, max_size=60)
"""Kind and side, and the time by either clock."""


def rows_of(drawn: Iterable[tuple[int, int, int]]) -> Rows:
    """Make rows of it, in the order of the local clock, each with a price of its own."""
    rows = np.array([(*row, float(number), 1.0) for number, row in enumerate(drawn)], NARROW)
    return rows[np.argsort(keys_of(rows, "local_ts"), kind="stable")]


def in_blocks(rows: Rows, size: int) -> Iterator[Rows]:
    """Yield copies of rows, some at a time."""
    for first in range(0, len(rows), size):
        yield rows[first : first + size].copy()
