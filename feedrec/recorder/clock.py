"""The clock of a recording: wall-clock stamps, tied to the steady clock by readings of both."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from ..model import NANOSECONDS

__all__ = ["Reading", "RecordingClock"]

MAX_DRIFT = 1_000_000
"""Nanoseconds by which wall and steady clock may part before a reading is due at once."""

READING_INTERVAL = 60 * NANOSECONDS
"""Nanoseconds of steady time between readings when nothing parts them."""

_SAMPLES = 3


class Reading(NamedTuple):
    """Both clocks at one moment, in nanoseconds; the steady one has no meaning but for differences."""

    wall: int
    steady: int


class RecordingClock:
    """
    Gives the stamps of frames, and tells when the recording needs a new reading of both clocks.

    Stamps never step back unless a reading is given with them, so a reader can trust the order between two readings.

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
        """Give the time of now in nanoseconds, and the reading to record before anything that carries it."""
        steady = self._steady()
        wall = self._wall()
        parted = abs(wall - steady - self._offset) > MAX_DRIFT
        if parted or wall < self._last_stamp or steady >= self._next_reading:
            return self._read_carefully()
        self._last_stamp = wall
        return wall, None

    def require_reading(self) -> None:
        """Have the next stamp come with a reading."""
        self._next_reading = 0

    def _read_carefully(self) -> tuple[int, Reading | None]:
        """Take the quickest of a few looks, so that a pause of this process does not pass for a step of the clock."""
        best_gap = None
        for _ in range(_SAMPLES):
            before = self._steady()
            wall = self._wall()
            after = self._steady()
            if best_gap is None or after - before < best_gap:
                best_gap = after - before
                reading = Reading(wall, (before + after) // 2)
        offset = reading.wall - reading.steady
        due = reading.steady >= self._next_reading
        stepped = abs(offset - self._offset) > MAX_DRIFT or reading.wall < self._last_stamp
        self._last_stamp = reading.wall
        if not (due or stepped):
            return reading.wall, None
        self._offset = offset
        self._next_reading = reading.steady + READING_INTERVAL
        return reading.wall, reading
