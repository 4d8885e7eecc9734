"""
Lines as columns of a Parquet file and back, many at once.

The lines of a `FrameRun` differ only in the time and the payload, so their rows are made without looking at a single
one: payloads are cut out of the text of all by position, and what is the same in all rows is repeated. The rows of any
other lines are those that `parquet_rows.row_of` makes of each; the same lines have the same rows either way. The way
back is the same: the lines of frames whose payload stands verbatim are joined column by column, and
`parquet_rows.line_of` makes all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ...model import FrameInfo, FrameInfos, kinds_of
from ..line.frame_run import AFTER_PAYLOAD, FrameRun
from .parquet_rows import INT64_LIMIT, SCHEMA, Row, int64, line_of

__all__ = [
    "batch_of_rows",
    "batch_of_run",
    "has_columns",
    "joined_batches",
    "lines_of_batch",
    "lines_of_rows",
    "rows_of_batch",
]

# Scalars once and for all: pyarrow looks for numpy and pandas whenever it makes one, which takes longer than the rest.
_JSON, _IN, _ZERO = pa.scalar("json"), pa.scalar("in"), pa.scalar(0)
_BEFORE_TIME, _BEFORE_CONN, _BEFORE_DIRECTION, _BEFORE_PAYLOAD, _AFTER_PAYLOAD, _NOTHING = map(
    pa.scalar, (b'{"time":"', b'Z","conn":', b',"dir":"', b'","frame":', b"}\n", b"")
)
_DIRECTIONS = {"in", "out"}
_DATE_END = 10  # of `2026-11-21 17:00:00.123456789`


def batch_of_rows(rows: Sequence[Row]) -> Any:
    """Return rows, at least one, as a record batch."""
    columns = zip(*rows, strict=True)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)]
    return pa.record_batch(arrays, schema=SCHEMA)


def has_columns(run: FrameRun) -> bool:
    """Return whether the columns take the numbers of a run."""
    return run.conn < INT64_LIMIT and run.times[-1] < INT64_LIMIT


def batch_of_run(run: FrameRun) -> Any:
    """Return the rows of a run as a record batch; only if `has_columns`."""
    count = len(run.times)
    channels, products, sequences = _described(run.infos)
    columns = {
        "time": pa.array(run.times, pa.int64()).cast(pa.timestamp("ns")),
        "conn": pa.repeat(pa.scalar(run.conn, pa.int64()), count),
        "dir": pa.repeat(_IN, count),
        "event": pa.nulls(count, pa.string()),
        "channel": channels,
        "product": products,
        "sequence": sequences,
        "kind": pa.repeat(_JSON, count),
        "flags": pa.nulls(count, pa.string()),
        "payload": _payloads(run),
    }
    return pa.record_batch(columns, schema=SCHEMA)


def _described(infos: Sequence[FrameInfo]) -> tuple[Any, Any, Any]:
    """Return the columns `channel`, `product` and `sequence`."""
    kinds = kinds_of(infos)
    channels = pa.array([info.channel or None for info in kinds], pa.string())
    products = pa.array([",".join(info.products) or None for info in kinds], pa.string())
    if isinstance(infos, FrameInfos):
        which = pa.array(infos.which, pa.int32())
        channels, products = channels.take(which), products.take(which)
    numbers = infos.sequences if isinstance(infos, FrameInfos) else [info.sequence for info in infos]
    try:
        sequences = pa.array(numbers, pa.int64())
    except OverflowError:
        sequences = pa.array([None if number is None else int64(number) for number in numbers], pa.int64())
    return channels, products, sequences


def joined_batches(batches: Sequence[Any]) -> Any:
    """Return record batches as one, so that pages end where they would if their rows had come at once."""
    if len(batches) == 1:
        return batches[0]
    return pa.Table.from_batches(batches, SCHEMA).combine_chunks().to_batches()[0]


def lines_of_batch(batch: Any) -> list[bytes]:
    """
    Restore the lines of a record batch.

    Raises:
        ValueError: If no line has such a row.

    """
    is_verbatim = pc.and_kleene(
        pc.and_(pc.equal(batch.column("kind"), _JSON), pc.is_null(batch.column("flags"))),
        pc.greater_equal(batch.column("time").cast(pa.int64()), _ZERO),
    )
    lines: list[bytes] = []
    start = 0
    for verbatim, stretch in groupby(is_verbatim.to_pylist()):
        rows = batch.slice(start, sum(1 for _ in stretch))
        lines += (_lines_verbatim(rows) if verbatim else None) or lines_of_rows(rows_of_batch(rows))
        start += rows.num_rows
    return lines


def _lines_verbatim(batch: Any) -> list[bytes] | None:
    """Restore the lines of frames without flags whose payload stands verbatim; None if one is not as it should be."""
    columns = {name: batch.column(name) for name in ("time", "conn", "dir", "payload")}
    if (
        any(column.null_count for column in columns.values())
        or not set(columns["dir"].unique().to_pylist()) <= _DIRECTIONS
    ):
        return None
    time = columns["time"].cast(pa.string()).cast(pa.binary())  # with a space in the place of the T
    conn, direction = columns["conn"].cast(pa.string()).cast(pa.binary()), columns["dir"].cast(pa.binary())
    joined = pc.binary_join_element_wise(
        _BEFORE_TIME,
        pc.binary_replace_slice(time, _DATE_END, _DATE_END + 1, b"T"),
        _BEFORE_CONN,
        conn,
        _BEFORE_DIRECTION,
        direction,
        _BEFORE_PAYLOAD,
        columns["payload"],
        _AFTER_PAYLOAD,
        _NOTHING,
    )
    end = memoryview(joined.buffers()[1]).cast("i")[batch.num_rows]
    lines = memoryview(joined.buffers()[2])[:end].tobytes().split(b"\n")
    lines.pop()
    return lines if len(lines) == batch.num_rows else None  # else a payload has a line feed


def rows_of_batch(batch: Any) -> list[Row]:
    """Return the rows of a record batch."""
    columns = [batch.column(name) for name in SCHEMA.names]
    columns[0] = columns[0].cast(pa.int64())
    return [Row(*values) for values in zip(*(column.to_pylist() for column in columns), strict=True)]


def lines_of_rows(rows: list[Row]) -> list[bytes]:
    """Restore the lines of rows, which are forgotten one by one; raises as `line_of` does."""
    rows.reverse()
    return [line_of(rows.pop()) for _ in range(len(rows))]


def _payloads(run: FrameRun) -> Any:
    """Return the payloads of a run, cut out of its text."""
    around = run.around
    sizes = pa.array([-around, *run.sizes], pa.int32())
    offsets = pc.cumulative_sum(pc.add(sizes, pa.scalar(around, pa.int32())))  # 0, and where each line ends
    lines = pa.Array.from_buffers(pa.binary(), len(run.sizes), [None, offsets.buffers()[1], pa.py_buffer(run.text)])
    return pc.binary_slice(lines, around - AFTER_PAYLOAD, -AFTER_PAYLOAD)
