"""The requests of a recording and their answers, without the frames between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from ...errors import LineError
from ...http_messages import HttpExchange
from ...model import Event, Record
from ..facts.file_facts import decode_facts
from ..line.codec import decode_line
from ..line.http_events import HTTP, exchange_of, may_be_http_line
from ..line.index import Index, IndexedBlock
from ..line.selection import Selection
from .recording import Recording

__all__ = ["ExchangePlace", "exchange_at", "exchanges_in", "http_lines_in"]


class ExchangePlace(NamedTuple):
    """
    Where an exchange stands in a recording.

    Attributes:
        time: Its time, in nanoseconds.
        number: How many with the same time stand before it.

    """

    time: int
    number: int


def exchanges_in(
    recording: Recording, start: int | None = None, end: int | None = None
) -> Iterator[tuple[ExchangePlace, HttpExchange]]:
    """
    Yield the exchanges of a recording, in the order of its lines.

    By an index, only blocks that have some are read; otherwise everything, or, of a span of time, what is around it. Of
    a file that is being written, this is what it has now: who comes again begins with the last time that is known.

    Args:
        recording: The recording, which is not to be waited for.
        start: First time, inclusive, in nanoseconds.
        end: Last time, exclusive.

    Raises:
        DamagedRecordingError: After the exchanges before it, if what is read is damaged.

    """
    seen: dict[int, int] = {}
    found = http_lines_in(recording, start, end)
    if recording.index is None:
        found = _http_lines(recording, recording.batches(start, end))  # which looks for the time
    for _, event in found:
        exchange = exchange_of(event)
        if exchange is not None:
            number = seen[event.time] = seen.get(event.time, -1) + 1
            yield ExchangePlace(event.time, number), exchange


def exchange_at(recording: Recording, place: ExchangePlace) -> HttpExchange | None:
    """
    Return the exchange at a place that `exchanges_in` told; None if it is not there any more.

    This reads the blocks around its time; plain lines and gzip, where it must, from the beginning.

    Raises:
        DamagedRecordingError: If it is not found before damage.

    """
    found = exchanges_in(recording, place.time, place.time + 1)
    return next((exchange for at, exchange in found if at == place), None)


def http_lines_in(
    recording: Recording, start: int | None = None, end: int | None = None
) -> Iterator[tuple[bytes, Event]]:
    """
    Yield the lines of `http` events and what they decode to, as they come: also from a pipe, or a file that grows.

    Arguments and errors are those of `exchanges_in`; without an index, everything is read.
    """
    return _http_lines(recording, recording.batches_of(_blocks_with(recording, start, end), start, end))


def _http_lines(recording: Recording, batches: Iterator[list[bytes]]) -> Iterator[tuple[bytes, Event]]:
    for lines in batches:
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
