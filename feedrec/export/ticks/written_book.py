"""The book of a product as the rows say that were written of it: nothing is followed until a day begins with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...errors import WriteError
from ...feeds.market.told import BookChanges
from ..days import DAY, day_of

__all__ = ["WrittenBook"]

_LEVEL = ["side", "price"]
_COLUMNS = [*_LEVEL, "size"]
_BEST_FIRST = [("side", "descending"), ("order", "ascending")]


class WrittenBook:
    """
    Knows in which files the book of a product is.

    Attributes:
        day_begin, day_end: The day of the last changes, in nanoseconds since 1970.
        time: When the venue changed it last.

    """

    __slots__ = ("_files", "_is_known", "_since", "day_begin", "day_end", "time")

    def __init__(self) -> None:
        self.day_begin = self.day_end = self.time = 0
        self._files: list[tuple[Path, int]] = []
        self._is_known = False
        self._since = 0

    def begin_day(self, time: int, changes: BookChanges) -> bool:
        """
        Begin the day of a time, or go on with it; tell whether the book must stand before these changes.

        That is so after any day before: where the clock was set back over midnight, the later day goes on with what has
        changed on the earlier one. An earlier day goes on as it was.
        """
        before, self.day_begin = self.day_begin, day_of(time)
        self.day_end = self.day_begin + DAY
        return self.day_begin > before and self._is_known and not changes.is_snapshot

    def restart(self, event: int) -> None:
        """Note that the event with this number, in the file that is being written, is the whole book."""
        self._files, self._since, self._is_known = [], event, True

    def lose(self) -> None:
        """Note that it is not known any more."""
        self._files, self._is_known = [], False

    def closed(self, path: Path) -> None:
        """Note that the file that was being written is whole."""
        if self._is_known:
            self._files.append((path, self._since))
            self._since = 0

    def read(self, product: str) -> BookChanges:
        """
        Return the book, the best of each side first.

        Raises:
            WriteError: If a file cannot be read again.

        """
        book: Any = None
        for path, since in self._files:
            try:
                for levels in _levels(path, since):
                    book = _last(levels if book is None else pa.concat_tables([book, levels]))
            except (OSError, pa.ArrowException) as error:
                raise WriteError(path, f"cannot be read again: {error}") from error
        if book is None:
            return BookChanges(product, self.time, True, [], [], [])
        are_bids = pc.equal(book["side"], "bid")
        order = pc.if_else(are_bids, pc.negate(book["price"]), book["price"])
        book = book.append_column("order", order).sort_by(_BEST_FIRST)
        sides = [side == "bid" for side in book["side"].to_pylist()]
        prices, sizes = ([f"{one:f}" for one in book[name].to_pylist()] for name in ("price", "size"))
        return BookChanges(product, self.time, True, sides, prices, sizes)


def _levels(path: Path, since: int) -> Iterator[Any]:
    """Yield levels that were written from an event on, a row group at a time."""
    with pq.ParquetFile(path) as file:
        place = file.schema_arrow.get_field_index("event")
        for group in range(file.num_row_groups):
            if file.metadata.row_group(group).column(place).statistics.max >= since:
                rows = file.read_row_group(group, columns=["event", *_COLUMNS])
                yield rows.filter(pc.greater_equal(rows["event"], since)).select(_COLUMNS)


def _last(levels: Any) -> Any:
    """Return the last size of each price, without those that are zero."""
    numbered = levels.append_column("row", pa.array(range(len(levels)), pa.int64()))
    last = levels.take(numbered.group_by(_LEVEL).aggregate([("row", "max")])["row_max"])
    return last.filter(pc.not_equal(last["size"], 0))
