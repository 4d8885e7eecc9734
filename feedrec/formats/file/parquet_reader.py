"""
Reads a recording in Parquet as the lines from which it was made.

Memory is bounded by a row group. Its lines are returned only after its bytes proved to be those that were written.
"""

from __future__ import annotations

import contextlib
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import (
    CorruptRecordingError,
    LineError,
    NotARecordingError,
    RecordingError,
    TruncatedRecordingError,
)
from ..line.codec import decode_header, line_time
from ..line.fast_path import lines_between
from ..stream.parquet_rows import (
    GROUPS_KEY,
    HEADER_KEY,
    MAX_GROUP_SIZE,
    SCHEMA,
    SEAL,
    SEAL_SIZE,
    SUMMARY_KEY,
    TAIL_SIZE,
    Row,
    decode_groups,
    line_of,
    release_memory,
    seal,
)
from ..stream.protocols import MAX_LINE
from ..stream.zstd_parser import StreamDamage
from .recording import Recording, RecordingFile

__all__ = ["MAGIC", "ParquetRecording", "require_lines"]

MAGIC = b"PAR1"
"""The first and the last bytes of a Parquet file."""

_LEAST_SIZE = len(MAGIC) + TAIL_SIZE
_BATCH_ROWS = 1024
_MAX_GROUP = MAX_GROUP_SIZE + 2 * MAX_LINE  # a line may be longer than its payload
_Span = tuple[int | None, int | None]
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


class ParquetRecording(Recording):
    """
    A `.parquet` that feedrec wrote.

    Args:
        path: The file.

    Raises:
        NotARecordingError: If there is no such file, it was written by something else, or it is being written.
        TruncatedRecordingError: If its end is missing, without which nothing can be read.
        CorruptRecordingError: If its footer is damaged.
        RecordingError: If it cannot be opened.

    """

    def __init__(self, path: Path | str) -> None:
        super().__init__(RecordingFile(Path(path)))
        try:
            self._rows = _RowGroups(self._file)
            self.header_line = self._rows.header_line
            self.header = decode_header(self.header_line)
        except LineError as error:
            self._file.close()
            raise NotARecordingError(self.path, str(error)) from error
        except BaseException:
            self._file.close()
            raise
        self._begin = 0
        self._latest = self._pass_over(range(len(self._rows.groups)))

    @property
    def summary(self) -> bytes | None:
        """What the file says of everything in it, as JSON; None if it says nothing."""
        return self._rows.summary

    def seek(self, start: int) -> int:
        passed = 0
        for number, group in enumerate(self._rows.groups):
            if group.last is None or group.last >= start:
                self._begin = number
                return passed
            passed += group.lines
        return 0

    def blocks_back(self, *, before_place: bool = False) -> Iterator[list[bytes]]:
        until = self._begin if before_place else len(self._rows.groups)
        for number in reversed(range(until)):
            with contextlib.suppress(RecordingError):
                yield [line for lines in self._pass_over([number]).batches() for line in lines]

    def batches(self, start: int | None = None, end: int | None = None) -> Iterator[list[bytes]]:
        if start is None and end is None:
            self._latest = self._pass_over(range(self._begin, len(self._rows.groups)))
            return self._latest.batches()
        self._latest = self._pass_over(self._rows.between(start, end), (start, end))
        return lines_between(self._latest.batches(), start, end)

    def raise_bad_line(self, line: bytes, error: LineError) -> NoReturn:
        self._latest.raise_bad_line(line, error)

    def _pass_over(self, numbers: Sequence[int], span: _Span = (None, None)) -> _LinePass:
        return _LinePass(self._rows, numbers, span, self.path)


class _LinePass:
    """One pass over the lines of some row groups, in order, skipping most lines outside a span of time."""

    def __init__(self, rows: _RowGroups, numbers: Sequence[int], span: _Span, path: Path) -> None:
        self._rows = rows
        self._span = span
        self._path = path
        self._group = 0
        self._batch: list[bytes] = []
        self._last_time: str | None = None  # before the latest batch
        self._batches = self._read(numbers)

    def batches(self) -> Iterator[list[bytes]]:
        yield from self._batches

    def raise_bad_line(self, line: bytes, error: LineError) -> NoReturn:
        while line not in self._batch:
            if next(self._batches, None) is None:
                raise error
        index = self._batch.index(line)
        last_time = line_time(self._batch[index - 1]) if index else self._last_time
        reason = f"invalid row in row group {self._group}: {error}"
        offset = self._rows.groups[self._group].offset
        raise CorruptRecordingError(self._path, reason, offset, last_time) from error

    def _read(self, numbers: Sequence[int]) -> Iterator[list[bytes]]:
        try:
            for self._group in numbers:
                for lines in self._rows.read(self._group, self._span):
                    self._batch = lines
                    del lines
                    yield self._batch
                    self._last_time = line_time(self._batch[-1])
                    self._batch = []  # a line may have 96 MiB: keep none while the next is read
        except StreamDamage as damage:
            raise CorruptRecordingError(self._path, damage.reason, damage.offset, self._last_time) from damage


class _RowGroups:
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

    def read(self, number: int, span: _Span) -> Iterator[list[bytes]]:
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
                rows = _rows_of(batch) if _may_be_within(batch, span) else []
                del batch
                if rest <= 0:  # before the lines are made, which may have 96 MiB each
                    batches = iter(())
                    self._source.hold(0, 0)
                    if group.lines == 1:
                        release_memory()
                lines = _lines_of(rows)
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


def require_lines(path: Path, lines: int) -> None:
    """
    Make sure that a Parquet file just written has so many lines after the header, all of which can be read.

    Raises:
        RecordingError: If it has not.

    """
    file = RecordingFile(path)
    try:
        found = _RowGroups(file).check()
    except StreamDamage as damage:
        raise RecordingError(path, damage.reason) from damage
    finally:
        file.close()
    if found != lines:
        raise RecordingError(path, f"it has {found} lines instead of {lines}")


def _may_be_within(batch: Any, span: _Span) -> bool:
    """Return whether some row may have a time within a span."""
    start, end = span
    if start is None and end is None:
        return True
    times = batch.column("time").cast(pa.int64()).to_pylist()
    if None in times or not times:
        return True
    return (start is None or max(times) >= start) and (end is None or min(times) < end)


def _rows_of(batch: Any) -> list[Row]:
    columns = [batch.column(name) for name in SCHEMA.names]
    columns[0] = columns[0].cast(pa.int64())
    return [Row(*values) for values in zip(*(column.to_pylist() for column in columns), strict=True)]


def _lines_of(rows: list[Row]) -> list[bytes]:
    """Return the lines of rows, which are forgotten one by one."""
    rows.reverse()
    return [line_of(rows.pop()) for _ in range(len(rows))]


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
