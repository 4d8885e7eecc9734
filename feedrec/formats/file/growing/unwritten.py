"""Lines of a recording that no file has been given yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....model import Event
from ...line.codec import encode_event
from ...line.index import Mark, mark_of
from ...line.steady_clock import Reading, reading_in
from .growing_file import Line

__all__ = ["Unwritten"]


class Unwritten:
    """
    The lines that no file has been given yet, in order.

    Attributes:
        lines: The lines.
        text: Bytes of their text, newlines included.

    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.text = 0
        self._last: Mark = (0, 0, None, 0, True)
        self._reading: Reading | None = None  # the latest one in a file

    @property
    def time(self) -> int | None:
        """The wall time of the first line, or if there is none of the last one before it; None if there was none."""
        time = self.lines[0][1][0] if self.lines else self._last[0]
        return time or None

    def add(self, lines: Sequence[Line]) -> None:
        """Add lines after the others."""
        self.lines += lines
        self.text += _text_of(lines)
        self.pass_by(lines[-1][1])

    def pass_by(self, mark: Mark) -> None:
        """Take note of the mark of a line that a file was given at once."""
        self._last = mark

    def put_back(self, lines: Sequence[Line]) -> None:
        """Put lines before the others."""
        self.lines[:0] = lines
        self.text += _text_of(lines)

    def take(self, count: int) -> list[Line]:
        """Take so many lines, for a file."""
        taken, self.lines = self.lines[:count], self.lines[count:]
        self.text = _text_of(self.lines)
        for line, mark in taken:
            if mark[2] is None and (reading := reading_in(line)) is not None:
                self._reading = reading
        return taken

    def put_clock_first(self) -> None:
        """Have a file begin with a `clock` event: unless its first line is one, with the latest reading before it."""
        line, (time, conn, info, *_) = self.lines[0]
        if self._reading is not None and (info is not None or reading_in(line) is None):
            event = self._reading.at(time).event(time, conn)
            self.put_back([(encode_event(event), mark_of(event))])

    def event(self, name: str, details: dict[str, Any]) -> Line:
        """Make the line of an event that may stand before these lines, and after what was written."""
        time, conn, *_ = self.lines[0][1] if self.lines else self._last
        event = Event(time, conn or 0, name, details)
        return encode_event(event), mark_of(event)

    def clear(self) -> None:
        """Drop them."""
        self.lines, self.text = [], 0


def _text_of(lines: Sequence[Line]) -> int:
    return sum(len(line) + 1 for line, _ in lines)
