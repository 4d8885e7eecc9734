"""The clock of a recording: wall-clock stamps, tied to the steady clock by readings of both."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..formats.line.steady_clock import MAX_DRIFT, Reading, read_both
from ..model import NANOSECONDS

__all__ = ["Reading", "RecordingClock"]

READING_INTERVAL = 60 * NANOSECONDS
"""Nanoseconds of steady time between readings when the clocks agree."""


class RecordingClock:
    """
    Gives the stamps of frames, and says when the recording needs a new reading of both clocks.

    Stamps never step back unless a reading comes with them, so a reader can trust the order between two readings.

    Args:
        wall: Nanoseconds since 1970, may step.
        steady: Nanoseconds of a clock that never steps.

    """

    def __init__(self, wall: Callable[[], int] = time.time_ns, steady: Callable[[], int] = time.monotonic_ns) -> None:
        self._wall = wall
        self._steady = steady
        self._offset = 0
        self._last_stamp = 0
        self._next_reading = 0

    def stamp(self) -> tuple[int, Reading | None]:
        """
        Return the time of now in nanoseconds, and the reading to record before anything that carries it.

        The reading is None where none is due. Writing it is up to the caller: the clock knows no recording.
        """
        steady = self._steady()
        wall = self._wall()
        drifted = abs(wall - steady - self._offset) > MAX_DRIFT
        if drifted or wall < self._last_stamp or steady >= self._next_reading:
            return self._read_carefully()
        self._last_stamp = wall
        return wall, None

    def now(self) -> int:
        """Return the wall clock, for what is not recorded, such as the time of a signature."""
        return self._wall()

    def require_reading(self) -> None:
        """Make the next stamp come with a reading."""
        self._next_reading = 0

    def _read_carefully(self) -> tuple[int, Reading | None]:
        reading = read_both(self._wall, self._steady)
        offset = reading.wall - reading.steady
        due = reading.steady >= self._next_reading
        stepped = abs(offset - self._offset) > MAX_DRIFT or reading.wall < self._last_stamp
        self._last_stamp = reading.wall
        if not (due or stepped):
            return reading.wall, None
        self._offset = offset
        self._next_reading = reading.steady + READING_INTERVAL
        return reading.wall, reading
