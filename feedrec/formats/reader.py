"""
Reading a recording: whole, cut off, or still being written.

What a file is, is told from its first bytes, not from its name. Memory is bounded by a block and a line, whatever the
size of the file.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NoReturn, Self

from ..errors import CorruptRecordingError, LineError, NotARecordingError, RecordingError, TruncatedRecordingError
from ..model import Record
from .blocks import BlockDecoder, Decoder, PlainDecoder
from .lines import decode_header, decode_line, line_time
from .target import PART_SUFFIX
from .zstd import looks_like_zstd

__all__ = ["RecordingReader"]

_READ_SIZE = 1 << 18


class RecordingReader:
    """
    One recording on disk, read from its beginning.

    Iterate it for its records. All that can be read is given first; damage is raised after that.

    Args:
        path: A `.jsonl.zst` or `.jsonl`, finished or with `.part` at its end.
        wait: Follow a file that is still being written: called each time its end is reached, it returns whether to go
            on. Without it, reading ends with what the file holds at that moment.

    Attributes:
        path: The file.
        header: Its first line.
        header_line: The same as it stands in the file.

    Raises:
        NotARecordingError: If there is no such file, it was written by something else, or it is no regular file.
        RecordingError: If it cannot be opened.

    """

    def __init__(self, path: Path | str, *, wait: Callable[[], bool] | None = None) -> None:
        self.path = Path(path)
        self._wait = wait
        self._decoder: Decoder
        self._last_line = b""  # before the batch that was given last, until that was taken
        self._batch: list[bytes] = []
        self._batch_start = 0
        self._file = _open(self.path)
        self._batches = self._read()
        try:
            self._lines_in_wait = self._read_header()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. Iterators of it end."""
        self._file.close()

    @property
    def is_live(self) -> bool:
        """Whether a recorder is still writing this file."""
        if self._file.closed:
            return False
        try:
            fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a file system without locks
            return False
        fcntl.flock(self._file, fcntl.LOCK_UN)
        return False

    @property
    def is_part(self) -> bool:
        """Whether its name says that it was never finished."""
        return self.path.name.endswith(PART_SUFFIX)

    @property
    def size(self) -> int:
        """Bytes in the file at this moment."""
        return os.fstat(self._file.fileno()).st_size

    def __iter__(self) -> Iterator[Record]:
        """
        Give every record after the header.

        Raises:
            TruncatedRecordingError: After the last whole line, if the file was cut off and nobody is writing it.
            CorruptRecordingError: At the first block or line that is damaged.

        """
        for _, record in self.lines_with_records():
            yield record

    def lines_with_records(self) -> Iterator[tuple[bytes, Record]]:
        """
        Give every record after the header together with the line that it stands in.

        Raises:
            TruncatedRecordingError: As for iteration.
            CorruptRecordingError: As for iteration.

        """
        for lines in self.batches():
            for line in lines:
                try:
                    record = decode_line(line)
                except LineError as error:
                    self.raise_bad_line(line, error)
                yield line, record

    def batches(self) -> Iterator[list[bytes]]:
        """
        Give the lines after the header, about a block of them at a time; a recording can be read once.

        Raises:
            TruncatedRecordingError: As for iteration.
            CorruptRecordingError: As for iteration.

        """
        if self._lines_in_wait:
            lines, self._lines_in_wait = self._lines_in_wait, []
            yield lines
            self._last_line = lines[-1]
        for lines in self._batches:
            self._batch, self._batch_start = lines, 0
            yield lines
            self._last_line = lines[-1]
        if not self._file.closed:
            self._raise_damage()

    def raise_bad_line(self, line: bytes, error: LineError) -> NoReturn:
        """
        Say where the first line is that is none, for those who decode what `batches` gives.

        It is looked for in the lines given last, and then in those that follow: a new reader finds it as well.

        Raises:
            CorruptRecordingError: With the place of the line, and the time of the one before it.
            LineError: The error given, if there is no such line.

        """
        for _ in itertools.chain([self._batch], self.batches()):
            if line in self._batch[self._batch_start :]:
                index = self._batch.index(line, self._batch_start)
                before = self._batch[:index]
                last_line = before[-1] if index > self._batch_start else self._last_line
                offset = self._decoder.offset_of_line(before)
                raise CorruptRecordingError(self.path, str(error), offset, line_time(last_line)) from error
        raise error

    def _read(self) -> Iterator[list[bytes]]:
        """Give the lines of the file, the header among them, until its end or the first damage."""
        while True:
            live = self._wait is not None and self.is_live  # asked before reading: what is written until then counts
            while data := self._next_bytes():
                yield from self._decoder.feed(data)
                if self._decoder.damage is not None:
                    return
            if lines := self._decoder.take_unverified():
                yield lines
            if not live or self._wait is None or not self._wait():
                return

    def _next_bytes(self) -> bytes:
        if self._file.closed:
            return b""
        try:
            return self._file.read(_READ_SIZE)
        except OSError as error:
            raise RecordingError(self.path, f"cannot be read: {error.strerror}") from error

    def _read_header(self) -> list[bytes]:
        try:
            head = os.pread(self._file.fileno(), 4, 0)
        except OSError as error:
            raise RecordingError(self.path, f"cannot be read: {error.strerror}") from error
        if not head:
            raise NotARecordingError(self.path, "the file is empty, not even a header was written")
        if looks_like_zstd(head.ljust(4)):
            self._decoder = BlockDecoder()
        elif head.startswith(b"{"):
            self._decoder = PlainDecoder()
        else:
            raise NotARecordingError(self.path, "not a recording: it is neither zstd nor lines of JSON")
        lines = next(self._batches, None)
        if lines is None:
            self._raise_damage()
            raise NotARecordingError(self.path, "there is no line of a recording in it")
        try:
            self.header_line = lines[0]
            self.header = decode_header(lines[0])
        except LineError as error:
            raise NotARecordingError(self.path, str(error)) from error
        self._batch, self._batch_start = lines, 1
        return lines[1:]

    def _raise_damage(self) -> None:
        damage = self._decoder.damage
        if damage is not None:
            raise CorruptRecordingError(self.path, damage.reason, damage.offset, line_time(self._last_line))
        if self._decoder.unfinished is not None and not self.is_live:
            raise TruncatedRecordingError(self.path, "the file is cut off", self.size, line_time(self._last_line))


def _open(path: Path) -> BinaryIO:
    try:
        kind = path.stat().st_mode  # before it is opened: to open a pipe is to wait for somebody who writes to it
        if stat.S_ISDIR(kind):
            raise NotARecordingError(path, "is a folder, not a recording")
        if not stat.S_ISREG(kind):
            raise NotARecordingError(path, "is a pipe or device: a recording is read from a file")
        return path.open("rb")
    except FileNotFoundError:
        unfinished = f"{path}{PART_SUFFIX}"
        if os.path.lexists(unfinished):
            name = f"{path.name}{PART_SUFFIX}"
            reason = f"no such file, but {name} is there: a recording that is unfinished or being written"
            raise NotARecordingError(path, reason) from None
        raise NotARecordingError(path, "no such file") from None
    except OSError as error:
        raise RecordingError(path, f"cannot be opened: {error.strerror}") from error
    except ValueError as error:  # a zero byte in its name
        raise RecordingError(path, f"cannot be opened: {error}") from error
