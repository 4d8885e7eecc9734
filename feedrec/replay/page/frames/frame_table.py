"""The lines of recordings as a table, page by page, and one of them whole."""

from __future__ import annotations

import base64
import heapq
import itertools
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from ....errors import LineError, UsageError
from ....formats import Recording
from ....formats.line.codec import decode_line
from ....model import Event, Frame, FrameInfo, Record, format_time
from ....visible import with_escapes, with_json_escapes
from ..parameters import LONGEST, MILLISECOND
from ..recordings import PageFile, PageRecordings
from .keys import Key, key_at
from .line_places import Found, back_from, forward_from, line_at
from .wanted import EVENT, SENT, Wanted

__all__ = ["LONGEST_TEXT", "FrameTable", "FrameTold", "PageTold", "Row"]

LONGEST_TEXT = 1 << 18
"""Characters of one frame that are told."""

_LONGEST_HEAD = 200
_MOST_PRODUCTS = 20

_NOTHING = FrameInfo()


class Row(msgspec.Struct):
    """
    A line of the table.

    Attributes:
        key: Where it stands.
        ms: Its time, in milliseconds since the start.
        time: Its time.
        conn: Its connection; None if it is of none.
        dir: `in` or `out`; empty for an event.
        event: The name of an event; None for a frame.
        kind: What it is, as `FrameInfo` has it, or `sent`, or `event`.
        channel: Its channel.
        products: Its products, the first ones.
        sequence: The venue's number.
        size: Bytes of its payload; of an event, of its line.
        head: How it begins, with nothing in it that cannot be seen.

    """

    key: str
    ms: float
    time: str
    conn: int | None
    dir: str
    event: str | None
    kind: str
    channel: str
    products: tuple[str, ...]
    sequence: int | None
    size: int
    head: str


class PageTold(msgspec.Struct):
    """
    Some lines of the table, in their order.

    Attributes:
        rows: The lines.
        next: The key after which to go on; None if nothing follows.
        previous: The key before which to go on; None if nothing is before.
        scanned_all: Whether all up to there was looked at; else there was no time, and there may be more.

    """

    rows: list[Row]
    next: str | None
    previous: str | None
    scanned_all: bool


class FrameTold(msgspec.Struct):
    """
    One line, whole.

    Attributes:
        key: See `Row`.
        ms: See `Row`.
        time: See `Row`.
        text: Its payload, with an escape for what cannot be seen; of an event, its line; of a binary message, base64.
        is_cut: Whether that is only its beginning.
        json: Whether the whole is JSON.

    """

    key: str
    ms: float
    time: str
    text: str
    is_cut: bool
    json: bool


class FrameTable:
    """
    The table of all lines.

    Args:
        recordings: The recordings.

    """

    def __init__(self, recordings: PageRecordings) -> None:
        self._recordings = recordings

    def after(self, start: Key, count: int, wanted: Wanted, is_over: Callable[[], bool]) -> PageTold:
        """
        Return the first wanted lines after a key.

        Args:
            start: The key.
            count: How many.
            wanted: What is wanted.
            is_over: Whether to stop looking.

        Raises:
            RecordingError: If a recording cannot be read.

        """
        end = self._recordings.end
        ways = [
            itertools.chain(_not_before(file, start), forward_from(file, self._read(file), start, wanted))
            for file in self._recordings.files
            if file.index is None or (file.last is not None and file.last >= start.time)
        ]
        found = heapq.merge(*ways, key=_key_of)
        within = itertools.takewhile(lambda one: one.key.time < end or self._recordings.grows, found)
        rows, last, is_all = self._collected(within, count, wanted, is_over)
        more = str(last or start) if len(rows) >= count or not is_all or self._recordings.grows else None
        return PageTold(rows, more, rows[0].key if rows else str(start), is_all)

    def before(self, end: Key, count: int, wanted: Wanted, is_over: Callable[[], bool]) -> PageTold:
        """Return the last wanted lines before a key, in their order; otherwise as `after`."""
        start = self._recordings.start
        ways = [
            itertools.chain(_not_after(file, end), back_from(file, self._read(file), end, wanted))
            for file in self._recordings.files
            if file.first is not None and file.first <= end.time
        ]
        found = heapq.merge(*ways, key=_key_of, reverse=True)
        within = itertools.takewhile(lambda one: one.key.time >= start or one.line is None, found)
        rows, last, is_all = self._collected(within, count, wanted, is_over)
        more = str(last or end) if len(rows) >= count or not is_all else None
        return PageTold(rows[::-1], rows[0].key if rows else str(end), more, is_all)

    def frame(self, key: Key) -> FrameTold:
        """
        Return one line.

        Raises:
            UsageError: If there is none.
            RecordingError: If its recording cannot be read.

        """
        files = self._recordings.files
        if not 0 <= key.file < len(files):
            raise UsageError("there is no such frame")
        file = files[key.file]
        line = line_at(file, self._read(file), key)
        if line is None:
            raise UsageError("there is no such frame")
        record = decode_line(line)
        text, is_json = _whole(record, line)
        is_cut = len(text) > LONGEST_TEXT
        time = record.time
        return FrameTold(str(key), self._ms(time), format_time(time), text[:LONGEST_TEXT], is_cut, is_json)

    def _collected(
        self, found: Iterator[Found], count: int, wanted: Wanted, is_over: Callable[[], bool]
    ) -> tuple[list[Row], Key | None, bool]:
        """Return rows as they come, the last key that was looked at, and whether all was looked at."""
        rows: list[Row] = []
        last: Key | None = None
        for one in found:
            last = one.key
            row = None if one.line is None else self._row(one.key, one.line, wanted)
            if row is not None:
                rows.append(row)
                if len(rows) >= count:
                    return rows, last, True
            if is_over():
                return rows, last, False
        return rows, last, True

    def _row(self, key: Key, line: bytes, wanted: Wanted) -> Row | None:
        try:
            record = decode_line(line)
        except LineError:
            return None
        info = _NOTHING
        if isinstance(record, Frame) and record.direction == "in" and not record.binary:
            info = self._recordings.files[key.file].feed.describe(record.payload)
        if not wanted.takes(record, info, line):
            return None
        payload = line if isinstance(record, Event) else record.payload
        head = payload[: 4 * _LONGEST_HEAD].decode(errors="replace")
        return Row(
            str(key),
            self._ms(record.time),
            format_time(record.time),
            record.conn,
            *_what(record, info),
            info.channel[:LONGEST],
            tuple(product[:LONGEST] for product in info.products[:_MOST_PRODUCTS]),
            info.sequence,
            len(payload),
            with_escapes(head[:_LONGEST_HEAD]),
        )

    def _ms(self, time: int) -> float:
        return (time - self._recordings.origin) / MILLISECOND

    def _read(self, file: PageFile) -> Callable[[], Recording]:
        return partial(self._recordings.reader_of, file)


def _what(record: Record, info: FrameInfo) -> tuple[str, str | None, str]:
    """Return direction, name of the event, and kind of a line."""
    if isinstance(record, Event):
        return "", with_escapes(record.name), EVENT
    return record.direction, None, SENT if record.direction == "out" else info.kind


def _key_of(found: Found) -> Key:
    return found.key


def _not_before(file: PageFile, start: Key) -> Iterator[Found]:
    """Yield where a file begins that is read from its beginning: it need not be opened before its time has come."""
    if file.first is not None and file.first > start.time:
        yield Found(key_at(file.first), None)


def _not_after(file: PageFile, end: Key) -> Iterator[Found]:
    """Yield where a file ends that is read from its end, likewise."""
    if file.last is not None and file.last < end.time:
        yield Found(key_at(file.last + 1), None)


def _whole(record: Record, line: bytes) -> tuple[str, bool]:
    """Return what a line has in it as text, and whether that is JSON."""
    if isinstance(record, Event):
        return with_json_escapes(line.decode(errors="replace")), True
    if record.binary:
        return base64.b64encode(record.payload[:LONGEST_TEXT]).decode(), False
    text = record.payload[: 4 * LONGEST_TEXT + 4].decode(errors="replace")
    try:
        msgspec.json.decode(record.payload, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return with_escapes(text), False
    return with_json_escapes(text), True
