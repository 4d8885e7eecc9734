"""The lines of a timeline, lap after lap: the part of reading that runs in a thread."""

from __future__ import annotations

import threading

from ...formats.line.steady_clock import SteadyClock
from ...formats.several.merge import Batch, Merge
from ..clock.time_types import RecordedSteady
from .timeline import Timeline

__all__ = ["LapReader"]


class LapReader:
    """
    Reads a timeline, again and again if it is looped.

    Args:
        timeline: What to read.
        start: The first lap begins at the first line at or after this steady time; None for the timeline's own start.
        position: Lines before this position are left out of the first lap; see `FrameBatch`.

    Attributes:
        laps_wanted: Number of the first lap that is still needed: the rest of an earlier one is not read.

    """

    def __init__(self, timeline: Timeline, start: RecordedSteady | None = None, position: int = 0) -> None:
        self.laps_wanted = 0
        self._timeline = timeline
        self._start = start
        self._position = position
        self._stopped = threading.Event()
        self._lap = 0
        self._lines: Merge | None = None
        self._clocks: dict[int, SteadyClock] = {}  # as of the lines that were skipped

    def next_batch(self) -> Batch | None:
        """
        Read the next lines; none of them at the end of each lap, None at the end of all.

        Raises:
            RecordingError: If a recording is damaged; all that is good before that was returned.

        """
        while not self._stopped.is_set() and (self._timeline.loop or not self._lap):
            if self._lines is None:
                self._lines = self._timeline.read_lap(self._stopped, None if self._lap else self._start)
            batch = next(self._lines, None) if self._lap >= self.laps_wanted else None
            if batch is None:
                return self._end_lap()
            batch = self._after_position(batch)
            if batch.lines:
                return batch
        return None

    def stop(self) -> None:
        """Stop reading soon, even while waiting for a recording to grow. May be called from any thread."""
        self._stopped.set()

    def close(self) -> None:
        """Close the files."""
        if self._lines is not None:
            self._lines.close()

    def _end_lap(self) -> Batch:
        self.close()
        end = Batch(0, [], [], self._lap)
        self._lines = None
        self._lap += 1
        return end

    def _after_position(self, batch: Batch) -> Batch:
        skip = 0 if self._lap else max(0, self._position - batch.start)
        if skip or self._clocks:
            batch = batch.after(skip, self._clocks)
            if batch.lines:
                self._clocks = {}
        return batch._replace(lap=self._lap)
