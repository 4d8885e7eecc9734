"""
An HTTP archive as records.

It has all messages of a connection in one place, a recording has those of all connections among each other: they are
merged by time. So the archive, which is one document of JSON, is held in memory while it is read, as it stands in the
file, or unpacked; what becomes of it is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from heapq import merge
from itertools import count

import msgspec

from ....errors import CorruptRecordingError, DamagedRecordingError, LineError, NotARecordingError, RecordingError
from ....model import Event, Frame, Record
from ...file.recording_file import RecordingFile
from ..source import SKIP_HINT, Importing, Skipped
from ..unpacked_file import pieces_of
from .connections import ConnectionEntry, OnBad, TimedRecord, event_in, records_of
from .document import Document, read_document
from .requests import RequestEntry, event_of, span_of

__all__ = ["MAX_SIZE", "HarSource"]

MAX_SIZE = 1 << 30
"""Bytes that an archive may have, unpacked."""

_RECORDS_AT_ONCE = 1000
_BYTES_AT_ONCE = 1 << 20
_OF_NO_CONNECTION = -1
_BETWEEN = 1

_decode_connection = msgspec.json.Decoder(ConnectionEntry).decode
_decode_request = msgspec.json.Decoder(RequestEntry).decode


class HarSource:
    """
    The records of an HTTP archive.

    Args:
        file: The file.
        importing: How it is read.
        max_size: Bytes that it may have, unpacked.

    Attributes:
        damage: As for `Source`.
        skipped: As for `Source`; here they are entries and messages.
        endpoint: As for `Source`; of an archive that feedrec wrote.
        url: As for `Source`; of an archive that feedrec wrote.

    """

    def __init__(self, file: RecordingFile, importing: Importing, max_size: int = MAX_SIZE) -> None:
        self.damage: DamagedRecordingError | None = None
        self.skipped = Skipped()
        self.endpoint = self.url = ""
        self._file = file
        self._importing = importing
        self._max_size = max_size
        self._numbers = count()

    def batches(self) -> Iterator[Sequence[Record]]:
        """
        Yield the records, some at a time.

        Raises:
            NotARecordingError: If it is no such archive, or has neither a WebSocket nor a request.
            RecordingError: If it is too large, or something in it cannot be read, unless that is passed over.

        """
        document = self._read()
        self.endpoint, self.url = document.endpoint, document.url
        tracks = [self._of_entry(number, raw, document) for number, raw in enumerate(document.entries)]
        tracks.append(_others(document.events))
        records: list[Record] = []
        size, has_any = 0, False
        for one in merge(*tracks, key=_key):
            record = one.make()
            if record is None:
                continue
            has_any = True
            records.append(record)
            size += len(record.payload) if isinstance(record, Frame) else 0
            if len(records) >= _RECORDS_AT_ONCE or size >= _BYTES_AT_ONCE:
                yield records
                records, size = [], 0
        yield records
        if not has_any and not self.skipped.count:
            raise NotARecordingError(self._file.path, "contains no WebSocket, and no request that is recorded")

    def _read(self) -> Document:
        path, unpacked = self._file.path, pieces_of(self._file)
        text = bytearray()
        for pieces in unpacked.batches():
            for piece in pieces:
                text += piece
            if len(text) > self._max_size:
                limit = f"{self._max_size >> 20:,} MiB"
                raise RecordingError(path, f"is larger than {limit}, unpacked: so much of an HTTP archive is not read")
        try:
            document = read_document(text)
        except LineError as error:
            if unpacked.damage is not None:
                raise unpacked.damage from None
            raise NotARecordingError(path, f"is no HTTP archive: {error}") from None
        self.damage = unpacked.damage
        if self.damage is None and document.damaged_at is not None:
            place = unpacked.place_of(document.damaged_at)
            self.damage = CorruptRecordingError(path, "the JSON is cut off or corrupt", place, None)
        return document

    def _of_entry(self, number: int, raw: msgspec.Raw, document: Document) -> Iterator[TimedRecord]:
        """Return the records of an entry; what kind it is is looked at now, so that connections have their numbers."""
        name = f"entry {number + 1:,}"
        is_torn = document.damaged_at is not None and number == len(document.entries) - 1
        on_bad = _ignore if is_torn else self._bad  # that it is cut off is told as damage
        try:
            entry = _decode_connection(raw)
            if entry.is_connection:
                own = entry.own_number if document.is_by_feedrec else None
                conn = next(self._numbers) if own is None else own
                return self._of_connection(entry, number, conn, on_bad)
            request = _decode_request(raw)
            if not request.is_recorded:
                return iter(())
            _, time = span_of(request)
        except (msgspec.DecodeError, LineError, UnicodeDecodeError) as error:
            on_bad(name, error)
            return iter(())
        return iter([TimedRecord(time, _BETWEEN, number, partial(self._exchange, raw, name, on_bad))])

    def _of_connection(self, entry: ConnectionEntry, number: int, conn: int, on_bad: OnBad) -> Iterator[TimedRecord]:
        try:
            yield from records_of(entry, number, conn, self._importing.secrecy, on_bad)
        except LineError as error:
            on_bad(f"entry {number + 1:,}", error)

    def _exchange(self, raw: msgspec.Raw, name: str, on_bad: OnBad) -> Event | None:
        """Decode a request anew, so that not all of them are held at once."""
        try:
            return event_of(_decode_request(raw), self._importing.secrecy)
        except LineError as error:
            on_bad(name, error)
        return None

    def _bad(self, name: str, error: Exception) -> None:
        if not self._importing.skips_bad:
            raise RecordingError(self._file.path, f"{name} cannot be read: {error}; {SKIP_HINT}") from None
        self.skipped.add(name, str(error))


def _others(events: list[msgspec.Raw]) -> Iterator[TimedRecord]:
    """Yield the events of no open connection that feedrec wrote."""
    for raw in events:
        event = event_in(raw)
        if event is not None:
            yield TimedRecord(event.time, 0, _OF_NO_CONNECTION, partial(_itself, event))


def _ignore(name: str, error: Exception) -> None:
    """Say nothing of something that cannot be read."""


def _itself(event: Event) -> Event:
    return event


def _key(one: TimedRecord) -> tuple[int, int]:
    return one.time, one.rank
