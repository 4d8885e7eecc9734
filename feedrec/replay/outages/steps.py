"""
What happened to the connections of a recording.

The summary of a file says in which order connections were opened and closed, and its index in which blocks they
received frames. So only the blocks around the places where no connection was left are read: of a file of 10 GB with a
hundred outages, a few hundred. A file that has neither, or whose clock was set, is read through.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...errors import LineError
from ...formats import Recording
from ...formats.facts.connections import OpenSpan
from ...formats.facts.file_facts import FileFacts
from ...formats.line.codec import decode_line
from ...formats.line.index import Index, IndexedBlock
from ...formats.line.steady_clock import SteadyClock
from ...model import Event, Frame, parse_time
from ..clock.time_types import RecordedSteady
from .tracking import Step

__all__ = ["Found", "steps_by_index", "steps_by_reading"]

_PAUSE = 1e-6  # seconds after each block: other threads wait no longer for it than they must
_HEAD = 200  # bytes at the beginning of a line in which a writer of recordings names the event
_USUAL = b'{"time":"'  # how such a line begins
_MOST_CONNECTIONS = 100_000  # that are looked for
_CONN = slice(40, 62)  # where it names the connection, and tells a frame from an event


class Found(NamedTuple):
    """
    What was found next.

    Attributes:
        until: The steady time up to which it is all.
        steps: What happened.

    """

    until: RecordedSteady
    steps: Sequence[Step]


def steps_by_reading(recording: Recording, clock: SteadyClock) -> Iterator[Found]:
    """
    Read a recording through, which may still be growing.

    Args:
        recording: The recording.
        clock: Its clock as of its first line; it is moved on.

    Raises:
        RecordingError: If it is damaged; what is good before that has been found.

    """
    known = set[bytes]()  # the texts that name the connections that were seen
    for lines in recording.batches():
        texts = clock.take_lines(lines)
        steps = []
        for line, text in zip(lines, texts, strict=True):
            conn = line[_CONN]
            if conn not in known and len(known) < _MOST_CONNECTIONS and line.startswith(_USUAL):
                known.add(conn)
                steps += _connections_of(line)
            event = _event_in(line)
            if event is not None and text:
                steps.append(_step(event, _steady(text)))
        if texts and texts[-1]:
            yield Found(_steady(texts[-1]), steps)
        time.sleep(_PAUSE)


def steps_by_index(recording: Recording, facts: FileFacts, *, was_open: bool, goes_on: bool) -> list[Step] | None:
    """
    Find the same where an index says to look, in a file whose wall clock was never set.

    Args:
        recording: The recording.
        facts: Its summary.
        was_open: Whether a connection was open where the file begins, or nothing is known of that.
        goes_on: Whether another file of the same run follows.

    Returns:
        What happened, with the times where no connection was left; None if the index does not tell the truth.

    """
    index = recording.index
    if index is None:
        return None
    order = _Order(facts.connections)
    finder = _Finder(recording, index)
    has_refusals = "refused" in facts.events or "" in facts.events
    steps: list[Step] = []
    try:
        if has_refusals and not (was_open or order.open_at_start):
            steps += finder.before_opening(order.first_opened)
        for number, change in enumerate(order.changes):
            if change.is_opening:
                steps.append(Step("open", change.conn, _known(order.opened_at(change))))
            elif order.leaves_none(number) and (order.follows(number) or has_refusals or goes_on):
                steps += finder.after_closing(change.conn, order.next_opened(number))
            else:
                steps.append(Step("close", change.conn, None))
    except _OtherwiseError:
        return None
    return steps


class _OtherwiseError(Exception):
    """The file is not as its index says."""


class _Change(NamedTuple):
    """The opening or closing of a connection, by the number of the event."""

    place: int
    conn: int
    span: OpenSpan
    is_opening: bool


class _Order:
    """
    In which order the connections of a file were opened and closed.

    Args:
        spans: When they were open, by the numbers of events.

    """

    def __init__(self, spans: Sequence[OpenSpan]) -> None:
        self.open_at_start = {span.conn for span in spans if span.opened is None}
        opened = [_Change(span.begin, span.conn, span, is_opening=True) for span in spans if span.opened is not None]
        closed = [_Change(span.end, span.conn, span, is_opening=False) for span in spans if span.is_closed]
        self.changes = sorted([*opened, *closed], key=lambda change: change.place)
        self._left: list[int] = []
        now_open = set(self.open_at_start)
        for change in self.changes:
            (now_open.add if change.is_opening else now_open.discard)(change.conn)
            self._left.append(len(now_open))

    @property
    def first_opened(self) -> int | None:
        """The connection that was opened first; None if none was."""
        return self.next_opened(-1)

    def leaves_none(self, number: int) -> bool:
        """Return whether no connection is open after a change."""
        return not self._left[number]

    def follows(self, number: int) -> bool:
        """Return whether any connection is opened after a change."""
        return self.next_opened(number) is not None

    def next_opened(self, number: int) -> int | None:
        """Return the connection that is opened next after a change; None if none is."""
        return next((change.conn for change in self.changes[number + 1 :] if change.is_opening), None)

    @staticmethod
    def opened_at(change: _Change) -> int | None:
        """Return when a connection was opened."""
        return change.span.opened


class _Finder:
    """Finds events in the blocks that may have them."""

    def __init__(self, recording: Recording, index: Index) -> None:
        self._recording = recording
        self._blocks = index.blocks
        self._first: dict[int, int] = {}  # blocks with frames of a connection
        self._last: dict[int, int] = {}
        for number, block in enumerate(index.blocks):
            for name in block.frames:
                if name.isdigit():
                    self._first.setdefault(int(name), number)
                    self._last[int(name)] = number
        self._reached = 0  # no later closing is in a block before this one

    def before_opening(self, following: int | None) -> list[Step]:
        """Return the refusals at the beginning of the file, before a connection was opened, with this number if any."""
        steps = itertools.takewhile(lambda step: step.kind != "open", self._steps(0, self._end(following)))
        return [step for step in steps if step.kind == "refused"]

    def after_closing(self, conn: int, following: int | None) -> list[Step]:
        """Return the closing of a connection, and the refusals from there to the opening of another one."""
        begin, found = max(self._reached, self._last.get(conn, 0)), list[Step]()
        for step in self._steps(begin, self._end(following)):
            if step.kind == "open" and found:
                break
            is_closing = step.kind == "close" and step.conn == conn
            if step.kind == "refused" if found else is_closing:
                found.append(step)
        if not found:
            raise _OtherwiseError
        return found

    def _end(self, following: int | None) -> int:
        """Return the number of a block before which a connection was opened."""
        last = len(self._blocks) - 1
        return last if following is None else self._first.get(following, last)

    def _steps(self, begin: int, end: int) -> Iterator[Step]:
        """Yield what happened in some blocks, in order."""
        for number in range(begin, end + 1):
            self._reached = number
            block = self._blocks[number]
            if block.has_others:
                yield from self._steps_in(block)

    def _steps_in(self, block: IndexedBlock) -> Iterator[Step]:
        text = self._recording.block_text(block)
        if text is None:
            raise _OtherwiseError
        for line in text.split(b"\n")[:-1]:
            event = _event_in(line)
            if event is not None:
                yield _step(event, RecordedSteady(event.time))


def _event_in(line: bytes) -> Event | None:
    """Return the event in a line, if it tells of a connection."""
    if line.startswith(_USUAL) and line.find(b'"event":', 0, _HEAD) < 0:
        return None
    if b'"open"' not in line and b'"close"' not in line and b'"refused"' not in line:
        return None
    try:
        record = decode_line(line)
    except LineError:
        return None
    if not isinstance(record, Event) or record.conn is None:
        return None
    return record if record.name in ("open", "close", "refused") else None


def _connections_of(line: bytes) -> list[Step]:
    """Return that a connection is open of which a frame was received, whenever it was opened."""
    try:
        record = decode_line(line)
    except LineError:
        return []
    return [Step("open", record.conn, None)] if isinstance(record, Frame) and record.direction == "in" else []


def _step(event: Event, moment: RecordedSteady) -> Step:
    return Step(event.name, event.conn or 0, moment, event.details)  # type: ignore[arg-type]  # one of the three


def _steady(text: bytes) -> RecordedSteady:
    return RecordedSteady(parse_time(text.decode()))


def _known(moment: int | None) -> RecordedSteady | None:
    return None if moment is None else RecordedSteady(moment)
