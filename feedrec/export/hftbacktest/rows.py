"""
The rows of hftbacktest: what it calls events, with the numbers that it gives to what they are.

Source: the module `types` of hftbacktest 2.4.4. Times are in nanoseconds since 1970, prices and sizes are floats.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ASK",
    "BID",
    "BUY",
    "CLEAR",
    "DEPTH",
    "EVENT",
    "EXCH",
    "LOCAL",
    "NARROW",
    "SELL",
    "SNAPSHOT",
    "TRADE",
    "Keys",
    "Rows",
    "are_of",
    "keys_of",
    "widened",
]

DEPTH, TRADE, CLEAR, SNAPSHOT = 1, 2, 3, 4
"""What a row is: a level of a book, a trade, the end of all levels of a side, a level of a snapshot."""

EXCH, LOCAL = 1 << 31, 1 << 30
"""Flags of a row: it takes place at the exchange, it is received."""

BUY, SELL = 1 << 29, 1 << 28
"""Flags of a trade: what its taker did."""

BID, ASK = BUY, SELL
"""The same of a level: its side."""

EVENT = np.dtype(
    [
        ("ev", "u8"),
        ("exch_ts", "i8"),
        ("local_ts", "i8"),
        ("px", "f8"),
        ("qty", "f8"),
        ("order_id", "u8"),
        ("ival", "i8"),
        ("fval", "f8"),
    ],
    align=True,
)
"""A row as it stands in a file."""

NARROW = np.dtype(EVENT.descr[:5])
"""A row without the columns that are always zero."""

Rows = NDArray[np.void]
"""Rows, narrow if nothing else is said."""

Keys = NDArray[np.int64]
"""What rows are ordered by."""

_WORD = 8
_KIND = 0xFF


def are_of(rows: Rows, kind: int) -> NDArray[np.bool_]:
    """Return of each row whether it is of a kind."""
    found: NDArray[np.bool_] = (rows["ev"] & np.uint64(_KIND)) == kind
    return found


def keys_of(rows: Rows, clock: str = "exch_ts") -> Keys:
    """
    Return by what rows are ordered by a clock: at equal times, trades before books.

    A change of a book contains the trade that made it. After that, a backtest would take the trade for another one, and
    move its orders forward in the queue twice.

    Args:
        rows: The rows; their times are less than 2**62.
        clock: The column of the clock.

    """
    keys: Keys = 2 * rows[clock] + ~are_of(rows, TRADE)
    return keys


def widened(rows: Rows) -> Rows:
    """Return rows as they stand in a file."""
    wide = np.zeros(len(rows), EVENT)
    words = wide.view(np.uint64).reshape(len(rows), EVENT.itemsize // _WORD)
    narrow = np.ascontiguousarray(rows).view(np.uint64).reshape(len(rows), NARROW.itemsize // _WORD)
    words[:, : narrow.shape[1]] = narrow
    return wide
