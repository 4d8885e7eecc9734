"""Files of other tools, read as recordings: plain, gzip or zstd, as their first bytes show."""

from __future__ import annotations

import contextlib
import gzip
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import zstandard

from ... import __version__
from ...errors import (
    CorruptRecordingError,
    LineError,
    NotARecordingError,
    RecordingError,
    TruncatedRecordingError,
    UsageError,
)
from ...model import Event, Frame, Header
from ..file.opening import open_recording
from ..file.recording import Recording, RecordingFile
from ..line.codec import encode_event, encode_frame, encode_header
from ..stream.gzip_members import GzipDecoder, looks_like_gzip
from ..stream.plain import PlainDecoder
from ..stream.protocols import Decoder
from ..stream.zstd_blocks import BlockDecoder
from ..stream.zstd_parser import looks_like_zstd
from .foreign_lines import LineReader, TardisLines, looks_like_tardis

__all__ = ["ForeignRecording", "open_any"]

_READ_SIZE = 1 << 18


class ForeignRecording(Recording):
    """
    A file of another tool.

    Args:
        path: The file.
        make_reader: Makes the reader that turns its lines into records.
        endpoint: Name of the endpoint that it came from.

    Raises:
        NotARecordingError: If it is missing, or contains no frame.
        RecordingError: If it cannot be read, or its first line is invalid.

    """

    def __init__(self, path: Path, make_reader: Callable[[], LineReader], endpoint: str) -> None:
        super().__init__(RecordingFile(path))
        self._make_reader = make_reader
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
        read = self._make_reader()
        number = last = 0
        for lines in _read_lines(self._file):
            timed: list[tuple[int, bytes]] = []
            bad: RecordingError | None = None
            for line in lines:
                number += 1
                try:
                    for record in read(line):
                        if record.time < last:  # as in a recording where the clock was set
                            clock = Event(record.time, record.conn, "clock", {"wall": record.time})
                            timed.append((record.time, encode_event(clock)))
                        last = record.time
                        text = encode_frame(record) if isinstance(record, Frame) else encode_event(record)
                        timed.append((record.time, text))
                except LineError as error:
                    bad = RecordingError(self.path, f"line {number:,} cannot be read: {error}")
                    break
            if timed:
                yield timed
            if bad is not None:
                raise bad


def open_any(path: Path, make_reader: Callable[[], LineReader] | None = None, endpoint: str | None = None) -> Recording:
    """
    Open a recording, or a file of another tool; lines of tardis are detected.

    Args:
        path: The file.
        make_reader: Makes the reader that turns its lines into records; None for a recording, or to detect tardis.
        endpoint: Name of the endpoint that a file of another tool came from; None for `raw`. A recording names its own.

    Raises:
        UsageError: If an endpoint is passed for a recording.
        RecordingError: As for `open_recording` and `ForeignRecording`.

    """
    if make_reader is not None:
        return ForeignRecording(path, make_reader, endpoint or "raw")
    try:
        recording = open_recording(path)
    except NotARecordingError as error:
        first = _first_line(path)
        if looks_like_tardis(first):
            return ForeignRecording(path, TardisLines, endpoint or "raw")
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
        lines = itertools.chain.from_iterable(_read_lines(file))
        return next((line for line in lines if line.strip()), b"")
    return b""


def _read_lines(file: RecordingFile) -> Iterator[list[bytes]]:
    """
    Yield the lines of a file in batches; the last line need not end with a newline.

    Raises:
        DamagedRecordingError: If it is cut off or corrupt.

    """
    decoder, line_end = _decoder_of(file)
    offset = 0
    while data := file.read_at(offset, _READ_SIZE):
        offset += len(data)
        yield from decoder.feed(data)
        if decoder.damage is not None:
            raise CorruptRecordingError(file.path, decoder.damage.reason, decoder.damage.offset, None)
    if lines := decoder.take_unverified():
        yield lines
    if decoder.unfinished is not None:
        yield from decoder.feed(line_end)
    if decoder.damage is not None or decoder.unfinished is not None:
        raise TruncatedRecordingError(file.path, "the file is cut off", file.size(), None)


def _decoder_of(file: RecordingFile) -> tuple[Decoder, bytes]:
    """Return the decoder for a file, and a newline as it would be encoded at its end."""
    head = file.read_at(0, 4)
    if looks_like_zstd(head.ljust(4)):
        end = zstandard.ZstdCompressor(write_checksum=True).compress(b"\n")
        return BlockDecoder(ends_with_seek_table=False), end
    if looks_like_gzip(head):
        return GzipDecoder(), gzip.compress(b"\n")
    return PlainDecoder(), b"\n"
