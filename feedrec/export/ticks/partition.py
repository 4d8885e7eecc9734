"""The rows of a product and a day in one table, and their file."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...errors import RecordingError
from ...formats.stream.parquet_sink import MemorySink
from ...model import format_time
from ..staged_folder import StagedFolder
from .columns import Column
from .decimals import UnfitError
from .kinds import Kind

__all__ = ["Partition"]

_MOST_SHOWN = 40
_REMEDY = "leave it out by -c, -p, --table, --from or --until"


class Partition:
    """
    Rows of a product and a day: as lists first, then as columns, then in the file.

    Args:
        stage: Where the file is written.
        name: Its name in there.
        kind: The table.
        product: The product.
        metadata: What the file tells of itself.

    Attributes:
        lists: The newest rows, as columns of Python.
        held: How many these are.
        tabled: How many rows are columns of Arrow.
        rows: How many rows there are in all.
        path: Where the file is in the end.
        staged: Where it is until then.

    Raises:
        RecordingExistsError: If the name is taken, and may not be.
        WriteError: If the file cannot be created.

    """

    __slots__ = (
        *("_batches", "_kind", "_name", "_product", "_sink", "_stage", "_writer"),
        *("held", "lists", "path", "rows", "staged", "tabled"),
    )

    def __init__(self, stage: StagedFolder, name: str, kind: Kind, product: str, metadata: dict[str, str]) -> None:
        self._stage, self._name, self._kind, self._product = stage, name, kind, product
        self.path = stage.folder / name
        self._batches: list[Any] = []
        self.lists: list[list[Any]] = self._empty()
        self.held = self.tabled = self.rows = 0
        self.staged = stage.create(name)
        self._sink = MemorySink()
        self._writer = _writer(self._sink, kind)
        self._writer.add_key_value_metadata(metadata)

    def tabulate(self) -> int:
        """
        Make columns of all lists; return how many rows these were.

        Raises:
            RecordingError: If a value does not fit in its column.

        """
        held, self.held = self.held, 0
        if not held:
            return 0
        lists, self.lists = self.lists, self._empty()
        *columns, counts = lists
        spread = _spread(counts)
        arrays = [self._array(place, values, lists) for place, values in enumerate(columns)]
        for place, column in enumerate(self._kind.columns):
            if column.is_of_events:
                arrays[place] = arrays[place].take(spread)
        self._batches.append(pa.record_batch(arrays, schema=_schema(self._kind)))
        self.tabled += held
        self.rows += held
        return held

    def write(self) -> int:
        """
        Write the columns as a row group; return how many rows these were.

        Raises:
            WriteError: If that fails.

        """
        tabled, self.tabled = self.tabled, 0
        if tabled:
            batches, self._batches = self._batches, []
            self._writer.write_table(pa.Table.from_batches(batches), row_group_size=tabled)
            self._stage.append(self._name, self._sink.take())
        return tabled

    def close(self) -> None:
        """
        Write all there is, and the end of the file.

        Raises:
            RecordingError: If a value does not fit in its column, or that fails.

        """
        self.tabulate()
        self.write()
        self._writer.close()
        self._stage.append(self._name, self._sink.take())

    def _empty(self) -> list[list[Any]]:
        return [[] for _ in range(len(self._kind.columns) + 1)]

    def _received(self, column: Column, place: int, lists: list[list[Any]]) -> int:
        """Return when the row or event of a value was received."""
        columns = self._kind.columns
        times = next(number for number, one in enumerate(columns) if one.name == "local_time")
        if columns[times].is_of_events and not column.is_of_events:
            place = bisect_right(list(accumulate(lists[-1])), place)
        received: int = lists[times][place]
        return received

    def _array(self, place: int, values: list[Any], lists: list[list[Any]]) -> Any:
        column = self._kind.columns[place]
        try:
            return column.array(values)
        except UnfitError as error:
            received = format_time(self._received(column, error.place, lists))
            shown = str(values[error.place])
            shown = shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}..."
            what = f"{self._product} at {received}: {column.name} {shown} {error.reason}: {_REMEDY}"
            raise RecordingError(self._stage.folder / self._kind.name, what) from error


def _spread(counts: list[int]) -> Any:
    """Return for each row the number of its event."""
    ends = pa.array([end for end, rows in zip(accumulate(counts), counts, strict=True) if rows], pa.int32())
    numbers = pa.array([number for number, rows in enumerate(counts) if rows], pa.int32())
    return pc.run_end_decode(pa.RunEndEncodedArray.from_arrays(ends, numbers))


def _schema(kind: Kind) -> Any:
    return pa.schema([(column.name, column.type) for column in kind.columns])


def _writer(sink: MemorySink, kind: Kind) -> Any:
    deltas = [column.name for column in kind.columns if column.type in (pa.timestamp("ns"), pa.int64())]
    return pq.ParquetWriter(
        sink,
        _schema(kind),
        compression="zstd",
        use_dictionary=[column.name for column in kind.columns if column.is_repeated],
        column_encoding=dict.fromkeys(deltas, "DELTA_BINARY_PACKED"),
        write_page_checksum=True,
        store_schema=False,
    )
