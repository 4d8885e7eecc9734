"""
Lines as columns of a Parquet file, many at once.

The lines of a `FrameRun` differ only in the time and the payload, so their rows are made without looking at a single
one: payloads are cut out of the text of all by position, and what is the same in all rows is repeated. The rows of any
other lines are those that `parquet_rows.row_of` makes of each; the same lines have the same rows either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ...model import FrameInfo
from ..line.frame_run import AFTER_PAYLOAD, FrameRun
from .parquet_rows import INT64_LIMIT, SCHEMA, Row, int64

__all__ = ["batch_of_rows", "batch_of_run", "joined_batches"]


def batch_of_rows(rows: Sequence[Row]) -> Any:
    """Return rows, at least one, as a record batch."""
    columns = zip(*rows, strict=True)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)]
    return pa.record_batch(arrays, schema=SCHEMA)


def batch_of_run(run: FrameRun) -> Any | None:
    """Return the rows of a run as a record batch; None if it has a number that no column takes."""
    if run.conn >= INT64_LIMIT or run.times[-1] >= INT64_LIMIT:
        return None
    count, infos = len(run.times), run.infos
    columns = {
        "time": pa.array(run.times, pa.int64()).cast(pa.timestamp("ns")),
        "conn": pa.repeat(pa.scalar(run.conn, pa.int64()), count),
        "dir": pa.repeat("in", count),
        "event": pa.nulls(count, pa.string()),
        "channel": pa.array([info.channel or None for info in infos], pa.string()),
        "product": pa.array([",".join(info.products) or None for info in infos], pa.string()),
        "sequence": _sequences(infos),
        "kind": pa.repeat("json", count),
        "flags": pa.nulls(count, pa.string()),
        "payload": _payloads(run),
    }
    return pa.record_batch(columns, schema=SCHEMA)


def _sequences(infos: Sequence[FrameInfo]) -> Any:
    numbers = [info.sequence for info in infos]
    try:
        return pa.array(numbers, pa.int64())
    except OverflowError:
        return pa.array([None if number is None else int64(number) for number in numbers], pa.int64())


def joined_batches(batches: Sequence[Any]) -> Any:
    """Return record batches as one, so that pages end where they would if their rows had come at once."""
    if len(batches) == 1:
        return batches[0]
    return pa.Table.from_batches(batches, SCHEMA).combine_chunks().to_batches()[0]


def _payloads(run: FrameRun) -> Any:
    """Return the payloads of a run, cut out of its text."""
    around = run.around
    sizes = pa.array([-around, *run.sizes], pa.int32())
    offsets = pc.cumulative_sum(pc.add(sizes, pa.scalar(around, pa.int32())))  # 0, and where each line ends
    lines = pa.Array.from_buffers(pa.binary(), len(run.sizes), [None, offsets.buffers()[1], pa.py_buffer(run.text)])
    return pc.binary_slice(lines, around - AFTER_PAYLOAD, -AFTER_PAYLOAD)
