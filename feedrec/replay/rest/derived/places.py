"""Which lines of a timeline are past at a steady time, where no client tells."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from ....model import TIME_LIMIT
from ...clock.time_types import RecordedSteady
from ...timeline.frame_batches import FrameDecoder, in_steps
from ...timeline.past import Past, UnknownPastError
from ...timeline.timeline import AFTER_ALL, Timeline, already_stopped
from ...venue.position import Position, position_in

__all__ = ["Places"]


class _Found(NamedTuple):
    """A position, and between which steady times it is that; None where that is not known."""

    position: Position
    first: RecordedSteady | None = None
    last: RecordedSteady | None = None


class Places:
    """
    Finds positions. It may be used by one thread at a time.

    Args:
        timeline: The timeline.

    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._at_start: Position | None = None
        self._lately: _Found | None = None

    def before(self, time: RecordedSteady | None) -> Position:
        """
        Return the position right before the first frame at or after a steady time, None for that of the start.

        Its own `time` is of no meaning.

        Raises:
            RecordingError: If a recording cannot be read.

        """
        if time is None:
            if self._at_start is None:
                self._at_start = self._find(None).position
            return self._at_start
        end = self._timeline.end
        time = time if end is None else RecordedSteady(min(time, end))
        lately = self._lately
        if lately is None or lately.first is None or lately.last is None or not lately.first <= time <= lately.last:
            lately = self._lately = self._find(time)
        return lately.position

    def _find(self, time: RecordedSteady | None) -> _Found:
        timeline = self._timeline
        decoder = FrameDecoder(timeline.paths, timeline.describe)
        with contextlib.closing(timeline.read_lap(already_stopped(), time)) as lines:
            for batch in lines:
                for step in in_steps(batch):
                    found = decoder.decode(step)
                    if found.frames:
                        return _Found(position_in(found, 0, 0), time, found.times[0])
                    if decoder.damage is not None:
                        raise decoder.damage
        return _Found(Position(self._lines(), [], 0, 0))

    def _lines(self) -> int:
        """Return how many lines there are by now."""
        with contextlib.suppress(UnknownPastError), Past(self._timeline, AFTER_ALL, TIME_LIMIT) as past:
            return sum(past.place)
        count = 0
        with contextlib.closing(self._timeline.read_batches(None, already_stopped())) as lines:
            for batch in lines:
                count = batch.start + len(batch.lines)
        return count
