"""The requests of a recording and their answers, without the frames between them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from ...errors import LineError
from ...http_messages import HttpExchange
from ...model import Event, Record, describe_nothing
from ..facts.file_facts import decode_facts
from ..line.codec import decode_line
from ..line.http_events import HTTP, exchange_of, may_be_http_line
from ..line.index import Index, IndexedBlock
from ..line.selection import Selection
from .recording import Recording

__all__ = ["ExchangePlace", "exchange_at", "exchanges_in", "http_lines_in"]


Pause = Callable[[], object]

_LINES_AT_ONCE = 16  # some tenths of a millisecond, if they are short


def _go_on() -> None: ...


class _Line(NamedTuple):
    """A line of a block: its number, and what an index says of the block."""

    number: int
    block: IndexedBlock


@dataclass(frozen=True, order=True)
class ExchangePlace:
    """
    Where an exchange stands in a recording.

    Attributes:
        time: Its time, in nanoseconds.
        number: How many with the same time stand before it.
        line: Where that is in the file, if an index told it; places are the same without it.

    """

    time: int
    number: int
    line: _Line | None = field(default=None, compare=False, repr=False)


def exchanges_in(
    recording: Recording, start: int | None = None, end: int | None = None, pause: Pause = _go_on
) -> Iterator[tuple[ExchangePlace, HttpExchange]]:
    """
    Yield the exchanges of a recording, in the order of its lines.

    By an index, only blocks that have some are read; otherwise everything, or, of a span of time, what is around it. Of
    a file that is being written, this is what it has now: who comes again begins with the last time that is known.

    Args:
        recording: The recording, which is not to be waited for.
        start: First time, inclusive, in nanoseconds.
        end: Last time, exclusive.
        pause: Called after each small piece of work; whoever reads beside an event loop sleeps in it. What it raises
            ends the reading.

    Raises:
        DamagedRecordingError: After the exchanges before it, if what is read is damaged.

    """
    seen: dict[int, int] = {}
    found: Iterator[tuple[Event, _Line | None]]
    index = recording.index
    if index is None:
        found = ((event, None) for _, event in _http_lines(recording, recording.batches_with(HTTP, start, end), pause))
    else:
        found = _by_index(recording, index, start, end, pause)
    for event, line in found:
        exchange = exchange_of(event)
        if exchange is not None:
            number = seen[event.time] = seen.get(event.time, -1) + 1
            yield ExchangePlace(event.time, number, line), exchange


def exchange_at(recording: Recording, place: ExchangePlace, pause: Pause = _go_on) -> HttpExchange | None:
    """
    Return the exchange at a place that `exchanges_in` told; None if it is not there any more.

    If an index told the place, this reads one block, not even the index; otherwise what is around its time, of plain
    lines and gzip all before it. `pause` is that of `exchanges_in`.

    Raises:
        DamagedRecordingError: If it is not found before damage.

    """
    if place.line is not None:
        with contextlib.suppress(LineError):
            event = _event_at(recording, place.line)
            if event is not None and event.time == place.time:
                return exchange_of(event)
    found = exchanges_in(recording, place.time, place.time + 1, pause)
    return next((exchange for at, exchange in found if at == place), None)


def _event_at(recording: Recording, line: _Line) -> Event | None:
    """Return the `http` event at a place; None if there is another block, or another line."""
    text = recording.block_text(line.block)
    event = None if text is None else decode_line(text.split(b"\n")[line.number])
    return event if isinstance(event, Event) and event.name == HTTP else None


def _by_index(
    recording: Recording, index: Index, start: int | None, end: int | None, pause: Pause
) -> Iterator[tuple[Event, _Line | None]]:
    """Yield the `http` events of a span of time, each with its place if its block is what the index says."""
    may_have = _blocks_with(recording, start, end)
    span = Selection(start=start, end=end, keeps_events=True)
    for block in filter(may_have, index.blocks):
        text = recording.block_text(block)
        try:
            events = [] if text is None else list(_events_in(text.split(b"\n")[:-1], pause))
        except LineError:
            text = None
        if text is None:  # what is wrong there is told by who reads it line by line
            lines = _http_lines(recording, recording.batches_of(block.__eq__, start, end), pause)
            yield from ((event, None) for _, event in lines)
            continue
        its = IndexedBlock(block.offset, block.size, block.text, block.lines, block.crc)  # places outlive the index
        for number, event in events:
            if span.takes(event, describe_nothing):
                yield event, _Line(number, its)


def _events_in(lines: Sequence[bytes], pause: Pause) -> Iterator[tuple[int, Event]]:
    """Yield the `http` events among lines, with their numbers."""
    for number, line in enumerate(lines):
        if not number % _LINES_AT_ONCE:
            pause()
        record = decode_line(line) if may_be_http_line(line) else None
        if isinstance(record, Event) and record.name == HTTP:
            yield number, record


def http_lines_in(
    recording: Recording, start: int | None = None, end: int | None = None
) -> Iterator[tuple[bytes, Event]]:
    """
    Yield the lines of `http` events and what they decode to, as they come: also from a pipe, or a file that grows.

    Arguments and errors are those of `exchanges_in`; without an index, everything is read.
    """
    return _http_lines(recording, recording.batches_of(_blocks_with(recording, start, end), start, end))


def _http_lines(
    recording: Recording, batches: Iterator[list[bytes]], pause: Pause = _go_on
) -> Iterator[tuple[bytes, Event]]:
    for lines in batches:
        pause()
        for line in filter(may_be_http_line, lines):
            record = _decoded(recording, line)
            if isinstance(record, Event) and record.name == HTTP:
                yield line, record


def _blocks_with(recording: Recording, start: int | None, end: int | None) -> Callable[[IndexedBlock], bool]:
    """Return what tells of a block whether it may have `http` events of a span of time."""
    span = Selection(start=start, end=end)
    is_told = cache(lambda: recording.index is not None and _tells_all(recording.index))

    def may_have(block: IndexedBlock) -> bool:
        return bool(block.requests if is_told() else block.has_others) and span.may_take_from(block)

    return may_have


def _tells_all(index: Index) -> bool:
    """Return whether an index tells of all `http` events: a program that does not know them copies their lines, too."""
    told, count = sum(len(block.requests) for block in index.blocks), index.http
    if count is None and index.summary is not None:
        facts = decode_facts(index.summary)
        if facts is not None and "" not in facts.events:  # as of too many names
            count = facts.events.get(HTTP, 0)
    return count == told


def _decoded(recording: Recording, line: bytes) -> Record:
    try:
        return decode_line(line)
    except LineError as error:
        recording.raise_bad_line(line, error)
