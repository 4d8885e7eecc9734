"""A recording that is read, whatever its format: what all readers have in common."""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, NoReturn, Self

from ...errors import LineError, NotARecordingError, RecordingError
from ...model import Frame, FrameInfo, Header, Record, describe_nothing
from ..line.codec import decode_line
from ..line.fast_path import ReceivedFrames
from ..line.index import Index
from ..line.selection import Selection
from .lock import is_locked
from .names import is_part, part_path

__all__ = ["DecodedBatch", "Recording", "RecordingFile"]


class RecordingFile:
    """
    The file of a recording, read at any place.

    Args:
        path: The file.

    Attributes:
        path: The file.
        bytes_read: Bytes read so far.

    Raises:
        NotARecordingError: If there is no such file, or it is no regular file.
        RecordingError: If it cannot be opened.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes_read = 0
        self._file = _open(path)

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._file.closed

    @property
    def stream(self) -> BinaryIO:
        """The file as a stream, for libraries that read one; what they read is not counted."""
        return self._file

    def close(self) -> None:
        """Close it."""
        self._file.close()

    def size(self) -> int:
        """Return the bytes in it at this moment."""
        return os.fstat(self._file.fileno()).st_size

    def read_at(self, offset: int, size: int) -> bytes:
        """
        Read bytes from an offset; fewer at the end of the file, none once it is closed.

        Raises:
            RecordingError: If the operating system refuses.

        """
        if self._file.closed:
            return b""
        try:
            data = os.pread(self._file.fileno(), size, offset)
        except OSError as error:
            raise RecordingError(self.path, f"cannot be read: {error.strerror}") from error
        self.bytes_read += len(data)
        return data

    def is_locked(self) -> bool:
        """Return whether a recorder holds it."""
        if self._file.closed:
            return False
        return is_locked(self._file.fileno())


class DecodedBatch(NamedTuple):
    """
    Some thousand lines, decoded.

    Attributes:
        lines: The lines.
        frames: The received frames among them.
        infos: What each of those frames is; empty if nothing describes them.
        others: The events and sent frames among the lines.

    """

    lines: list[bytes]
    frames: list[Frame]
    infos: list[FrameInfo]
    others: list[Record]


class Recording(ABC):
    """
    One recording on disk; `open_recording` makes it.

    Iterate it for its records, each time from the beginning. All that can be read is given first; damage is raised
    after that. Use it in a `with` block, or close it.

    Attributes:
        path: The file.
        header: Its first line.
        header_line: The same as it stands in the file.

    """

    path: Path
    header: Header
    header_line: bytes

    def __init__(self, file: RecordingFile) -> None:
        self.path = file.path
        self._file = file

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
        return self._file.is_locked()

    @property
    def is_part(self) -> bool:
        """Whether its name says that it was never finished."""
        return is_part(self.path)

    @property
    def size(self) -> int:
        """Bytes in the file at this moment."""
        return self._file.size()

    @property
    def bytes_read(self) -> int:
        """Bytes of the file read so far."""
        return self._file.bytes_read

    @property
    def index(self) -> Index | None:
        """Where things are; None if it has no index, or none that can be believed."""
        return None

    def seek(self, start: int) -> int:
        """
        Pass over what stands before a time, as far as that can be told without reading it.

        Args:
            start: Time in nanoseconds: nothing at or after it is passed over, nor what follows that.

        Returns:
            The number of lines passed over: `batches()` begins after them.

        """
        del start
        return 0

    @abstractmethod
    def batches(self, start: int | None = None, end: int | None = None) -> Iterator[list[bytes]]:
        """
        Yield the lines after the header, about a block of them at a time.

        Each call is a reading of its own: without times from the beginning, or from where `seek` led; with one of them
        it reads no more of the file than it must.

        Args:
            start: First time, inclusive, in nanoseconds.
            end: Last time, exclusive, in nanoseconds.

        Raises:
            TruncatedRecordingError: After the last whole line, if the file was cut off and nobody is writing it.
            CorruptRecordingError: At the first block or line that is damaged.

        """

    @abstractmethod
    def raise_bad_line(self, line: bytes, error: LineError) -> NoReturn:
        """
        Say where the first line is that is none, for those who decode what `batches` gives.

        It is looked for in the lines given last, and then in those that follow: a new reader finds it as well.

        Raises:
            CorruptRecordingError: With the place of the line, and the time of the one before it.
            LineError: The error given, if there is no such line.

        """

    def __iter__(self) -> Iterator[Record]:
        """
        Yield every record after the header.

        Raises:
            DamagedRecordingError: As for `batches`.

        """
        for _, record in self.lines_with_records():
            yield record

    def lines_with_records(self, start: int | None = None, end: int | None = None) -> Iterator[tuple[bytes, Record]]:
        """
        Yield every record after the header together with the line that it stands in; times as for `batches`.

        Raises:
            DamagedRecordingError: As for `batches`.

        """
        for lines in self.batches(start, end):
            for line in lines:
                if self._file.is_closed:
                    return
                try:
                    record = decode_line(line)
                except LineError as error:
                    self.raise_bad_line(line, error)
                yield line, record

    def records(
        self, selection: Selection | None = None, describe: Callable[[bytes], FrameInfo] | None = None
    ) -> Iterator[Record]:
        """
        Yield the records that are chosen.

        Args:
            selection: The choice; None for everything.
            describe: Tells channel and products of a payload, e.g. `feedrec.feeds.find_feed(...).describe`; needed for
                a choice by one of them.

        Raises:
            ValueError: If `describe` is needed and missing.
            DamagedRecordingError: As for `batches`.

        """
        selection = selection or Selection()
        if describe is None:
            if selection.channels or selection.products:
                raise ValueError("a choice by channel or product needs `describe`")
            describe = describe_nothing
        for _, record in self.lines_with_records(selection.start, selection.end):
            if selection.takes(record, describe):
                yield record

    def frame_batches(
        self,
        start: int | None = None,
        end: int | None = None,
        describe: Callable[[bytes], FrameInfo] | None = None,
    ) -> Iterator[tuple[list[Frame], list[FrameInfo]]]:
        """
        Yield the received frames, some thousand at a time.

        Args:
            start: First time, inclusive, in nanoseconds.
            end: Last time, exclusive, in nanoseconds.
            describe: Tells what a frame is.

        Returns:
            Frames, and as many descriptions; no descriptions without `describe`.

        Raises:
            DamagedRecordingError: As for `batches`.

        """
        for batch in self.decoded_batches(start, end, describe):
            yield batch.frames, batch.infos

    def payload_batches(self, start: int | None = None, end: int | None = None) -> Iterator[list[bytes]]:
        """
        Yield the payloads of the received frames, some thousand at a time: the quickest way to read a recording.

        Where the recording has an index, and so was written by feedrec, its payloads are cut out of their lines without
        being parsed. Arguments and errors are those of `frame_batches`.
        """
        if self.index is None:
            for frames, _ in self.frame_batches(start, end):
                yield [frame.payload for frame in frames]
            return
        received = ReceivedFrames()
        for lines in self.batches(start, end):
            try:
                yield received.payloads(lines)
            except LineError:
                for batch in self._decode_one_by_one(received, lines):
                    yield [frame.payload for frame in batch.frames]

    def decoded_batches(
        self,
        start: int | None = None,
        end: int | None = None,
        describe: Callable[[bytes], FrameInfo] | None = None,
    ) -> Iterator[DecodedBatch]:
        """
        Yield every record, some thousand at a time, received frames apart from all others: to count is to read so.

        Arguments and errors are those of `frame_batches`.
        """
        received = ReceivedFrames(describe)
        for lines in self.batches(start, end):
            others: list[Record] = []
            try:
                yield DecodedBatch(lines, *received.decode(lines, others), others)
            except LineError:
                yield from self._decode_one_by_one(received, lines)

    def _decode_one_by_one(self, received: ReceivedFrames, lines: list[bytes]) -> Iterator[DecodedBatch]:
        """Yield what stands before the first line that is none, then say where that is."""
        for line in lines:
            others: list[Record] = []
            try:
                yield DecodedBatch([line], *received.decode([line], others), others)
            except LineError as error:
                self.raise_bad_line(line, error)


def _open(path: Path) -> BinaryIO:
    try:
        kind = path.stat().st_mode  # before it is opened: to open a pipe is to wait for somebody who writes to it
        if stat.S_ISDIR(kind):
            raise NotARecordingError(path, "is a folder, not a recording")
        if not stat.S_ISREG(kind):
            raise NotARecordingError(path, "is a pipe or device: a recording is read from a file")
        return path.open("rb")
    except FileNotFoundError:
        unfinished = part_path(path)
        if os.path.lexists(unfinished):
            reason = f"no such file, but {unfinished.name} is there: a recording that is unfinished or being written"
            raise NotARecordingError(path, reason) from None
        raise NotARecordingError(path, "no such file") from None
    except OSError as error:
        raise RecordingError(path, f"cannot be opened: {error.strerror}") from error
    except ValueError as error:  # a zero byte in its name
        raise RecordingError(path, f"cannot be opened: {error}") from error
