"""Lines to a Parquet file, a row group at a time."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import pyarrow.parquet as pq

from ..facts.index_builder import IndexBuilder
from ..facts.sequence_check import MakeRule
from ..line.frame_run import FrameRun, joined_runs
from ..line.index import Mark
from .parquet_columns import batch_of_rows, batch_of_run, has_columns, joined_batches
from .parquet_rows import (
    GROUPS_KEY,
    HEADER_KEY,
    MAX_GROUP_ROWS,
    MAX_GROUP_SIZE,
    SCHEMA,
    SUMMARY_KEY,
    TAIL_SIZE,
    Row,
    RowGroup,
    encode_groups,
    release_memory,
    row_of,
    seal,
)
from .parquet_sink import MemorySink, Sink
from .protocols import NOTHING_PENDING, Pending
from .whole_block import WholeBlock
from .zstd_blocks import DEFAULT_LEVEL

__all__ = ["ParquetEncoder"]

_WITH_DICTIONARY = ["conn", "dir", "event", "channel", "product", "kind", "flags"]
_WITH_STATISTICS = ["time", *_WITH_DICTIONARY, "sequence"]
_DELTAS = {"time": "DELTA_BINARY_PACKED", "sequence": "DELTA_BINARY_PACKED"}

_TOGETHER = 1 << 19
"""Bytes of runs that become columns together: to make arrays takes its time, however short they are."""


class ParquetEncoder:
    """
    Encodes lines as a Parquet file, a row group at a time.

    Nothing can be read before `finish`.

    Args:
        level: zstd level.
        group_rows: Maximum number of rows in a row group.
        group_size: Maximum bytes of lines in a row group.
        sink: Where pyarrow writes; None for memory.
        make_rule: The sequence rule of the feed, if it describes every received frame; for the summary.

    """

    def __init__(
        self,
        level: int = DEFAULT_LEVEL,
        group_rows: int = MAX_GROUP_ROWS,
        group_size: int = MAX_GROUP_SIZE,
        sink: Sink | None = None,
        make_rule: MakeRule | None = None,
    ) -> None:
        self._level = level
        self._group_rows = group_rows
        self._group_size = group_size
        self._sink: Sink = sink or MemorySink()
        self._header = b""
        self._begin_group()
        self._ready: list[bytes] = []
        self._groups: list[RowGroup] = []
        self._index = IndexBuilder()
        self._make_rule = make_rule

    def begin(self, header: bytes) -> bytes:
        self._header = header
        self._index.begin(header, self._make_rule)
        self._writer = pq.ParquetWriter(
            self._sink.stream,
            SCHEMA,
            compression="zstd",
            compression_level=self._level,
            use_dictionary=_WITH_DICTIONARY,
            column_encoding=_DELTAS,
            write_statistics=_WITH_STATISTICS,
            write_page_checksum=True,
            store_schema=False,
        )
        return self._sink.take()

    def add(self, lines: Sequence[bytes], marks: Sequence[Mark] = ()) -> bytes:
        known: Sequence[Mark | None] = marks or [None] * len(lines)
        start = 0
        for number, (line, mark) in enumerate(zip(lines, known, strict=True)):
            if self._lines and (self._lines >= self._group_rows or self._size + len(line) >= self._group_size):
                self._index.add(lines[start:number], marks[start:number])
                self._end_group()
                start = number
            self._batch_runs()
            self._rows.append(row_of(line, mark))
            self._lines += 1
            self._size += len(line) + 1
        self._index.add(lines[start:], marks[start:])
        return self._take_ready()

    def add_run(self, run: FrameRun) -> bytes | None:
        if not has_columns(run):
            return None
        while True:
            fitting = min(run.lines_within(self._group_size - self._size), self._group_rows - self._lines)
            count = min(fitting or int(not self._lines), run.count)
            if count == run.count:
                self._hold(run)
                return self._take_ready()
            if count:
                first, run = run.parted(count)
                self._hold(first)
            self._end_group()

    def add_block(self, block: WholeBlock) -> None:  # noqa: ARG002
        return

    def flush(self) -> bytes:
        return b""

    def finish(self) -> bytes:
        self._end_group()
        metadata = {HEADER_KEY: self._header, GROUPS_KEY: encode_groups(self._groups)}
        if (summary := self._index.summary()) is not None:
            metadata[SUMMARY_KEY] = summary
        self._writer.add_key_value_metadata(metadata)
        self._writer.close()
        rest = self._sink.take()
        footer = len(rest) - TAIL_SIZE - int.from_bytes(rest[-TAIL_SIZE:][:4], "little")
        return b"".join([self._take_ready(), rest[:footer], seal(rest[footer:]), rest[footer:]])

    @property
    def end_size(self) -> int | None:
        return None

    @property
    def pending(self) -> Pending:
        return NOTHING_PENDING

    def _take_ready(self) -> bytes:
        ready, self._ready = self._ready, []
        return b"".join(ready)

    def _begin_group(self) -> None:
        self._batches: list[Any] = []
        self._runs: list[FrameRun] = []  # after them
        self._runs_size = 0
        self._rows: list[Row] = []  # after the batches, and only if no run is
        self._times: list[int | None] = []  # of batches and runs, the earliest and the latest among them
        self._lines = self._size = 0

    def _hold(self, run: FrameRun) -> None:
        self._batch_rows()
        self._runs.append(run)
        self._runs_size += run.size
        if self._runs_size >= _TOGETHER:
            self._batch_runs()
        self._times += run.times[0], run.times[-1]
        self._lines += run.count
        self._size += len(run.text)
        self._index.add_run(run)

    def _batch_rows(self) -> None:
        """Make a batch of the rows that came last."""
        if self._rows:
            self._batches.append(batch_of_rows(self._rows))
            self._times += [row.time for row in self._rows]
            self._rows.clear()  # before compression, so that nothing is held twice

    def _batch_runs(self) -> None:
        """Make batches of the runs that came last."""
        if self._runs:
            runs = [joined_runs(list(group)) for _, group in groupby(self._runs, attrgetter("conn"))]
            self._runs.clear()  # as in `_batch_rows`
            self._runs_size = 0
            self._batches += map(batch_of_run, runs)

    def _end_group(self) -> None:
        if not self._lines:
            return
        offset, is_large = self._sink.tell(), self._size > self._group_size
        self._batch_runs()
        self._batch_rows()
        known = [time for time in self._times if time is not None]
        first, last = (min(known), max(known)) if len(known) == len(self._times) else (None, None)
        batch = joined_batches(self._batches)
        self._begin_group()
        if is_large:
            release_memory()
        lines = batch.num_rows
        self._writer.write_batch(batch, row_group_size=lines)
        del batch
        data = self._sink.take()
        self._groups.append(RowGroup(lines, offset, len(data), zlib.crc32(data), first, last))
        self._index.end_block(len(data), 0, 0)
        self._ready.append(data)
