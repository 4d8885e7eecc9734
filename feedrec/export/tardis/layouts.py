"""
What the files of tardis.dev are called, and which columns they have (docs.tardis.dev, "Data Types").

Columns are parted by commas, lines end with LF, times are microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from ...errors import UsageError
from ..days import DAY, date_of

__all__ = ["GAPS", "GAPS_NAME", "HEADERS", "LEVELS", "MICROSECOND", "SUFFIX", "Kind", "file_name", "kinds_of"]

Kind = Literal["incremental_book_L2", "trades", "quotes", "book_snapshot_25"]

LEVELS = 25
"""Levels of each side in a row of `book_snapshot_25`."""

MICROSECOND = 1_000
"""In nanoseconds."""

_ALL = "exchange,symbol,timestamp,local_timestamp,"
_CELLS = ("asks[{}].price", "asks[{}].amount", "bids[{}].price", "bids[{}].amount")
_LEVELS = ",".join(cell.format(place) for place in range(LEVELS) for cell in _CELLS)

HEADERS: dict[Kind, str] = {
    "incremental_book_L2": f"{_ALL}is_snapshot,side,price,amount\n",
    "trades": f"{_ALL}id,side,price,amount\n",
    "quotes": f"{_ALL}ask_amount,ask_price,bid_price,bid_amount\n",
    "book_snapshot_25": f"{_ALL}{_LEVELS}\n",
}
"""The first line of each file."""

SUFFIX = ".csv.gz"
"""Of the names of all files but one."""

GAPS_NAME = "gaps.csv"
"""Ours: what is missing in all of the files."""

GAPS = "product,of,reason,start,end\n"
"""Its first line."""


def kinds_of(names: Collection[str]) -> frozenset[Kind]:
    """
    Return the kinds of files that a person names; all if none is named.

    Raises:
        UsageError: If there is no such kind.

    """
    for name in names:
        if name not in HEADERS:
            raise UsageError(f"{name!r} is none of the tables of tardis.dev: choose from {', '.join(HEADERS)}")
    return frozenset(kind for kind in HEADERS if not names or kind in names)


def file_name(exchange: str, kind: Kind, day: int, symbol: str) -> str:
    """
    Return the name that the clients of tardis.dev give a file when they download it.

    Args:
        exchange: The name of the exchange.
        kind: What is in it.
        day: Its day, counted since 1970.
        symbol: The product, as a part of a file name.

    """
    return f"{exchange}_{kind}_{date_of(day * DAY).isoformat()}_{symbol}{SUFFIX}"
