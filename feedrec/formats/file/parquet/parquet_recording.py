"""
Reads a recording in Parquet as the lines from which it was made.

Memory is bounded by a row group. Its lines are returned only after its bytes proved to be those that were written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from ....errors import CorruptRecordingError, LineError, NotARecordingError, RecordingError
from ...line.codec import decode_header, line_time
from ...line.fast_path import lines_between
from ...line.index import IndexedBlock
from ...line.selection import Selection
from ...places.url_path import place_of
from ...stream.zstd_parser import StreamDamage
from ..recording import Recording
from ..recording_file import RecordingFile
from .row_groups import RowGroups, Span

__all__ = ["ParquetRecording", "require_lines"]


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
        super().__init__(RecordingFile(place_of(path)))
        try:
            self._rows = RowGroups(self._file)
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
        self._begin = len(self._rows.groups)
        return passed

    def blocks_back(
        self,
        *,
        before_place: bool = False,
        is_wanted: Callable[[IndexedBlock], bool] = lambda _block: True,  # noqa: ARG002  it has no such index
    ) -> Iterator[list[bytes]]:
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

    def batches_with(self, event: str, start: int | None = None, end: int | None = None) -> Iterator[list[bytes]]:
        numbers = [number for number in self._rows.between(start, end) if self._rows.may_have(event, number)]
        self._latest = self._pass_over(numbers, (start, end))
        return lines_between(self._latest.batches(), start, end)

    def batches_for(self, selection: Selection) -> Iterator[list[bytes]]:
        return self.batches(selection.start, selection.end)

    def raise_bad_line(self, line: bytes, error: LineError) -> NoReturn:
        self._latest.raise_bad_line(line, error)

    def _pass_over(self, numbers: Sequence[int], span: Span = (None, None)) -> _LinePass:
        return _LinePass(self._rows, numbers, span, self.path)


class _LinePass:
    """One pass over the lines of some row groups, in order, skipping most lines outside a span of time."""

    def __init__(self, rows: RowGroups, numbers: Sequence[int], span: Span, path: Path) -> None:
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
        self._rows.expect(numbers)
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


def require_lines(path: Path, lines: int) -> None:
    """
    Make sure that a Parquet file just written has so many lines after the header, all of which can be read.

    Raises:
        RecordingError: If it has not.

    """
    file = RecordingFile(path)
    try:
        found = RowGroups(file).check()
    except StreamDamage as damage:
        raise RecordingError(path, damage.reason) from damage
    finally:
        file.close()
    if found != lines:
        raise RecordingError(path, f"it has {found} lines instead of {lines}")
