"""A file of another tool as a recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NoReturn

from ... import __version__
from ...errors import LineError, NotARecordingError
from ...model import Event, Frame, Header, Record, format_time
from ..file.recording import Recording
from ..file.recording_file import RecordingFile
from ..line.codec import decode_line, encode_event, encode_frame, encode_header
from .source import Importing, MakeSource, Source

__all__ = ["ForeignRecording"]

_OPEN = b'"event":"open"'


class ForeignRecording(Recording):
    """
    A file of another tool.

    Args:
        file: The file; closed with the recording, and if that cannot be made.
        make_source: Makes what gives its records.
        endpoint: Name of the endpoint that it came from; None for the one that it names, or whose address its first
            connection was to, or `raw`.
        importing: How it is read.

    Raises:
        NotARecordingError: If it contains no frame.
        RecordingError: If it cannot be read, or its beginning is invalid.

    """

    def __init__(
        self, file: RecordingFile, make_source: MakeSource, endpoint: str | None, importing: Importing
    ) -> None:
        super().__init__(file)
        self._make_source = make_source
        self._importing = importing
        source = make_source(file, importing)
        try:
            begun, address = self._beginning(source)
        except BaseException:
            self.close()
            raise
        url = importing.secrecy.address(source.url) if source.url else ""
        self.shows_run = bool(url)  # else files that have nothing in common but the time of the first record look alike
        name = endpoint or source.endpoint or importing.endpoint_at(url or address) or "raw"
        self.header = Header(name, url, begun, f"feedrec {__version__}")
        self.header_line = encode_header(self.header)

    def batches(self, start: int | None = None, end: int | None = None) -> Iterator[list[bytes]]:
        for batch in self._timed_lines(self._make_source(self._file, self._importing)):
            lines = [line for time, line in batch if (start or 0) <= time and (end is None or time < end)]
            if lines:
                yield lines

    def raise_bad_line(self, line: bytes, error: LineError) -> NoReturn:  # noqa: ARG002
        raise error

    def _beginning(self, source: Source) -> tuple[int, str]:
        """Return the first time, and the address of the first connection, as far as these are told at once."""
        for lines in self._timed_lines(source):
            events = (decode_line(line) for _, line in lines if _OPEN in line)
            opened = next((event for event in events if isinstance(event, Event) and event.name == "open"), None)
            address = None if opened is None else opened.details.get("url")
            return lines[0][0], address if isinstance(address, str) else ""
        why = f": {source.skipped}" if source.skipped.count else ""
        raise NotARecordingError(self.path, f"contains no frame{why}")

    def _timed_lines(self, source: Source) -> Iterator[list[tuple[int, bytes]]]:
        """Yield the lines of the recording that its records become, each with its time."""
        lines = _TimedLines()
        for records in source.batches():
            lines.add(records)
            if timed := lines.timed():
                yield timed
        self._take_end(source, lines)
        if timed := lines.timed():
            yield timed

    def _take_end(self, source: Source, lines: _TimedLines) -> None:
        """Take note of what could not be read."""
        damage = source.damage
        if damage is not None:
            damage = type(damage)(self.path, damage.reason, damage.offset, lines.last_time)
            if self._importing.on_damage is None or lines.last_time is None:
                raise damage
            lines.note_damage(damage.offset, max(0, self.size - damage.offset))
            self._importing.on_damage(damage)
        if source.skipped.count and self._importing.on_skipped is not None:
            self._importing.on_skipped(self.path, source.skipped)


class _TimedLines:
    """The lines of a recording, each with its time."""

    def __init__(self) -> None:
        self._last: Record | None = None
        self._timed: list[tuple[int, bytes]] = []

    @property
    def last_time(self) -> str | None:
        """Time of the last record, as text."""
        return format_time(self._last.time) if self._last else None

    def add(self, records: Sequence[Record]) -> None:
        """Add records."""
        for record in records:
            if self._last is not None and record.time < self._last.time:  # as in a recording where the clock was set
                clock = Event(record.time, record.conn or 0, "clock", {"wall": record.time})
                self._timed.append((record.time, encode_event(clock)))
            self._last = record
            line = encode_frame(record) if isinstance(record, Frame) else encode_event(record)
            self._timed.append((record.time, line))

    def note_damage(self, offset: int, size: int) -> None:
        """Add an event that says what could not be read."""
        if self._last is not None:
            details = {"offset": offset, "bytes": size, "first": self.last_time}
            self.add([Event(self._last.time, self._last.conn or 0, "damage", details)])

    def timed(self) -> list[tuple[int, bytes]]:
        """Return the lines that are ready, once."""
        timed, self._timed = self._timed, []
        return timed
