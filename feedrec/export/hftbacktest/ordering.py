"""
Rows in the order of two clocks at once: that of the exchange, and that of who received them.

hftbacktest reads a file once for both: the exchange takes the rows with the flag EXCH, the local side those with LOCAL.
So where the clocks agree, a row has both flags; where they do not, it stands there twice, once for each. That is what
its `correct_event_order` makes of all rows in memory, and so it is here, of any number of them:

1. Rows come in the order of the local clock. One that is later by the clock of the exchange than all before it, or as
   late, has both flags. Any other is belated: it has LOCAL where it stands.
2. All belated rows, sorted by the clock of the exchange, have EXCH before the first row of (1) with both flags that is
   later by that clock.

Which rows are belated shows in one pass; only they are sorted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from .rows import EXCH, LOCAL, NARROW, Keys, Rows, keys_of
from .sorting import SortedRows

__all__ = ["Belated", "in_both_orders"]

_LOWEST = np.iinfo(np.int64).min


class Belated:
    """Tells which rows are belated, of rows that come in the order of the local clock."""

    def __init__(self) -> None:
        self._highest: int = _LOWEST

    def among(self, keys: Keys) -> NDArray[np.bool_]:
        """Return of each of the next rows, given by their keys, whether it is belated."""
        highest = np.maximum.accumulate(np.concatenate(([self._highest], keys)))
        self._highest = int(highest[-1])
        found: NDArray[np.bool_] = keys < highest[:-1]
        return found


def in_both_orders(blocks: Iterable[Rows], belated: SortedRows) -> Iterator[Rows]:
    """
    Yield rows with their flags, in the order of a file.

    Args:
        blocks: All rows without flags, in the order of the local clock; they are changed.
        belated: Those of them that are belated.

    """
    finder = Belated()
    for rows in blocks:
        keys = keys_of(rows)
        are_belated = finder.among(keys)
        rows["ev"] |= np.where(are_belated, np.uint64(LOCAL), np.uint64(EXCH | LOCAL))
        places = np.flatnonzero(~are_belated)
        done = 0
        if len(places):
            keys = keys[places]
            for chunk in belated.below(int(keys[-1])):
                before = places[np.searchsorted(keys, keys_of(chunk), side="right")]
                chunk["ev"] |= np.uint64(EXCH)
                yield _interleaved(rows[done : before[-1]], chunk, before - done)
                done = int(before[-1])
        yield rows[done:]


def _interleaved(rows: Rows, others: Rows, before: NDArray[np.int64]) -> Rows:
    """Return rows with others among them, each before the row of a number; those numbers ascend."""
    together = np.empty(len(rows) + len(others), NARROW)
    are_others = np.zeros(len(together), bool)
    are_others[before + np.arange(len(others))] = True
    together[are_others] = others
    together[~are_others] = rows
    return together
