"""Wall, steady and monotonic time: plain integers that mypy keeps apart."""

from __future__ import annotations

from feedrec.model import Frame
from feedrec.replay.clock.schedule import Schedule
from feedrec.replay.clock.time_types import (
    Monotonic,
    RecordedSteady,
    RecordedWall,
    Shift,
    shift_of,
    steady_time,
    wall_time,
)

START = RecordedWall(1_786_309_548_000_000_000)
SHIFT = Shift(-5)


def test_a_shift_leads_from_wall_time_to_steady_time_and_back() -> None:
    steady = steady_time(START, SHIFT)
    assert steady == START - 5
    assert wall_time(steady, SHIFT) == START
    assert shift_of(START, steady) == SHIFT


def test_the_kinds_of_time_are_different_types() -> None:
    """Each of these is an error to mypy: else it would report the `type: ignore` as unused."""
    schedule = Schedule(steady_time(START, SHIFT), Monotonic(0))
    schedule.deadline(START)  # type: ignore[arg-type]
    schedule.deadline(Monotonic(0))  # type: ignore[arg-type]
    schedule.recorded_at(steady_time(START, SHIFT))  # type: ignore[arg-type]
    schedule.seek(Monotonic(0), steady_time(START, SHIFT))  # type: ignore[arg-type]
    steady_time(RecordedSteady(0), SHIFT)  # type: ignore[arg-type]
    wall_time(START, SHIFT)  # type: ignore[arg-type]
    steady_time(Frame(0, 0, b"").time, SHIFT)  # type: ignore[arg-type]
