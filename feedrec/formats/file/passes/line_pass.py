"""One pass over the lines of a file, from some byte on, that ends with damage if there is any."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple, NoReturn

from ....errors import CorruptRecordingError, LineError, NotARecordingError, TruncatedRecordingError
from ...line.codec import line_time
from ...line.seek_table import was_finished
from ...stream.protocols import Decoder
from ...stream.text_form import TextForm
from ...stream.zstd_parser import StreamDamage
from ..recording_file import RecordingFile

__all__ = ["ByteRange", "LinePass"]

_READ_SIZE = 1 << 18


class ByteRange(NamedTuple):
    """
    A part of a file.

    Attributes:
        start: Offset of its first byte.
        end: Offset of the byte after it; None for the end of the file, wherever that is.
        last_time: Last recorded time before it, as text, if known.

    """

    start: int = 0
    end: int | None = None
    last_time: str | None = None


class LinePass:
    """
    One pass.

    Args:
        file: The file.
        decoder: Decodes its bytes into lines.
        where: What to read.
        wait: Called each time the end of a file that is being written is reached; returns whether to continue.

    """

    def __init__(
        self,
        file: RecordingFile,
        decoder: Decoder,
        where: ByteRange = ByteRange(),  # noqa: B008  immutable
        *,
        wait: Callable[[], bool] | None = None,
    ) -> None:
        self.decoder = decoder
        self._file = file
        self._where = where
        self._wait = wait
        self._offset = where.start
        self._last_time = where.last_time  # before the latest batch, until that was consumed
        self._batch: list[bytes] = []
        self._batch_start = 0
        self._remaining: list[bytes] = []
        self._read_lines = self._read()

    @property
    def form(self) -> TextForm:
        """What was found beside the lines."""
        return self.decoder.form

    def take_header(self) -> bytes:
        """
        Return the first line of the file.

        Raises:
            NotARecordingError: If there is no line.
            DamagedRecordingError: If it is damaged.

        """
        lines = next(self._read_lines, None)
        if lines is None:
            self._raise_damage()
            raise NotARecordingError(self._file.path, "contains no line of a recording")
        self._batch, self._batch_start = lines, 1
        self._remaining = lines[1:]
        return lines[0]

    def batches(self) -> Iterator[list[bytes]]:
        """
        Yield the lines that are left, about a block at a time.

        Raises:
            TruncatedRecordingError: After the last complete line, if the file was cut off and is not being written.
            CorruptRecordingError: At the first block that is damaged.

        """
        if self._remaining and not self._file.is_closed:
            lines, self._remaining = self._remaining, []
            yield lines
            self._last_time = self._time_of(lines[-1])
            del lines
        for lines in self._read_lines:
            if self._file.is_closed:
                return
            self._batch, self._batch_start = lines, 0
            yield lines
            self._last_time = self._time_of(lines[-1])
        self._batch = []
        if not self._file.is_closed:
            self._raise_damage()

    def raise_bad_line(self, line: bytes, error: LineError) -> NoReturn:
        """Report the position of an invalid line; see `Recording.raise_bad_line`."""
        for _ in itertools.chain([self._batch], self.batches()):
            if line in self._batch[self._batch_start :]:
                index = self._batch.index(line, self._batch_start)
                before = self._batch[:index]
                last_time = self._time_of(before[-1]) if index > self._batch_start else self._last_time
                offset = self.decoder.offset_of_line(before)
                raise CorruptRecordingError(self._file.path, str(error), offset, last_time) from error
        raise error

    def _read(self) -> Iterator[list[bytes]]:
        """Yield the lines of the file, the header included, until its end or the first damage."""
        if not self._file.is_here:
            self._file.expect([(self._where.start, self._where.end or self._file.size())])
        while True:
            live = self._wait is not None and self._file.is_locked()  # before reading, so that nothing is missed
            while data := self._next_bytes():
                yield from self.decoder.feed(data)
                if self.decoder.damage is not None:
                    return
            if self._was_finished_too_early():
                reason = "a zstd frame extends beyond the end of the file, which was closed"
                self.decoder.damage = StreamDamage(self.decoder.unfinished or 0, reason)
                return
            if lines := self.decoder.take_unverified():
                yield lines
            if not live or self._wait is None or not self._wait():
                break
        if self._is_complete() and (lines := self.decoder.take_last_line()):
            yield lines

    def _is_complete(self) -> bool:
        """Return whether the whole file was read, and nothing will be added to it."""
        if self._where.end is not None or self._file.is_closed or self._file.is_locked():
            return False
        return self._file.size() == self._offset

    def _next_bytes(self) -> bytes:
        end = self._where.end
        size = _READ_SIZE if end is None else min(_READ_SIZE, end - self._offset)
        data = self._file.read_at(self._offset, size)
        self._offset += len(data)
        return data

    def _was_finished_too_early(self) -> bool:
        """Return whether the file ends like a closed recording, but the decoder needs more bytes."""
        if self.decoder.unfinished is None or self._where.end is not None or self._file.is_closed:
            return False
        size = self._file.size()  # it may have grown since
        return size == self._offset and was_finished(self._file.read_at, size)

    def _raise_damage(self) -> None:
        path, damage, last_time = self._file.path, self.decoder.damage, self._last_time
        if damage is not None:
            raise CorruptRecordingError(path, damage.reason, damage.offset, last_time)
        if self.decoder.unfinished is not None and not self._file.is_locked():
            raise TruncatedRecordingError(path, "the file is cut off", self._file.size(), last_time)

    def _time_of(self, line: bytes) -> str | None:
        return line_time(line) or self._where.last_time
