"""A place in the timeline, as a client is at one."""

from __future__ import annotations

from itertools import compress
from typing import NamedTuple

from ..timeline.frame_batches import FrameBatch

__all__ = ["Position", "position_in"]


class Position(NamedTuple):
    """
    A place in the timeline.

    Attributes:
        line: All lines before this one are past.
        since: Text frames at and after that line that are past as well.
        time: The recorded time there, in nanoseconds.
        sure_time: A time in nanoseconds before which all lines are past.

    """

    line: int
    since: list[bytes]
    time: int
    sure_time: int = 0


def position_in(batch: FrameBatch, past: int, time: int) -> Position:
    """Return the position at which so many frames of a batch are past; `time` is the recorded time there."""
    told = [info.kind != "ack" for info in batch.infos[:past]] or [True] * past  # acks, and what is told elsewhere
    since = [frame.payload for frame in compress(batch.frames[:past], told) if not frame.binary]
    return Position(batch.start, since, time, batch.frames[0].time if batch.frames else 0)
