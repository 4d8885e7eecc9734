"""What all readers of recordings have in common, whatever the format."""

from __future__ import annotations

import contextlib
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn, Self

from ...errors import LineError, NotARecordingError, RecordingError
from ...model import Frame, FrameInfo, Header, Record, describe_nothing
from ..line.codec import decode_line
from ..line.fast_path import ReceivedFrames
from ..line.index import Index
from ..line.selection import Selection
from ..stream.text_form import TextForm
from .lock import is_locked
from .names import is_part, part_path
from .pipe import pipe_at

__all__ = ["DecodedBatch", "Recording", "RecordingFile"]


class RecordingFile:
    """
    The file of a recording, opened for random access.

    A pipe that is open already, such as stdin, is read as if it were a file; see pipe.py.

    Args:
        path: The file.
        once: Whether it is read only once, from beginning to end: then nothing that comes from a pipe is kept.

    Attributes:
        path: The file.
        bytes_read: Bytes read so far.

    Raises:
        NotARecordingError: If there is no such file, or it is not a regular file.
        RecordingError: If it cannot be opened.

    """

    def __init__(self, path: Path, *, once: bool = False) -> None:
        self.path = path
        self.bytes_read = 0
        self._pipe = pipe_at(path)
        if self._pipe is not None and not once:
            with self._reporting_errors():
                self._pipe.keep()
        self._file = _open(path) if self._pipe is None else _nothing()

    @property
    def is_closed(self) -> bool:
        """Whether it is closed."""
        return self._file.closed

    def is_at(self, path: Path) -> bool:
        """Return whether a name still leads to it, be it through a symlink."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), path.stat())
        except OSError:
            return False

    def close(self) -> None:
        """Close it."""
        self._file.close()

    def size(self) -> int:
        """Return the present size of the file in bytes; of a pipe, wait for its end."""
        if self._pipe is None:
            return os.fstat(self._file.fileno()).st_size
        with self._reporting_errors():
            return self._pipe.size()

    def read_at(self, offset: int, size: int) -> bytes:
        """
        Read bytes at an offset; fewer at the end of the file, none once it is closed.

        Raises:
            RecordingError: If the operating system reports an error.

        """
        if self._file.closed:
            return b""
        with self._reporting_errors():
            if self._pipe is not None:
                data = self._pipe.read_at(offset, size)
            else:
                data = os.pread(self._file.fileno(), size, offset)
        self.bytes_read += len(data)
        return data

    def is_locked(self) -> bool:
        """Return whether a recorder is writing it."""
        if self._file.closed or self._pipe is not None:
            return False
        return is_locked(self._file.fileno())

    @contextlib.contextmanager
    def _reporting_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RecordingError(self.path, f"cannot be read: {error.strerror}") from error


class DecodedBatch(NamedTuple):
    """
    A few thousand lines, decoded.

    Attributes:
        lines: The lines.
        frames: The received frames among them.
        infos: The descriptions of those frames; empty if nothing describes them.
        others: The events and sent frames among the lines.
        places: For each of those, how many of the received frames stand before it.

    """

    lines: list[bytes]
    frames: list[Frame]
    infos: list[FrameInfo]
    others: list[Record]
    places: list[int]


class Recording(ABC):
    """
    One recording on disk, as returned by `open_recording`.

    Iterate over it for its records, each time from the beginning. Everything that can be read comes first; damage is
    raised after that. Use it in a `with` block, or close it.

    Attributes:
        path: The file.
        header: Its first line.
        header_line: The first line as it stands in the file.

    """

    path: Path
    header: Header
    header_line: bytes

    def __init__(self, file: RecordingFile) -> None:
        self.path = file.path
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, which ends its iterators."""
        self._file.close()

    @property
    def is_live(self) -> bool:
        """Whether a recorder is still writing this file."""
        return self._file.is_locked()

    @property
    def is_part(self) -> bool:
        """Whether its name says that it is not finished."""
        return is_part(self.path)

    @property
    def size(self) -> int:
        """Present size of the file in bytes."""
        return self._file.size()

    @property
    def bytes_read(self) -> int:
        """Bytes of the file read so far."""
        return self._file.bytes_read

    @property
    def form(self) -> TextForm:
        """What was found beside its lines, in what was read of it last."""
        return TextForm()

    @property
    def index(self) -> Index | None:
        """Its index; None if it has none, or one that cannot be trusted."""
        return None

    def seek(self, start: int) -> int:
        """
        Skip what comes before a time, as far as possible without reading it.

        Args:
            start: Time in nanoseconds: no line at or after it is skipped, nor any line that follows one.

        Returns:
            The number of lines skipped: `batches()` begins after them.

        """
        del start
        return 0

    def blocks_back(self, *, before_place: bool = False) -> Iterator[list[bytes]]:  # noqa: ARG002
        """
        Yield the blocks of lines from the last one back, as far as that takes no reading of everything.

        Args:
            before_place: Begin with the last of those that `seek` skipped.

        """
        return iter(())

    @abstractmethod
    def batches(self, start: int | None = None, end: int | None = None) -> Iterator[list[bytes]]:
        """
        Yield the lines after the header, about a block at a time.

        Each call reads anew: without times, from the beginning or from where `seek` led; with either time, only as much
        of the file as it must.

        Args:
            start: First time, inclusive, in nanoseconds.
            end: Last time, exclusive, in nanoseconds.

        Raises:
            TruncatedRecordingError: After the last complete line, if the file was cut off and is not being written.
            CorruptRecordingError: At the first block or line that is damaged.

        """

    @abstractmethod
    def raise_bad_line(self, line: bytes, error: LineError) -> NoReturn:
        """
        Report the position of an invalid line, for callers that decode what `batches` yields.

        The line is looked for in the latest batch, and then in those that follow: a new reader finds it as well.

        Raises:
            CorruptRecordingError: With the position of the line, and the time of the line before it.
            LineError: The error passed, if there is no such line.

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
        Yield every record after the header together with its line; times as for `batches`.

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
        Yield the records of a selection.

        Args:
            selection: The selection; None for everything.
            describe: Describes a payload, e.g. `feedrec.feeds.find_feed(...).describe`; needed for a selection by
                channel or product.

        Raises:
            ValueError: If `describe` is needed and missing.
            DamagedRecordingError: As for `batches`.

        """
        selection = selection or Selection()
        if describe is None:
            if selection.channels or selection.products:
                raise ValueError("a selection by channel or product needs `describe`")
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
        Yield the received frames, a few thousand at a time.

        Args:
            start: First time, inclusive, in nanoseconds.
            end: Last time, exclusive, in nanoseconds.
            describe: Describes a frame.

        Returns:
            Frames, and their descriptions; no descriptions without `describe`.

        Raises:
            DamagedRecordingError: As for `batches`.

        """
        for batch in self.decoded_batches(start, end, describe):
            yield batch.frames, batch.infos

    def payload_batches(self, start: int | None = None, end: int | None = None) -> Iterator[list[bytes]]:
        """
        Yield the payloads of the received frames, a few thousand at a time: the fastest way to read a recording.

        If the recording has an index, which proves that feedrec wrote it, its payloads are cut out of their lines
        without parsing. Arguments and errors are those of `frame_batches`.
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
        Yield every record, a few thousand at a time, with received frames apart from all others.

        Arguments and errors are those of `frame_batches`.
        """
        received = ReceivedFrames(describe)
        for lines in self.batches(start, end):
            others: list[Record] = []
            places: list[int] = []
            try:
                yield DecodedBatch(lines, *received.decode(lines, others, places), others, places)
            except LineError:
                yield from self._decode_one_by_one(received, lines)

    def _decode_one_by_one(self, received: ReceivedFrames, lines: list[bytes]) -> Iterator[DecodedBatch]:
        """Yield what comes before the first invalid line, then report where that is."""
        for line in lines:
            others: list[Record] = []
            try:
                yield DecodedBatch([line], *received.decode([line], others), others, [0] * len(others))
            except LineError as error:
                self.raise_bad_line(line, error)


def _nothing() -> BinaryIO:
    """Return an open file for what has none of its own, which can be closed as others can."""
    return Path(os.devnull).open("rb")


def _open(path: Path) -> BinaryIO:
    try:
        kind = path.stat().st_mode  # before it is opened: opening a pipe waits for a writer
        if stat.S_ISDIR(kind):
            raise NotARecordingError(path, "is a folder, not a recording")
        if not stat.S_ISREG(kind):
            raise NotARecordingError(path, "is a pipe or device: recordings are read from files, or from stdin")
        return path.open("rb")
    except FileNotFoundError:
        unfinished = part_path(path)
        if os.path.lexists(unfinished):
            reason = f"no such file, but {unfinished.name} exists: a recording that is unfinished or being written"
            raise NotARecordingError(path, reason) from None
        raise NotARecordingError(path, "no such file") from None
    except OSError as error:
        raise RecordingError(path, f"cannot be opened: {error.strerror}") from error
    except ValueError as error:  # a zero byte in the name
        raise RecordingError(path, f"cannot be opened: {error}") from error
