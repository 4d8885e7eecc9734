"""
Sorts any number of rows by the clock of the exchange, in bounded memory.

As many as memory is meant for are sorted together, and go to a spool. Sorted pieces are merged, of each as much at a
time as all together may take.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .rows import NARROW, Rows, keys_of
from .spool import Piece, Spool

__all__ = ["AT_ONCE", "SortedRows"]

AT_ONCE = 1 << 18
"""Rows that are held at once: 10 MB."""

_LEAST = 256  # rows of a piece that are read at once


class SortedRows:
    """
    Rows that come in any order, and go in that of `keys_of`; those with the same key as they came.

    Args:
        spool: Where they wait if they are many.
        at_once: How many are held in memory.

    Attributes:
        count: How many there are.

    """

    def __init__(self, spool: Spool, at_once: int = AT_ONCE) -> None:
        self.count = 0
        self._spool, self._at_once = spool, at_once
        self._last: list[Rows] = []
        self._last_count = 0
        self._pieces: list[Piece] = []
        self._taken = np.empty(0, NARROW)
        self._merged: Iterator[Rows] | None = None

    def add(self, rows: Rows) -> None:
        """
        Take more rows; not after the first ones have gone.

        Raises:
            WriteError: If they cannot be written to the spool.

        """
        if not len(rows):
            return
        self._last.append(rows)
        self._last_count += len(rows)
        self.count += len(rows)
        if self._last_count >= self._at_once:
            self._pieces.append(self._spool.append(self._sort_last()))

    def below(self, limit: int) -> Iterator[Rows]:
        """
        Yield the rows with a lower key, and forget them; the others stay.

        Raises:
            WriteError: If they cannot be read from the spool.

        """
        if self._merged is None:
            self._merged = self._merge()
        while True:
            while not len(self._taken):
                rows = next(self._merged, None)
                if rows is None:
                    return
                self._taken = rows
            # All of a part together is the usual case, and needs no search.
            last = int(keys_of(self._taken[-1:])[0])
            count = len(self._taken) if last < limit else int(np.searchsorted(keys_of(self._taken), limit))
            if count:
                yield self._taken[:count]
            self._taken = self._taken[count:]
            if len(self._taken):
                return

    def _sort_last(self) -> Rows:
        rows = _sorted(np.concatenate([np.empty(0, NARROW), *self._last]))
        self._last, self._last_count = [], 0
        return rows

    def _merge(self) -> Iterator[Rows]:
        if not self._pieces:
            yield self._sort_last()
            return
        if self._last_count:
            self._pieces.append(self._spool.append(self._sort_last()))
        size = max(_LEAST, self._at_once // len(self._pieces))
        parts = [_Part(self._spool, piece, size) for piece in self._pieces]
        while parts := [part for part in parts if part.fill()]:
            yield _sorted(np.concatenate(_next_of(parts)))


class _Part:
    """The beginning of a sorted piece, as far as it has been read and not taken."""

    def __init__(self, spool: Spool, piece: Piece, size: int) -> None:
        self._spool, self._rest, self._size = spool, piece, size
        self.rows = np.empty(0, NARROW)
        self.keys = keys_of(self.rows)

    @property
    def has_more(self) -> bool:
        """Whether it goes on after what has been read."""
        return self._rest.size > 0

    def fill(self) -> bool:
        """Read on if all was taken; return whether there is anything."""
        if not len(self.rows) and self.has_more:
            start, count = self._rest
            size = min(count, self._size)
            self.rows = self._spool.read([Piece(start, size)])
            self.keys = keys_of(self.rows)
            self._rest = Piece(start + size, count - size)
        return len(self.rows) > 0

    def take(self, count: int) -> Rows:
        """Return the first rows, and forget them."""
        rows, self.rows, self.keys = self.rows[:count], self.rows[count:], self.keys[count:]
        return rows


def _next_of(parts: list[_Part]) -> list[Rows]:
    """Take from each part what surely goes before all that has not been read."""
    ends = [(int(part.keys[-1]), number) for number, part in enumerate(parts) if part.has_more]
    if not ends:
        return [part.take(len(part.rows)) for part in parts]
    limit, last = min(ends)  # of rows with the same key, those of an earlier piece came first
    return [
        part.take(int(np.searchsorted(part.keys, limit, "right" if number <= last else "left")))
        for number, part in enumerate(parts)
    ]


def _sorted(rows: Rows) -> Rows:
    return rows[np.argsort(keys_of(rows), kind="stable")]
