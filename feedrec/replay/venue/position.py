"""A place in the timeline, as a client is at one."""

from __future__ import annotations

from typing import NamedTuple

from ..timeline.frame_batches import FrameBatch

__all__ = ["Position", "position_in"]


class Position(NamedTuple):
    """
    A place in the timeline.

    Attributes:
        line: All lines before this one are past.
        since: Text frames at and after that line that are past as well; empty where they are acks, or repeat what
            another connection has brought.
        time: The recorded time there, in nanoseconds.
        sure_time: A time in nanoseconds before which all lines are past.

    """

    line: int
    since: list[bytes]
    time: int
    sure_time: int = 0


def position_in(batch: FrameBatch, past: int, time: int) -> Position:
    """Return the position at which so many frames of a batch are past; `time` is the recorded time there."""
    tells = [info.kind != "ack" for info in batch.infos[:past]] or [True] * past
    frames = zip(batch.frames[:past], tells, strict=True)
    since = [frame.payload if has_news else b"" for frame, has_news in frames if not frame.binary]
    return Position(batch.start, since, time, batch.frames[0].time if batch.frames else 0)
