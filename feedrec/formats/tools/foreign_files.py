"""Files of other tools, read as recordings: plain, gzip or zstd, as their first bytes show."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from ... import __version__
from ...errors import (
    CorruptRecordingError,
    DamagedRecordingError,
    LineError,
    NotARecordingError,
    RecordingError,
    TruncatedRecordingError,
    UsageError,
)
from ...model import Event, Frame, Header, Record, format_time
from ..file.opening import open_recording
from ..file.recording import Recording
from ..file.recording_file import RecordingFile
from ..line.codec import encode_event, encode_frame, encode_header
from ..line.payload.verbatim import is_json
from ..stream.gzip_members import GzipDecoder, looks_like_gzip
from ..stream.line_splitter import LineSplitter
from ..stream.plain import PlainDecoder
from ..stream.protocols import MAX_LINE, Decoder
from ..stream.text_form import BYTE_ORDER_MARK
from ..stream.zstd_blocks import BlockDecoder
from ..stream.zstd_parser import looks_like_zstd
from .foreign_lines import LineReader, reader_of

__all__ = ["ForeignRecording", "open_any"]

_READ_SIZE = 1 << 18

OnDamage = Callable[[DamagedRecordingError], object]
"""Takes note of damage."""


class ForeignRecording(Recording):
    """
    A file of another tool.

    Args:
        path: The file.
        make_reader: Makes the reader that turns its lines into records.
        endpoint: Name of the endpoint that it came from.
        on_damage: Called when it cannot be read further, or its last line is cut off; what is whole then ends with a
            `damage` event. None to have the damage raised.

    Raises:
        NotARecordingError: If it is missing, or contains no frame.
        RecordingError: If it cannot be read, or its first line is invalid.

    """

    def __init__(
        self, path: Path, make_reader: Callable[[], LineReader], endpoint: str, on_damage: OnDamage | None = None
    ) -> None:
        super().__init__(RecordingFile(path))
        self._make_reader = make_reader
        self._on_damage = on_damage
        try:
            first = next(self._timed_lines(), None)
        except BaseException:
            self.close()
            raise
        if first is None:
            self.close()
            raise NotARecordingError(path, "contains no frame")
        self.header = Header(endpoint, created=first[0][0], software=f"feedrec {__version__}")
        self.header_line = encode_header(self.header)

    def batches(self, start: int | None = None, end: int | None = None) -> Iterator[list[bytes]]:
        for batch in self._timed_lines():
            lines = [line for time, line in batch if (start or 0) <= time and (end is None or time < end)]
            if lines:
                yield lines

    def raise_bad_line(self, line: bytes, error: LineError) -> NoReturn:  # noqa: ARG002
        raise error

    def _timed_lines(self) -> Iterator[list[tuple[int, bytes]]]:
        """Yield the lines of the recording that its lines become, each with its time."""
        read = _TimedLines(self._make_reader())
        source = _Source(self._file)
        for lines in source.batches():
            bad: LineError | None = None
            for line in lines:
                try:
                    read.take(line)
                except LineError as error:
                    bad = error
                    break
            if timed := read.timed():
                yield timed
            if bad is not None:
                raise RecordingError(self.path, f"line {read.count:,} cannot be read: {bad}")
        self._take_end(source, read)
        if timed := read.timed():
            yield timed

    def _take_end(self, source: _Source, read: _TimedLines) -> None:
        """Take what follows the last line feed, and the damage, if there is any."""
        damage = source.damage
        if source.rest and not read.take_last(source.rest) and damage is None:
            start = self.size - len(source.rest)
            damage = TruncatedRecordingError(self.path, "the last line is cut off", start, None)
        if damage is None:
            return
        damage = type(damage)(self.path, damage.reason, damage.offset, read.last_time)
        if self._on_damage is None or read.last_time is None:
            raise damage
        read.note_damage(damage.offset, self.size - damage.offset)
        self._on_damage(damage)


class _TimedLines:
    """
    The lines of a recording, each with its time, that lines of another tool become.

    Attributes:
        count: Lines taken.

    """

    def __init__(self, read: LineReader) -> None:
        self.count = 0
        self._read = read
        self._last: Record | None = None
        self._timed: list[tuple[int, bytes]] = []

    @property
    def last_time(self) -> str | None:
        """Time of the last record, as text."""
        return format_time(self._last.time) if self._last else None

    def take(self, line: bytes) -> None:
        """
        Take the next line.

        Raises:
            LineError: If it cannot be read.

        """
        self.count += 1
        self._add(self._read(line))

    def take_last(self, rest: bytes) -> bool:
        """Take what follows the last line feed, and return true, unless it seems to be the beginning of a line."""
        line = rest.rstrip(b"\r\x1a")  # Ctrl-Z: see `TextForm`
        if not line:
            return True
        try:
            records = self._read(line)
        except LineError:
            return False
        if not all(_seems_whole(record.payload) for record in records if isinstance(record, Frame)):
            return False
        self.count += 1
        self._add(records)
        return True

    def note_damage(self, offset: int, size: int) -> None:
        """Add an event that says what could not be read."""
        if self._last is not None:
            details = {"offset": offset, "bytes": size, "first": self.last_time}
            self._add([Event(self._last.time, self._last.conn or 0, "damage", details)])

    def timed(self) -> list[tuple[int, bytes]]:
        """Return the lines that are ready, once."""
        timed, self._timed = self._timed, []
        return timed

    def _add(self, records: Sequence[Record]) -> None:
        for record in records:
            if self._last is not None and record.time < self._last.time:  # as in a recording where the clock was set
                clock = Event(record.time, record.conn or 0, "clock", {"wall": record.time})
                self._timed.append((record.time, encode_event(clock)))
            self._last = record
            line = encode_frame(record) if isinstance(record, Frame) else encode_event(record)
            self._timed.append((record.time, line))


def _seems_whole(payload: bytes) -> bool:
    """Return whether a payload shows that nothing is missing behind it; that of a number or other text does not."""
    return payload[-1:] in (b"}", b"]", b'"') and is_json(payload)


def open_any(
    path: Path,
    make_reader: Callable[[], LineReader] | None = None,
    endpoint: str | None = None,
    on_damage: OnDamage | None = None,
) -> Recording:
    """
    Open a recording, or a file of another tool; lines of tardis and of hftbacktest are detected.

    Args:
        path: The file.
        make_reader: Makes the reader that turns its lines into records; None for a recording, or to detect what it is.
        endpoint: Name of the endpoint that a file of another tool came from; None for `raw`. A recording names its own.
        on_damage: As for `ForeignRecording`; a damaged recording raises its damage.

    Raises:
        UsageError: If an endpoint is passed for a recording.
        RecordingError: As for `open_recording` and `ForeignRecording`.

    """
    if make_reader is not None:
        return ForeignRecording(path, make_reader, endpoint or "raw", on_damage)
    try:
        recording = open_recording(path)
    except NotARecordingError as error:
        first = _first_line(path)
        if (found := reader_of(first)) is not None:
            return ForeignRecording(path, found, endpoint or "raw", on_damage)
        if first.startswith(b"{") and b'"feedrec"' not in first:
            hint = "to read JSON lines of another tool, name the field with the time: --time-field NAME"
            raise NotARecordingError(path, f"{error.reason}; {hint}") from error
        raise
    if endpoint is not None:
        recording.close()
        raise UsageError(f"{path} is a recording, which names its own endpoint: omit --endpoint")
    return recording


def _first_line(path: Path) -> bytes:
    """Return the first line that is not empty; none if there is no such file, or it cannot be read."""
    with contextlib.suppress(RecordingError), contextlib.closing(RecordingFile(path)) as file:
        lines = itertools.chain.from_iterable((source := _Source(file)).batches())
        return next((line for line in lines if line.strip()), source.rest)
    return b""


class _Source:
    """
    The lines of a file as they stand.

    Attributes:
        rest: What follows the last line feed; known at the end.
        damage: Why the file cannot be read further, without the time of the last line; None if it can.

    """

    def __init__(self, file: RecordingFile) -> None:
        self.rest = b""
        self.damage: DamagedRecordingError | None = None
        self._file = file
        self._splitter = LineSplitter(MAX_LINE)
        self._decoder = _decoder_of(file, self._splitter)
        self._is_first = True

    def batches(self) -> Iterator[list[bytes]]:
        """Yield the lines, some at a time, up to the end or the first damage."""
        decoder, offset = self._decoder, 0
        while data := self._file.read_at(offset, _READ_SIZE):
            offset += len(data)
            yield from map(self._unmarked, decoder.feed(data))
            if (found := decoder.damage) is not None:
                self.damage = CorruptRecordingError(self._file.path, found.reason, found.offset, None)
                return
        if lines := decoder.take_unverified():
            yield self._unmarked(lines)
        (self.rest,) = self._unmarked([self._splitter.take_rest()])
        if decoder.unfinished is not None:
            self.damage = TruncatedRecordingError(self._file.path, "the file is cut off", offset, None)

    def _unmarked(self, lines: list[bytes]) -> list[bytes]:
        """Return the lines, the first of the file without a byte order mark."""
        if not self._is_first:
            return lines
        self._is_first = False
        return [lines[0].removeprefix(BYTE_ORDER_MARK), *lines[1:]]


def _decoder_of(file: RecordingFile, splitter: LineSplitter) -> Decoder:
    head = file.read_at(0, 4)
    if looks_like_zstd(head.ljust(4)):
        return BlockDecoder(ends_with_seek_table=False, splitter=splitter)
    return GzipDecoder(splitter=splitter) if looks_like_gzip(head) else PlainDecoder(splitter=splitter)
