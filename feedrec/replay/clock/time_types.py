"""
The three kinds of time in a replay, and the one place where recorded wall time becomes recorded steady time.

- `RecordedWall`: the recorder's wall clock when a frame arrived, in nanoseconds since 1970. It is the time in
  recordings and in the messages of venues, and the one that is printed.
- `RecordedSteady`: the recorder's time without the steps of its wall clock, in nanoseconds. A replay is paced by it.
- `Monotonic`: the monotonic clock of the replay, in nanoseconds. Deadlines are times of it.

All of them are plain integers at run time; to mypy they are different types. A difference of two times is an `int`.

No recording is paced by its `clock` events yet, so steady time is wall time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NewType, cast

from ...model import Frame

__all__ = ["Monotonic", "RecordedSteady", "RecordedWall", "steady_time", "steady_times", "wall_time"]

RecordedWall = NewType("RecordedWall", int)
RecordedSteady = NewType("RecordedSteady", int)
Monotonic = NewType("Monotonic", int)


def steady_time(wall: RecordedWall) -> RecordedSteady:
    """Return the steady time at a wall time."""
    return RecordedSteady(wall)


def steady_times(frames: Sequence[Frame]) -> list[RecordedSteady]:
    """Return the steady time of each frame."""
    return cast(list[RecordedSteady], [frame.time for frame in frames])


def wall_time(steady: RecordedSteady) -> RecordedWall:
    """Return the wall time at a steady time."""
    return RecordedWall(steady)
