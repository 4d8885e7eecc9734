"""
The book as of a moment by the indexes: from the nearest snapshot or checkpoint, with few blocks read.

What leads to it is as for a client of a replay that comes late (`venue/rebuild.py`). Beside that it is proved that the
book is known: from its last snapshot to the moment the summaries of the files tell of nothing that might make it wrong,
or the blocks in between that may have events have none. Where that cannot be proved, `read_through.py` finds out.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...errors import LineError
from ...feeds.state.doubts import DOUBTS, DOUBTS_OF_RUN
from ...feeds.state.need import Look, needs_of
from ...feeds.venue import FeedState
from ...formats import Recording
from ...formats.facts.file_facts import FileFacts
from ...formats.line.codec import decode_line
from ...formats.line.index import Index, IndexedBlock
from ...formats.line.line_search import lines_with
from ...model import Event, Frame
from ..timeline.past import Past, Place, UnknownPastError
from ..venue.position import Position
from .first_place import SnapshotFound, indexed_snapshot
from .sources import BookSource, received_in
from .standing import CLOSED, ENDED, NO_SNAPSHOT, Connection, Unknown

__all__ = ["Known", "by_index"]

_DOUBTS = DOUBTS | DOUBTS_OF_RUN
_LEFT_OVER = ""  # events of which a summary does not say what they are


class Known(NamedTuple):
    """
    A book that is known.

    Attributes:
        state: It.
        conn: The connection that tells it.
        received: When its last frame was received, in nanoseconds.
        sequence: The venue's number of that frame, if it has one.

    """

    state: FeedState
    conn: Connection
    received: int
    sequence: int | None


class _NotProvedError(Exception):
    """The indexes do not prove that the book is known, or that it is not."""


def by_index(source: BookSource, time: int) -> Known | Unknown | None:
    """
    Return the book as of a moment, with all frames that were received until then.

    Args:
        source: The recordings.
        time: The moment, in nanoseconds.

    Returns:
        Why it is not known, if it is not; None if the indexes do not tell.

    Raises:
        RecordingError: If a recording cannot be read.

    """
    timeline = source.timeline
    indexes = [index for index in timeline.indexes() if index is not None]
    facts = [one for one in source.facts if one is not None]
    if len(facts) < len(source.files) or len(indexes) < len(facts) or not timeline.is_in_wall_order:
        return None
    line = timeline.position_at(time + 1)
    try:
        with Past(timeline, line, time + 1) as past:
            place = past.place
        with contextlib.ExitStack() as opened:
            found = _Proof(source, indexes, facts, place, opened).search(time)
    except (_NotProvedError, UnknownPastError):
        return None
    if isinstance(found, Unknown):
        return found
    position = Position(line, [], time, time + 1)
    states = source.rebuilder.states(frozenset([source.key]), position, threading.Event())
    state = next((state for state in states if source.book_in([state]) is not None), None)
    return None if state is None else Known(state, found.conn, found.last.time, found.sequence)


class _Found(NamedTuple):
    """What tells the book, and its last frame."""

    conn: Connection
    last: Frame
    sequence: int | None


class _Proof:
    """
    Proves by the indexes of finished recordings that a book is known at a place.

    Args:
        source: The recordings.
        indexes: Their indexes.
        facts: Their summaries.
        place: How many lines of each are past.
        opened: Closes what is opened.

    """

    def __init__(
        self,
        source: BookSource,
        indexes: Sequence[Index],
        facts: Sequence[FileFacts],
        place: Place,
        opened: contextlib.ExitStack,
    ) -> None:
        self._source = source
        self._opened = opened
        self._recordings: dict[int, Recording] = {}
        self._indexes = indexes
        self._facts = facts
        self._place = place
        self._order = self._in_order()

    def search(self, time: int) -> _Found | Unknown:
        """
        Return what tells the book at the place.

        Args:
            time: The time of the place: a connection that is closed just then is not closed yet.

        Raises:
            _NotProvedError: If it cannot be proved that it is known.

        """
        reached = [number for number in self._order if self._place[number]]
        first, snapshot = self._last_snapshot(reached)
        if snapshot is None:
            return Unknown(NO_SNAPSHOT)
        chain = reached[reached.index(first) :]
        if not all(self._goes_on(before, after) for before, after in itertools.pairwise(chain)):
            raise _NotProvedError
        last, sequence = self._last_frame(chain)
        conn = last.conn if snapshot.frame.synthetic else snapshot.frame.conn  # a synthetic one may have another's
        if last.synthetic:
            raise _NotProvedError
        closing = self._last_seen(first, conn)
        for number in chain:
            begin = (snapshot.block, snapshot.line) if number == first else (0, -1)
            if any(self._is_doubt(event, conn, time) for event in self._events(number, begin, closing)):
                raise _NotProvedError
        run_end = max(self._source.ends[number].last or 0 for number in self._of_run(chain[-1]))
        if time > run_end:
            return Unknown(ENDED, run_end)
        return _Found((self._source.runs[first], conn), last, sequence)

    def _recording(self, number: int) -> Recording:
        if number not in self._recordings:
            self._recordings[number] = self._opened.enter_context(self._source.open(number))
        return self._recordings[number]

    def _in_order(self) -> list[int]:
        """Return the numbers of the files in the order of their times."""
        spans = []
        for number, index in enumerate(self._indexes):
            firsts = [block.first for block in index.blocks if block.first is not None]
            lasts = [block.last for block in index.blocks if block.last is not None]
            spans.append((min(firsts, default=0), max(lasts, default=0), number))
        spans.sort()
        if any(one[1] > other[0] for one, other in itertools.pairwise(spans)):
            raise _NotProvedError
        return [number for _, _, number in spans]

    def _last_snapshot(self, reached: Sequence[int]) -> tuple[int, SnapshotFound | None]:
        for number in reversed(reached):
            found = indexed_snapshot(self._source, number, self._recording(number), lines=self._place[number])
            if found is not None:
                return number, found
        return 0, None

    def _goes_on(self, before: int, after: int) -> bool:
        """Return whether one file is the part after another one of the same recording."""
        first, second = (self._source.headers[number].extra.get("part", 1) for number in (before, after))
        is_next = isinstance(first, int) and isinstance(second, int) and second == first + 1
        return is_next and self._source.runs[before] == self._source.runs[after]

    def _of_run(self, file: int) -> list[int]:
        """Return the numbers of the files that are parts of the same recording, in order."""
        runs = self._source.runs
        return [number for number in self._order if runs[number] == runs[file]]

    def _last_seen(self, file: int, conn: int) -> tuple[int, int]:
        """Return the place of the file, and in that of the block, with the last frames of a connection of a file."""
        last = (0, 0)
        for number in self._of_run(file):
            for block_number, block in enumerate(self._indexes[number].blocks):
                if str(conn) in block.frames:
                    last = self._order.index(number), block_number
        return last

    def _events(self, number: int, begin: tuple[int, int], closing: tuple[int, int]) -> Iterator[Event]:
        """
        Yield the events of a file up to the place that may have made the book wrong.

        Args:
            number: The file.
            begin: Number of a block and of a line in it: what comes before does not matter.
            closing: From which file and block on it matters what is closed.

        """
        facts, place = self._facts[number], self._order.index(number)
        if facts.sequence.unnoticed_gaps:
            raise _NotProvedError
        has_doubts = any(name in _DOUBTS or name == _LEFT_OVER for name in facts.events)
        start = 0
        for block_number, block in enumerate(self._indexes[number].blocks):
            matters = has_doubts or (place, block_number) >= closing
            is_within = block_number >= begin[0] and start < self._place[number]
            if matters and is_within and block.has_others:
                first = begin[1] + 1 if block_number == begin[0] else 0
                text = self._recording(number).block_text(block)
                yield from _events_in(text, first, self._place[number] - start)
            start += block.lines

    def _is_doubt(self, event: Event, conn: int, time: int) -> bool:
        """Return whether the book may be wrong after an event."""
        if event.name == CLOSED:
            return event.conn == conn and event.time < time
        return event.name in _DOUBTS and event.details.get("product") in (None, self._source.product)

    def _last_frame(self, chain: Sequence[int]) -> tuple[Frame, int | None]:
        """Return the last frame of the book before the place, and the venue's number of it."""
        source = self._source
        looks = [look for need in needs_of(source.new_state()) or () for look in need.looks]
        for number in reversed(chain):
            for block, end in self._blocks_back(number):
                for line in _last_lines(self._recording(number).block_text(block), end, looks):
                    frame = received_in(line)
                    if frame is not None and not frame.binary:
                        info = source.feed.describe(frame.payload)
                        if info.channel == source.channel and source.product in info.products:
                            return frame, info.sequence
        raise _NotProvedError

    def _blocks_back(self, number: int) -> Iterator[tuple[IndexedBlock, int]]:
        """Yield the blocks of a file that may have frames of the book before the place, and how many lines count."""
        blocks = self._indexes[number].blocks
        starts = [*itertools.accumulate((block.lines for block in blocks), initial=0)]
        for place in reversed(range(bisect_left(starts, self._place[number]))):
            if any(self._source.channel in channels for channels in blocks[place].frames.values()):
                yield blocks[place], self._place[number] - starts[place]


def _events_in(text: bytes | None, first: int, end: int) -> Iterator[Event]:
    """Yield the events among some lines of a block."""
    if text is None:
        raise _NotProvedError
    for line in text.split(b"\n")[first:end]:
        if b'"event"' in line:
            try:
                record = decode_line(line)
            except LineError as error:
                raise _NotProvedError from error
            if isinstance(record, Event):
                yield record


def _last_lines(text: bytes | None, end: int, looks: Sequence[Look]) -> Iterator[bytes]:
    """Yield those of the first lines of a block that look like what is looked for, the last one first."""
    if text is None:
        raise _NotProvedError
    lines = text.split(b"\n")[:-1][: max(end, 0)]
    return reversed(lines_with(b"".join(line + b"\n" for line in lines), looks))
