"""What only reading a recording tells of it, a piece at a time: where events are, and without an index its frames."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence

from ....errors import LineError, RecordingError
from ....formats.facts.histogram import Histogram
from ....formats.line.codec import decode_line
from ....formats.line.fast_path import ReceivedFrames, time_texts
from ....formats.line.index import IndexedBlock
from ....model import Event, Frame, Record, parse_time
from ..recordings import PageFile
from .marks import Mark, MarkFinder, may_have_marks

__all__ = ["ReadFile"]

_MOST_MARKS = 20_000
_DIRECTION = b'"dir":"'
_DIRECTION_WITHIN = (40, 80)  # where it stands in the line of a frame
_EVENT = b'"event"'


class ReadFile:
    """
    One recording, as far as it was read.

    Args:
        file: The recording.

    Attributes:
        frames: Received frames over time; of a recording with an index none, since that tells them.
        marks: What happened, as far as it was read.
        marks_left_out: How many marks there were no room for.
        is_done: Whether all of it was read that there is, or it need not be.

    """

    def __init__(self, file: PageFile) -> None:
        self.frames = Histogram()
        self.marks: list[Mark] = []
        self.marks_left_out = 0
        self.is_done = file.tells_frames and not may_have_marks(file.facts)
        self._file = file
        self._finder = MarkFinder()
        self._since: int | None = None
        self._seen_since = 0  # lines of that very time that were read
        self._size = file.size
        self._lines: Generator[Sequence[bytes]] | None = None

    @property
    def fraction(self) -> float:
        """How much of its time was read."""
        file = self._file
        if self.is_done or file.first is None or file.last is None:
            return 1.0
        return min(((self._since or file.first) - file.first) / max(file.last - file.first, 1), 1.0)

    def go_on(self, is_over: Callable[[], bool]) -> None:
        """Read on until there is no more, or it is to stop for now."""
        if self.is_done and self._size == self._file.size:
            return
        if self._lines is None:
            self._lines, self._size = self._read(), self._file.size
        self.is_done = False
        while not is_over():
            lines = next(self._lines, None)
            if lines is None:
                self._lines, self.is_done = None, True
                return
            self._take(lines)

    def close(self) -> None:
        """Close the file."""
        if self._lines is not None:
            self._lines.close()
            self._lines = None

    def _read(self) -> Generator[Sequence[bytes]]:
        try:
            with self._file.open() as recording:
                if self._file.index is not None:
                    yield from recording.batches_of(_has_others)
                else:
                    yield from self._unread(recording.batches(self._since))
        except RecordingError as damage:
            if self._since is not None:
                self._note(Mark(self._since, "gap", f"the recording is damaged after this: {damage.reason}"))

    def _unread(self, batches: Iterator[list[bytes]]) -> Iterator[Sequence[bytes]]:
        """Yield the lines that were not read before."""
        known = self._seen_since
        for lines in batches:
            yield lines[known:] if known < len(lines) else []
            known = max(known - len(lines), 0)

    def _take(self, lines: Sequence[bytes]) -> None:
        if not lines:
            return
        if self._file.index is not None:
            events = _events_in(lines)
            last = _time_of(lines[-1])
        else:
            others: list[Record] = []
            times = [frame.time for frame in _decoded(lines, others)]
            self.frames.add(times)
            events = [one for one in others if isinstance(one, Event)]
            last = max([*times, *(one.time for one in others)], default=None)
        for event in events:
            for mark in self._finder.take(event):
                self._note(mark)
        if last is not None:
            self._seen_since = self._lines_at(last, lines)
            self._since = last
            self._file.reaches(last)

    def _lines_at(self, last: int, lines: Sequence[bytes]) -> int:
        """Return how many lines of a time there were, those in the latest batch among them."""
        before = self._seen_since if self._since == last else 0
        with contextlib.suppress(ValueError):
            return before + sum(parse_time(text.decode()) == last for text in time_texts(lines) if text)
        return before

    def _note(self, mark: Mark) -> None:
        if len(self.marks) < _MOST_MARKS:
            self.marks.append(mark)
        else:
            self.marks_left_out += 1


def _has_others(block: IndexedBlock) -> bool:
    return block.has_others


def _decoded(lines: Sequence[bytes], others: list[Record]) -> Sequence[Frame]:
    """Decode lines, as far as they are lines of a recording."""
    with contextlib.suppress(LineError):
        return ReceivedFrames().decode_columns(lines, others)[0]
    return []


def _events_in(lines: Sequence[bytes]) -> list[Event]:
    """Return the events among some lines; most lines are frames, which shows at one place."""
    events = []
    for line in lines:
        if _EVENT in line and line.find(_DIRECTION, *_DIRECTION_WITHIN) < 0:
            with contextlib.suppress(LineError):
                record = decode_line(line)
                if isinstance(record, Event):
                    events.append(record)
    return events


def _time_of(line: bytes) -> int | None:
    text = time_texts([line])[0]
    return parse_time(text.decode()) if text else None
