"""
The three kinds of time in a replay.

- `RecordedWall`: the recorder's wall clock when a frame arrived, in nanoseconds since 1970. It is the time in
  recordings and in the messages of venues, and the one that is printed.
- `RecordedSteady`: the recorder's time without the steps of its wall clock, in nanoseconds. A replay is paced by it.
- `Monotonic`: the monotonic clock of the replay, in nanoseconds. Deadlines are times of it.

All of them are plain integers at run time; to mypy they are different types. A difference of two times is an `int`.

`formats/line/steady_clock.py` derives steady time: wall time plus a shift, which changes only where the clock was set.
So a `Shift` leads from the one to the other, and back.
"""

from __future__ import annotations

from typing import NewType

__all__ = ["Monotonic", "RecordedSteady", "RecordedWall", "Shift", "shift_of", "steady_time", "wall_time"]

RecordedWall = NewType("RecordedWall", int)
RecordedSteady = NewType("RecordedSteady", int)
Monotonic = NewType("Monotonic", int)
Shift = NewType("Shift", int)


def steady_time(wall: RecordedWall, shift: Shift) -> RecordedSteady:
    """Return the steady time at a wall time."""
    return RecordedSteady(wall + shift)


def wall_time(steady: RecordedSteady, shift: Shift) -> RecordedWall:
    """Return the wall time at a steady time."""
    return RecordedWall(steady - shift)


def shift_of(wall: RecordedWall, steady: RecordedSteady) -> Shift:
    """Return the shift between two times of the same moment."""
    return Shift(steady - wall)
