"""The book that rows make up."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .rows import BID, CLEAR, NARROW, SNAPSHOT, TRADE, Rows, are_of

__all__ = ["last_levels"]


def last_levels(blocks: Iterable[Rows]) -> Rows:
    """
    Return the levels that are there after all rows, as those of a snapshot: bids and then asks, the best first.

    Args:
        blocks: Rows in the order of the local clock. They begin with a snapshot, or before it.

    """
    levels = np.empty(0, NARROW)
    for rows in blocks:
        clears = np.flatnonzero(are_of(rows, CLEAR))
        if len(clears):  # they stand in pairs, one for each side
            levels, rows = levels[:0], rows[clears[-1] + 1 :]  # noqa: PLW2901  what is cleared does not count
        levels = _last_of_each(np.concatenate((levels, rows[~are_of(rows, TRADE)])))
    levels = levels[levels["qty"] != 0]
    are_bids = _are_bids(levels)
    levels["ev"] = SNAPSHOT | (levels["ev"] & ~np.uint64(0xFF))
    return np.concatenate((levels[are_bids][::-1], levels[~are_bids]))


def _last_of_each(rows: Rows) -> Rows:
    """Return the last row of each level, those of a side by price."""
    rows = rows[np.lexsort((rows["px"], _are_bids(rows)))]  # stable
    if len(rows) < 2:
        return rows
    prices, are_bids = rows["px"], _are_bids(rows)
    are_last = np.append((prices[1:] != prices[:-1]) | (are_bids[1:] != are_bids[:-1]), True)
    last: Rows = rows[are_last]
    return last


def _are_bids(rows: Rows) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = (rows["ev"] & np.uint64(BID)) != 0
    return found
