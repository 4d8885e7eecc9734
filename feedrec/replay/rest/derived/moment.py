"""The moment at which a request is answered, as it is here, and as a process beside the replay is told of it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

import msgspec

from ...clock.time_types import RecordedSteady, RecordedWall
from ...steering.playhead import Reached
from ...venue.position import Position, position_in

__all__ = ["Moment", "Now"]


class Moment(msgspec.Struct, frozen=True):
    """
    A moment of a replay.

    Attributes:
        time: What the venue's clock says then.
        position: What has been played by then; None if that is to be found by a time.
        before: The steady time: frames before it have been played, those at it and after it have not. None for the
            start of the timeline.

    """

    time: int
    position: Position | None = None
    before: RecordedSteady | None = None


class Now(NamedTuple):
    """
    The moment that is now.

    Attributes:
        present: The recorded time.
        time: What the venue's clock says.
        reached: How far the timeline is played.

    """

    present: RecordedWall
    time: int
    reached: Reached

    @property
    def place(self) -> Hashable:
        """What is equal for moments at which the same has been played, as far as that can be told without reading."""
        if isinstance(self.reached, tuple):
            batch, past = self.reached
            return batch.start, past
        return self.reached

    @property
    def moment(self) -> Moment:
        """The same for whoever is beside the replay."""
        if isinstance(self.reached, tuple):
            return Moment(self.time, position_in(*self.reached, self.present))
        return Moment(self.time, before=self.reached)
