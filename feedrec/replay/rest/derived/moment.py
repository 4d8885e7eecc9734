"""The moment at which a request is answered."""

from __future__ import annotations

import msgspec

from ...clock.time_types import RecordedSteady
from ...venue.position import Position

__all__ = ["Moment"]


class Moment(msgspec.Struct, frozen=True):
    """
    A moment of a replay.

    Attributes:
        present: Its recorded time, in nanoseconds.
        time: What the venue's clock says then.
        position: What has been played by then; None if that is to be found by a time.
        before: The steady time: frames before it have been played, those at it and after it have not. None for the
            start of the timeline.

    """

    present: int
    time: int
    position: Position | None = None
    before: RecordedSteady | None = None

    @property
    def place(self) -> object:
        """What is equal for moments at which the same has been played, as far as that can be told without reading."""
        if self.position is not None:
            return self.position.line, len(self.position.since)
        return self.before
