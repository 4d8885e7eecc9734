"""Writes the lines that are chosen of several recordings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...model import Event, format_time
from ..file.rotation import RotatingWriter
from ..line.codec import encode_event
from ..line.index import Mark, mark_of
from ..line.renumbering import renumbered
from ..line.steady_clock import Reading, reading_in
from ..tools.convert import Conversion
from .choosing import Item
from .leading import Missing
from .numbered_lines import Received
from .one_clock import LeadersClock, with_time

__all__ = ["ChosenLines"]

_MOST_HELD = 512


class ChosenLines:
    """
    Takes chosen lines, in the order of the output.

    Args:
        writer: Writes them.
        result: Counts them.
        reading: The first reading of the first recording's clock, if there is one.
        shift: From its wall time to the steady time, at its beginning.
        keeps_numbers: Whether the connections of an input keep their numbers.

    Attributes:
        used: How many received frames were taken of each recording.
        gaps: How many `gap` events were written.

    """

    def __init__(
        self,
        writer: RotatingWriter,
        result: Conversion,
        reading: Reading | None,
        shift: int,
        keeps_numbers: Callable[[int], bool],
    ) -> None:
        self.used: dict[int, int] = {}
        self.gaps = 0
        self._writer, self._result, self._keeps_numbers = writer, result, keeps_numbers
        self._clock = LeadersClock(shift)
        self._reading = reading
        self._lines: list[bytes] = []
        self._marks: list[Mark] = []

    def take(self, item: Item, not_after: int | None) -> None:
        """Take a line; see `Output`."""
        time, conn, info, size, in_sequence = item.mark
        line = item.line
        if item.rank == 0:
            self._clock.follow(time, item.shift)
        else:
            time = self._clock.place(item.time, not_after)
            line = with_time(line, time)
        if item.conn != conn:
            line = renumbered(line, conn, item.conn)
        if info is not None and item.parts:
            self.used[item.rank] = self.used.get(item.rank, 0) + 1
        self._begin(time, item.conn, line)
        self._put(line, (time, item.conn, info, size, in_sequence))

    def take_run(self, received: Received, conn: int) -> None:
        """Take frames of the first recording; see `Output`."""
        columns = received.columns
        self._begin(columns.times[0], conn, columns.lines[0])
        run = columns.run
        if run is None or conn != columns.conns[0]:
            for place, line in enumerate(columns.lines):
                time, _, info, size, in_sequence = columns.mark(place)
                self._put(renumbered(line, columns.conns[0], conn), (time, conn, info, size, in_sequence))
        else:
            self._flush()
            self._writer.take_run(run)
            self._result.count_run(run)
        self.used[0] = self.used.get(0, 0) + len(columns.times)
        self._clock.follow(columns.times[-1], received.shift)

    def miss(self, item: Item, missing: Missing, not_after: int | None) -> None:
        """Write what is missing before a line; see `Output`."""
        track = missing.track
        details: dict[str, Any]
        if missing.numbers is not None:
            details = {"expected": missing.after + 1, "received": missing.before, "missing": missing.numbers}
        else:
            details = {"after": format_time(missing.after), "before": format_time(missing.before)}
        time = item.mark[0] if item.rank == 0 else self._clock.place(item.time, not_after)
        event = Event(time, item.conn, "gap", {**details, "channel": track.channel, "product": track.product})
        self.gaps += 1
        self._put(encode_event(event), mark_of(event))

    def finish(self) -> None:
        """Write what is left, and finish the files."""
        self._flush()
        self._writer.finish()

    def _begin(self, time: int, conn: int | None, line: bytes) -> None:
        """Begin with a reading of the clock, if one is known."""
        reading, self._reading = self._reading, None
        if reading is not None and reading_in(line) is None:
            event = reading.at(time).event(time, conn)
            self._put(encode_event(event), mark_of(event))

    def _put(self, line: bytes, mark: Mark) -> None:
        self._lines.append(line)
        self._marks.append(mark)
        if len(self._lines) >= _MOST_HELD:
            self._flush()

    def _flush(self) -> None:
        if self._lines:
            self._writer.write_lines(self._lines, self._marks)
            self._result.count(self._marks)
            self._lines, self._marks = [], []
