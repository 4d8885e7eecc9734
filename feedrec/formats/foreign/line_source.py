"""Files of lines of other tools."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence

from ...errors import DamagedRecordingError, LineError, RecordingError, TruncatedRecordingError
from ...model import Event, Record, format_time
from ..file.recording_file import RecordingFile
from ..line.payload.verbatim import is_json
from .source import SKIP_HINT, Importing, MakeSource, Secrecy, Skipped
from .unpacked_file import UnpackedFile, lines_of

__all__ = ["LineReader", "LineSource", "has_end", "lines_read_by"]

_END_MARKS = b"\r\x1a"
"""What may follow the last line feed, besides a line: Ctrl-Z, see `TextForm`."""


class LineReader(ABC):
    """Turns the lines of a file into records, one after another."""

    @abstractmethod
    def __call__(self, line: bytes) -> Sequence[Record]:
        """
        Turn the next line, without its line feed, into records.

        Raises:
            LineError: If it is not a line of this form.

        """

    @abstractmethod
    def is_whole(self, line: bytes) -> bool:
        """Return whether a line that was read, and has no line feed, shows that nothing is missing behind it."""


class LineSource:
    """
    The records of a file of lines.

    Args:
        file: The file.
        read: Reads its lines.
        importing: How it is read.

    Attributes:
        damage: As for `Source`.
        skipped: As for `Source`.
        endpoint: Empty: lines do not say it.
        url: Empty, too.

    """

    def __init__(self, file: RecordingFile, read: LineReader, importing: Importing) -> None:
        self.damage: DamagedRecordingError | None = None
        self.skipped = Skipped()
        self.endpoint = self.url = ""
        self._file = file
        self._read = read
        self._skips_bad = importing.skips_bad
        self._count = 0
        self._last_time: int | None = None

    def batches(self) -> Iterator[Sequence[Record]]:
        """
        Yield the records of some lines at a time.

        Raises:
            RecordingError: At the first line that cannot be read, unless such lines are passed over.

        """
        text = lines_of(self._file)
        for lines in text.batches():
            records = self._torn(text)
            for line in lines:
                self._count += 1
                try:
                    records += self._read(line)
                except LineError as error:
                    if not self._skips_bad:
                        yield records
                    self._pass_over(error)
            self._last_time = records[-1].time if records else self._last_time
            yield records
        self.damage = text.damage
        yield self._torn(text)
        if rest := text.rest.rstrip(_END_MARKS):
            yield self._last(rest, len(text.rest))

    def _torn(self, text: UnpackedFile) -> list[Record]:
        """Return what is said where a member of gzip is cut off, and others follow; once."""
        offset, text.torn = text.torn, None
        if offset is None:
            return []
        self.skipped.add(f"the end of a gzip member before byte {offset}", "it is cut off")
        if self._last_time is None:
            return []
        details = {
            "offset": offset,
            "bytes": 0,
            "first": format_time(self._last_time),
            "reason": "a gzip member is cut off",
        }
        return [Event(self._last_time, 0, "damage", details)]

    def _pass_over(self, error: LineError) -> None:
        """Note that the present line cannot be read, or raise that."""
        name = f"line {self._count:,}"
        if not self._skips_bad:
            raise RecordingError(self._file.path, f"{name} cannot be read: {error}; {SKIP_HINT}") from None
        self.skipped.add(name, str(error))

    def _last(self, line: bytes, size: int) -> Sequence[Record]:
        """Return the records of what follows the last line feed; none if it seems to be the beginning of a line."""
        self._count += 1
        try:
            records = self._read(line)
        except LineError as error:
            if has_end(line) and self.damage is None:
                self._pass_over(error)
                return []
        else:
            if self._read.is_whole(line):
                return records
        if self.damage is None:
            reason, start = "the last line is cut off", self._file.size() - size
            self.damage = TruncatedRecordingError(self._file.path, reason, start, None)
        return []


def has_end(text: bytes) -> bool:
    """Return whether a text is JSON that shows that nothing is missing behind it, as a number does not."""
    return text[-1:] in (b"}", b"]", b'"') and is_json(text)


def lines_read_by(make_reader: Callable[[Secrecy], LineReader]) -> MakeSource:
    """Return what makes the source of files whose lines are read by such readers."""

    def make(file: RecordingFile, importing: Importing) -> LineSource:
        return LineSource(file, make_reader(importing.secrecy), importing)

    return make
