"""The row groups of a Parquet file, each read only if its bytes are those that were written."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ....errors import CorruptRecordingError, NotARecordingError, RecordingError, TruncatedRecordingError
from ...stream.parquet_columns import lines_of_batch, lines_of_rows, rows_of_batch
from ...stream.parquet_rows import (
    GROUPS_KEY,
    HEADER_KEY,
    MAX_GROUP_SIZE,
    SCHEMA,
    SEAL,
    SEAL_SIZE,
    SUMMARY_KEY,
    TAIL_SIZE,
    decode_groups,
    release_memory,
    seal,
)
from ...stream.protocols import MAX_LINE
from ...stream.zstd_parser import StreamDamage
from ..recording_file import RecordingFile

__all__ = ["MAGIC", "RowGroups", "Span"]

MAGIC = b"PAR1"
"""The first and the last bytes of a Parquet file."""

_EVENT = SCHEMA.get_field_index("event")
_LEAST_SIZE = len(MAGIC) + TAIL_SIZE
_BATCH_ROWS = 1024
_MAX_GROUP = MAX_GROUP_SIZE + 2 * MAX_LINE  # a line may be longer than its payload
Span = tuple[int | None, int | None]
"""First time, inclusive, and last, exclusive, in nanoseconds."""

_ERRORS = (
    pa.ArrowException,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
    MemoryError,
    StopIteration,
)
"""Everything pyarrow raises on bytes that it did not write."""


class RowGroups:
    """
    The row groups of a recording in Parquet.

    Attributes:
        header_line: The header of the recording.
        groups: What the footer says about each.
        summary: What the footer says of everything in the file, as JSON; None if it says nothing.

    """

    def __init__(self, file: RecordingFile) -> None:
        self._file = file
        self._source = _Source(file)
        footer = self._check_footer()
        try:
            self._parquet = pq.ParquetFile(
                self._source,
                pre_buffer=False,
                page_checksum_verification=True,
                thrift_string_size_limit=2 * MAX_LINE,  # a header may be as long as any line
            )
            metadata: dict[bytes, bytes] = self._parquet.metadata.metadata or {}
            self.header_line = metadata[HEADER_KEY]
            self.groups = decode_groups(metadata[GROUPS_KEY])
            self.summary = metadata.get(SUMMARY_KEY)
            is_whole = self._parquet.schema_arrow.equals(SCHEMA) and self._rows_by_group() == [
                group.lines for group in self.groups
            ]
        except _ERRORS as error:
            reason = f"unreadable footer ({_first_line(error)})"
            raise CorruptRecordingError(file.path, reason, footer, None) from error
        if not is_whole:
            raise CorruptRecordingError(file.path, "inconsistent footer", footer, None)

    def _rows_by_group(self) -> list[int]:
        metadata = self._parquet.metadata
        return [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]

    def between(self, start: int | None, end: int | None) -> list[int]:
        """Return the row groups that may have lines within a span of time: `start` inclusive, `end` exclusive."""
        return [
            number
            for number, group in enumerate(self.groups)
            if group.first is None
            or group.last is None
            or ((start is None or group.last >= start) and (end is None or group.first < end))
        ]

    def may_have(self, event: str, number: int) -> bool:
        """Return whether a row group may have events of a name, as its statistics tell."""
        column = self._parquet.metadata.row_group(number).column(_EVENT)
        found = column.statistics
        if found is None or not found.has_min_max:
            return found is None or found.null_count is None or found.null_count < column.num_values
        return bool(found.min <= event <= found.max)

    def expect(self, numbers: Sequence[int]) -> None:
        """Take which row groups will be read next: those of an object are asked for ahead."""
        if not self._file.is_here:
            groups = (self.groups[number] for number in numbers)
            self._file.expect((group.offset, group.offset + group.size) for group in groups)

    def read(self, number: int, span: Span) -> Iterator[list[bytes]]:
        """
        Yield the lines of a row group, except some of those outside a span of time.

        Raises:
            StreamDamage: If its bytes are not those that were written.

        """
        group = self.groups[number]
        self._hold(number)
        batches = self._parquet.iter_batches(_BATCH_ROWS, row_groups=[number], use_threads=False)
        rest = group.lines
        while not self._file.is_closed and rest > 0:
            try:
                batch = next(batches)
                rest -= batch.num_rows
                if not _may_be_within(batch, span):
                    batch = batch.slice(0, 0)
                rows = rows_of_batch(batch) if group.lines == 1 else None
                if rows is not None:
                    batch = None
                if rest <= 0:  # before the lines are made, which may have 96 MiB each
                    batches = iter(())
                    self._source.hold(0, 0)
                    if group.lines == 1:
                        release_memory()
                lines = lines_of_batch(batch) if rows is None else lines_of_rows(rows)
                batch = None
            except _ERRORS as error:
                if self._file.is_closed:
                    return
                reason = f"row group {number} cannot be read ({_first_line(error)})"
                raise StreamDamage(group.offset, reason) from error
            if lines:
                yield lines
                del lines

    def check(self) -> int:
        """
        Return the number of lines, after checking the bytes of every row group.

        Raises:
            StreamDamage: If the bytes of one are not those that were written, or too many for a reader.

        """
        for number in range(len(self.groups)):
            self._hold(number)
        self._source.hold(0, 0)
        return sum(group.lines for group in self.groups)

    def _hold(self, number: int) -> None:
        """Read a row group, and keep it until the next; raises as `read` does."""
        group = self.groups[number]
        if group.size > _MAX_GROUP:
            raise StreamDamage(group.offset, f"row group {number} has {group.size} bytes; the limit is {_MAX_GROUP}")
        crc = zlib.crc32(self._source.hold(group.offset, group.size))
        if crc != group.crc and not self._file.is_closed:
            raise StreamDamage(group.offset, f"row group {number} is corrupt")

    def _check_footer(self) -> int:
        """
        Return the offset of the footer.

        Raises:
            RecordingError: If it is missing, not written by feedrec, or damaged.

        """
        file, size = self._file, self._file.size()
        tail = file.read_at(max(0, size - TAIL_SIZE), TAIL_SIZE)
        if not tail.endswith(MAGIC) or size < _LEAST_SIZE:
            raise self._without_end(size)
        footer = size - TAIL_SIZE - int.from_bytes(tail[:4], "little")
        if footer < SEAL_SIZE:
            raise CorruptRecordingError(file.path, "corrupt footer size", size - TAIL_SIZE, None)
        sealed = file.read_at(footer - SEAL_SIZE, SEAL_SIZE)
        if not sealed.startswith(SEAL):
            reason = (
                "not a recording, or a damaged one: a Parquet file without feedrec's seal before its footer, "
                "written or rewritten by another program"
            )
            raise NotARecordingError(file.path, reason)
        if sealed != seal(file.read_at(footer, size - footer)):
            raise CorruptRecordingError(file.path, "corrupt footer", footer - SEAL_SIZE, None)
        return footer

    def _without_end(self, size: int) -> RecordingError:
        if self._file.is_locked():
            reason = "is being written: a Parquet file cannot be read until it is finished"
            return NotARecordingError(self._file.path, reason)
        reason = "the file is cut off, and no Parquet file can be read without its end"
        return TruncatedRecordingError(self._file.path, reason, size, None)


def _may_be_within(batch: Any, span: Span) -> bool:
    """Return whether some row may have a time within a span."""
    start, end = span
    if start is None and end is None:
        return True
    times = batch.column("time").cast(pa.int64()).to_pylist()
    if None in times or not times:
        return True
    return (start is None or max(times) >= start) and (end is None or min(times) < end)


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


class _Source(io.RawIOBase):
    """The file of a recording for pyarrow: counts what is read, and reads a part that is held only once."""

    def __init__(self, file: RecordingFile) -> None:
        super().__init__()
        self._file = file
        self._position = 0
        self._held = memoryview(b"")
        self._held_from = 0

    def hold(self, offset: int, size: int) -> memoryview:
        """Read a part of the file, keep it until the next call, and return it."""
        self._held = memoryview(b"")  # before the next is read, so that memory never holds both
        self._held, self._held_from = memoryview(self._file.read_at(offset, size)), offset
        return self._held

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._position, self._file.size())[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1) -> bytes | memoryview:
        start = self._position - self._held_from
        if size >= 0 and start >= 0 and start + size <= len(self._held):
            data: bytes | memoryview = self._held[start : start + size]  # not a copy
        else:
            data = self._file.read_at(self._position, self._file.size() - self._position if size < 0 else size)
        self._position += len(data)
        return data
