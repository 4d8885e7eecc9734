"""
Entries as the rows of a Parquet file; docs/catalogue.md has its columns.

Times are timestamps in nanoseconds (UTC), which end in 2262. What a row cannot have in it, such as a later time or a
name that is no valid text, is in no catalogue: it is looked at each time.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from .entry import Entry

__all__ = ["decode_table", "encode_table", "has_row"]

_VERSION_KEY, _VERSION = b"feedrec.catalogue", b"1"
_MOST = (1 << 63) - 1
_TIME = pa.timestamp("ns", tz="UTC")
_TIMES = ("modified", "created", "begin", "end", "first_time", "last_time")
_TEXTS = ("path", "etag", "state", "problem", "endpoint", "url", "software")
_CHANNELS = pa.list_(
    pa.struct([("channel", pa.string()), ("product", pa.string()), ("frames", pa.int64()), ("bytes", pa.int64())])
)
_SNAPSHOTS = pa.list_(pa.struct([("channel", pa.string()), ("product", pa.string()), ("time", _TIME)]))
_SNAPSHOTS_AS_NUMBERS = pa.list_(pa.struct([("channel", pa.string()), ("product", pa.string()), ("time", pa.int64())]))


def _type_of(name: str) -> Any:
    if name in _TIMES:
        return _TIME
    if name in _TEXTS:
        return pa.string()
    return {"channels": _CHANNELS, "snapshots": _SNAPSHOTS}.get(name, pa.int64())


_NAMES = Entry.__struct_fields__
_SCHEMA = pa.schema([(name, _type_of(name)) for name in _NAMES], metadata={_VERSION_KEY: _VERSION})


def has_row(entry: Entry) -> bool:
    """Return whether an entry can be a row."""
    try:
        msgspec.json.encode(entry)
    except UnicodeEncodeError:
        return False
    numbers = [value for value in msgspec.structs.astuple(entry) if isinstance(value, int)]
    numbers += [number for one in entry.channels for number in (one.frames, one.bytes)]
    numbers += [one.time for one in entry.snapshots or ()]
    return all(0 <= number <= _MOST for number in numbers)


def encode_table(entries: Sequence[Entry]) -> bytes:
    """Return a Parquet file of entries, each of which has a row; the same entries give the same bytes."""
    rows = [msgspec.to_builtins(entry) for entry in entries]
    columns = [pa.array([row[name] for row in rows], _SCHEMA.field(name).type) for name in _NAMES]
    with io.BytesIO() as file:
        pq.write_table(pa.table(columns, schema=_SCHEMA), file, compression="zstd")
        return file.getvalue()


def decode_table(data: bytes) -> list[Entry] | None:
    """Return the entries of such a file; None if it is none, or of another version of feedrec."""
    try:
        table = pq.read_table(io.BytesIO(data), partitioning=None)
        if (table.schema.metadata or {}).get(_VERSION_KEY) != _VERSION:
            return None
        columns = [_as_numbers(table.column(name)).to_pylist() for name in _NAMES]
        rows = [dict(zip(_NAMES, values, strict=True)) for values in zip(*columns, strict=True)]
        return msgspec.convert(rows, list[Entry])
    except (pa.ArrowException, msgspec.ValidationError, KeyError, ValueError, OSError):
        return None


def _as_numbers(column: Any) -> Any:
    """Return a column with its times as nanoseconds."""
    if column.type == _TIME:
        return column.cast(pa.int64())
    return column.cast(_SNAPSHOTS_AS_NUMBERS) if column.type == _SNAPSHOTS else column
