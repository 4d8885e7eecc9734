"""
One clock for the lines of recordings that were made on different machines, or after another boot.

Their monotonic clocks have nothing to do with each other. So in what they are merged into, the monotonic time of each
reading is the steady time of its line, which is the same for all of them; and where the line that follows has another
shift than the one before, a reading says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..line.codec import encode_event
from ..line.index import Mark, mark_of
from ..line.steady_clock import Reading, SteadyClock, reading_in

__all__ = ["CommonClock"]


class CommonClock:
    """
    Puts lines on one clock, in merged order.

    Args:
        clocks: The clock of each recording as of its first line.
        has_readings: Whether any of them has a reading, so that the merged recording must begin with one.

    """

    def __init__(self, clocks: Sequence[SteadyClock], *, has_readings: bool) -> None:
        self._clocks = [clock.copy() for clock in clocks]
        self._shift = None if has_readings else 0  # of the line before

    def first_reading(self, file: int, time: int) -> Reading | None:
        """Return the reading for the beginning, before a line of a recording; None if there is to be none."""
        if self._shift is not None:
            return None
        self._shift = self._clocks[file].shift
        return Reading(time, time + self._shift)

    def put(self, file: int, lines: Sequence[bytes], marks: Sequence[Mark]) -> tuple[list[bytes], list[Mark]]:
        """Return the next lines, of one recording, with their marks."""
        clock = self._clocks[file]
        put_lines: list[bytes] = []
        put_marks: list[Mark] = []
        for line, mark in zip(lines, marks, strict=True):
            time, conn, info, *_ = mark
            reading = reading_in(line) if info is None else None
            clock.take(time, reading)
            if reading is not None or clock.shift != self._shift:
                self._shift = clock.shift
                event = Reading(time, time + clock.shift).event(time, conn)
                put_lines.append(encode_event(event))
                put_marks.append(mark_of(event))
            if reading is None:
                put_lines.append(line)
                put_marks.append(mark)
        return put_lines, put_marks
