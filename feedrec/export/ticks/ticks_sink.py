"""Takes what is told of the market, and writes the tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from ...errors import RecordingExistsError, UsageError, WriteError
from ...feeds.market.told import BookChanges, Told
from ...formats.file.modes import USUAL, FileMode
from ...formats.file.names import PARQUET_SUFFIX
from ...spelling import did_you_mean
from ..continuity import BookLost, Gap
from ..days import DAY
from ..market_sink import ExportedFile, MarketSink
from ..staged_folder import StagedFolder
from .hive_names import partition_folder
from .kinds import KINDS, TABLES, Kind
from .partition import Partition
from .written_book import WrittenBook

__all__ = ["TicksSink", "begin"]

_EXCHANGE = "feedrec.exchange"
"""Key of the name of the exchange in the metadata of files."""

_BOOKS = KINDS[BookChanges].name
_MOST_HELD = 1 << 17
_MOST_TABLED = 1 << 20
_GROUP_ROWS = 1 << 17


def begin(
    folder: Path, exchange: str, tables: Collection[str] = (), *, overwrite: bool = False, mode: FileMode = USUAL
) -> TicksSink:
    """
    Return what writes tables into a folder: `book_changes/date=2026-08-09/product=BTC-USD/part-0.parquet`.

    Args:
        folder: The folder; it is made if it does not exist.
        exchange: The name of the exchange, which stands in the metadata of each file.
        tables: Which tables to write; all if there are none.
        overwrite: Whether to replace what there is of a product and a day.
        mode: Who may read the files.

    Raises:
        UsageError: If there is no such table.
        WriteError: If nothing can be written there.

    """
    for name in tables:
        if name not in TABLES:
            hint = did_you_mean(name, TABLES) or f": choose of {', '.join(TABLES)}"
            raise UsageError(f"there is no table {name!r}{hint}")
    stage = StagedFolder(folder, overwrite=overwrite, mode=mode)
    return TicksSink(stage, exchange, tables or TABLES, overwrite=overwrite)


class _Place(NamedTuple):
    """Where rows are."""

    table: str
    product: str
    day: int


class _Reached(NamedTuple):
    """How far a place has come when rows of another day come in between: its files, and its events."""

    files: int = 0
    events: int = 0


class _Day:
    """The day of a product that is being written."""

    __slots__ = ("begin", "end", "events", "files", "partition", "place")

    def __init__(self, place: _Place, partition: Partition, reached: _Reached) -> None:
        self.place, self.partition = place, partition
        self.begin, self.end = place.day * DAY, (place.day + 1) * DAY
        self.files, self.events = reached


class TicksSink(MarketSink):
    """
    Writes tables; see `MarketSink`.

    Rows are held in memory until there are many: of all products together, so that it does not matter how many these
    are. Files are open only while something is written to them.

    Args:
        stage: Where the files are written.
        exchange: The name of the exchange.
        tables: Which tables to write.
        overwrite: Whether to replace what there is of a product and a day.
        most_held: How many rows may be lists of Python: 25 MB for the default.
        most_tabled: How many rows may be columns of Arrow: 70 MB for the default.
        group_rows: From how many rows on a row group is written before it must be.

    """

    def __init__(
        self,
        stage: StagedFolder,
        exchange: str,
        tables: Collection[str] = TABLES,
        *,
        overwrite: bool = False,
        most_held: int = _MOST_HELD,
        most_tabled: int = _MOST_TABLED,
        group_rows: int = _GROUP_ROWS,
    ) -> None:
        self._stage, self._overwrite = stage, overwrite
        self._metadata = {_EXCHANGE: exchange}
        self._kinds = {told: kind for told, kind in KINDS.items() if kind.name in tables}
        self._days: dict[Kind, dict[str, _Day]] = {kind: {} for kind in self._kinds.values()}
        self._reached: dict[_Place, _Reached] = {}
        self._files: list[ExportedFile] = []
        self._books: defaultdict[str, WrittenBook] = defaultdict(WrittenBook)
        self._most_held, self._most_tabled, self._group_rows = most_held, most_tabled, group_rows
        self._held = self._tabled = 0

    def take(self, time: int, told: Told | Gap | BookLost) -> None:
        kind = self._kinds.get(type(told))
        if isinstance(told, BookLost):
            self._books[told.product].lose()
        elif kind is None:
            return
        elif isinstance(told, BookChanges):
            book = self._books[told.product]
            if not book.day_begin <= time < book.day_end and book.begin_day(time, told):
                day = self._turn(kind, told.product, time // DAY)  # so that what was written can be read
                self._add_changes(kind, time if day.events else day.begin, book.read(told.product), book)
            self._add_changes(kind, time, told, book)
        else:
            self._add(kind, time, told)

    def finish(self) -> list[ExportedFile]:
        for day in [day for days in self._days.values() for day in days.values()]:
            self._close(day)
        self._stage.commit()
        if self._overwrite:
            self._remove_replaced()
        return self._files

    def discard(self) -> None:
        self._stage.discard()

    def _add_changes(self, kind: Kind, time: int, changes: BookChanges, book: WrittenBook) -> None:
        event = self._add(kind, time, changes)
        book.time = changes.time
        if changes.is_snapshot:
            book.restart(event)

    def _add(self, kind: Kind, time: int, told: Told | Gap) -> int:
        """Add what is told; return its number on its day."""
        day = self._days[kind].get(told.product)
        if day is None or not day.begin <= time < day.end:
            day = self._turn(kind, told.product, time // DAY)
        partition = day.partition
        event = day.events
        rows = kind.add(partition.lists, time, told, event)
        day.events = event + 1
        partition.held += rows
        self._held += rows
        if self._held > self._most_held:
            self._make_room()
        return event

    def _turn(self, kind: Kind, product: str, number: int) -> _Day:
        """Begin a day of a product, or go on with it if the clock was set back."""
        before = self._days[kind].pop(product, None)
        if before is not None:
            self._close(before)
        place = _Place(kind.name, product, number)
        reached = self._reached.get(place, _Reached())
        folder = partition_folder(*place[:1], number, product)
        if not reached.files:
            self._refuse_rows_in(self._stage.folder / folder)
        name = str(folder / f"part-{reached.files}{PARQUET_SUFFIX}")
        partition = Partition(self._stage, name, kind, product, self._metadata)
        day = self._days[kind][product] = _Day(place, partition, reached)
        return day

    def _close(self, day: _Day) -> None:
        partition = day.partition
        self._held -= partition.held
        self._tabled -= partition.tabled
        partition.close()
        if day.place.table == _BOOKS:
            self._books[day.place.product].closed(partition.staged)
        self._reached[day.place] = _Reached(day.files + 1, day.events)
        self._files.append(ExportedFile(partition.path, partition.rows, day.place.product))

    def _make_room(self) -> None:
        """Have half of the rows that are held as columns, and half of the columns in files, the largest first."""
        partitions = [day.partition for days in self._days.values() for day in days.values()]
        for partition in sorted(partitions, key=lambda one: one.held, reverse=True):
            rows = partition.tabulate()
            self._held -= rows
            self._tabled += rows
            if partition.tabled >= self._group_rows:
                self._tabled -= partition.write()
            if self._held <= self._most_held // 2:
                break
        if self._tabled > self._most_tabled:
            for partition in sorted(partitions, key=lambda one: one.tabled, reverse=True):
                self._tabled -= partition.write()
                if self._tabled <= self._most_tabled // 2:
                    break

    def _refuse_rows_in(self, folder: Path) -> None:
        if not self._overwrite and any(_files_in(folder)):
            raise RecordingExistsError(folder, "already has rows: choose another folder, or use --overwrite")

    def _remove_replaced(self) -> None:
        """Remove files that are left of what was replaced."""
        written = {one.path for one in self._files}
        for folder in {path.parent for path in written}:
            for path in _files_in(folder):
                if path not in written:
                    try:
                        path.unlink()
                    except OSError as error:
                        raise WriteError(path, f"is of what was replaced, and cannot be removed: {error}") from error


def _files_in(folder: Path) -> Iterable[Path]:
    return folder.glob(f"*{PARQUET_SUFFIX}")
