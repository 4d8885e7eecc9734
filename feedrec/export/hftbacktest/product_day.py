"""
The rows of a product on one day, until they are a file.

1. Rows wait in a spool, in the order of the local clock, without flags.
2. A snapshot stands in the order of the exchange before all changes that came after it: one of them may have been on
   its way while the snapshot was made, and would be lost before it. So the snapshot has its time, if that is earlier.
   That shows only later: its rows have its number in the spool, in place of a time.
3. A file begins with the end of all levels of both sides, at the first time of all by either clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import IO

import numpy as np

from ...feeds.market.told import BookChanges, Trades
from .collecting import LATEST, Collected, Latencies
from .levels import last_levels
from .npz import write_npz
from .ordering import Belated, in_both_orders
from .rows import ASK, BID, CLEAR, EXCH, LOCAL, NARROW, SNAPSHOT, Rows, are_of, keys_of, widened
from .sorting import SortedRows
from .spool import Piece, Spool

__all__ = ["ProductDay"]

_AT_ONCE = 1 << 16  # rows: 2.5 MB, and 4 MB as they stand in a file


class _Snapshot:
    """
    A snapshot, and what is earlier than it.

    Attributes:
        time: When it was made, by the venue.
        least: The latest change before it, which it must not precede.
        earliest: The earliest change after it.

    """

    __slots__ = ("earliest", "least", "time")

    def __init__(self, time: int, least: int) -> None:
        self.time, self.least, self.earliest = time, least, LATEST

    @property
    def time_in_order(self) -> int:
        """The time that its rows have."""
        return max(self.least, min(self.time, self.earliest))


class ProductDay:
    """
    What is told of a product on a day.

    Args:
        spool: Where its rows wait.
        begin: When the day begins, or what is told of it, in nanoseconds.

    """

    __slots__ = (
        "_begin",
        "_book_is_known",
        "_collected",
        "_held",
        "_latest",
        "_most_held",
        "_pieces",
        "_snapshot_piece",
        "_snapshots",
        "_spool",
    )

    def __init__(self, spool: Spool, begin: int) -> None:
        self._collected = Collected()
        self._spool, self._begin = spool, begin
        self._pieces: list[Piece] = []
        self._snapshots = [_Snapshot(0, 0)]  # the first one is none, so that there always is one
        self._snapshot_piece = 0
        self._latest = 0
        self._book_is_known = False
        self._held, self._most_held = 0, 0

    @property
    def _book_time(self) -> int:
        """When the book was last changed, by the venue."""
        return max(self._latest, self._snapshots[-1].time_in_order)

    @property
    def latencies(self) -> Latencies:
        """Those of all rows that are in the spool."""
        return self._collected.latencies

    def open_with(self, levels: Rows, time: int) -> None:
        """
        Begin with the book as it stood when the day began.

        Args:
            levels: Its levels, which are changed.
            time: When it was last changed, by the venue.

        Raises:
            WriteError: If that cannot be written.

        """
        levels["exch_ts"], levels["local_ts"] = self._next_snapshot(time), self._begin
        self._pieces.append(self._spool.append(levels))

    def take_changes(self, time: int, changes: BookChanges) -> None:
        """Take changes of the book, or a snapshot, received at a time."""
        made = changes.time
        if changes.is_snapshot:
            is_first = not self._pieces and not self._collected.count
            made = made if 0 <= made < LATEST else min(time, LATEST - 1)
            self._collected.take_snapshot(time, changes, made, self._next_snapshot(made), is_first=is_first)
            return
        self._collected.take_changes(time, changes)
        if self._latest < made < LATEST:
            self._latest = made
        if 0 <= made < self._snapshots[-1].earliest:
            self._snapshots[-1].earliest = made

    def take_trades(self, time: int, trades: Trades) -> None:
        """Take trades, received at a time."""
        self._collected.take_trades(time, trades)

    def lose_book(self) -> None:
        """Take note that the book is not known any more."""
        self._book_is_known = False

    def set_back(self, by: int, count: int) -> None:
        """Take note that levels or trades were received while the clock was some nanoseconds behind itself."""
        self._held += count
        self._most_held = max(self._most_held, by)

    def notes(self, shift: int = 0) -> list[str]:
        """Return what a person should know of the file; see `write`."""
        notes = []
        early = self.latencies
        if early.rows and not shift:
            notes.append(
                f"rows with a negative latency: {early.rows:,}, the worst {_milliseconds(early.lowest)}; "
                "--fix-latency puts off all times of receipt"
            )
        if shift:
            notes.append(f"all times of receipt are {_milliseconds(shift)} later than recorded: no latency is negative")
        if self._held:
            notes.append(
                f"rows that have the time of receipt of the one before: {self._held:,}; "
                f"the clock had been set back by {_milliseconds(self._most_held)}"
            )
        if self._collected.left_out:
            notes.append(
                f"levels and trades that were left out: {self._collected.left_out:,}; "
                "a price or size is no number, or a time not of 1970 to 2116"
            )
        return notes

    def spool(self) -> None:
        """
        Write to the spool what was taken.

        Raises:
            WriteError: If that fails.

        """
        if self._collected.count:
            rows = self._collected.rows()
            if len(rows):
                self._pieces.append(self._spool.append(rows))

    def next_day(self, spool: Spool, begin: int) -> ProductDay | None:
        """
        Return a later day, which begins with the book as it stands; None if that is not known.

        Raises:
            WriteError: If a spool cannot be read or written.

        """
        if not self._book_is_known:
            return None
        self.spool()
        following = ProductDay(spool, begin)
        following.open_with(last_levels(self._blocks(self._snapshot_piece)), self._book_time)
        return following

    def write(self, file: IO[bytes], shift: int = 0) -> int:
        """
        Write the file; return how many rows it has.

        Args:
            file: Where it goes.
            shift: By how much all times of the local clock are put off, in nanoseconds.

        Raises:
            WriteError: If the spool cannot be read or written.
            OSError: If the file cannot be written.

        """
        self.spool()
        belated = SortedRows(self._spool)
        count, first = self._survey(belated)
        opening = np.array([(CLEAR | side | EXCH | LOCAL, *first, np.nan, 0.0) for side in (BID, ASK)], NARROW)
        count += len(opening) + belated.count
        parts = itertools.chain([opening], in_both_orders(self._blocks(), belated))
        write_npz(file, count, (_shifted(rows, shift) for rows in parts))
        return count

    def _survey(self, belated: SortedRows) -> tuple[int, tuple[int, int]]:
        """Collect the rows that are belated; return how many there are in all, and the first time by either clock."""
        finder, count, first = Belated(), 0, (self._begin, self._begin)
        for rows in self._blocks():
            earliest, received = int(rows["exch_ts"].min()), int(rows["local_ts"][0])
            first = (min(first[0], earliest), first[1]) if count else (earliest, received)
            count += len(rows)
            belated.add(rows[finder.among(keys_of(rows))])
        return count, first

    def _next_snapshot(self, time: int) -> int:
        """Begin a snapshot; return its number."""
        self._book_is_known = True
        self._snapshot_piece = len(self._pieces)
        self._snapshots.append(_Snapshot(time, self._book_time))
        return len(self._snapshots) - 1

    def _blocks(self, first: int = 0) -> Iterator[Rows]:
        """Yield the rows from a piece on, with all times."""
        times = np.array([snapshot.time_in_order for snapshot in self._snapshots], np.int64)
        for pieces in _portions(self._pieces[first:]):
            rows = self._spool.read(pieces)
            are_of_snapshots = are_of(rows, SNAPSHOT) | are_of(rows, CLEAR)
            rows["exch_ts"][are_of_snapshots] = times[rows["exch_ts"][are_of_snapshots]]
            yield rows


def _portions(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Yield pieces, or parts of them, that are read together."""
    portion: list[Piece] = []
    room = _AT_ONCE
    for piece in pieces:
        start, rest = piece
        while rest:
            count = min(rest, room)
            portion.append(Piece(start, count))
            start, rest, room = start + count, rest - count, room - count
            if not room:
                yield portion
                portion, room = [], _AT_ONCE
    if portion:
        yield portion


def _shifted(rows: Rows, shift: int) -> Rows:
    rows["local_ts"] += shift
    return widened(rows)


def _milliseconds(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e6:,.3f} ms"
