"""Wall, steady and monotonic time: plain integers that mypy keeps apart."""

from __future__ import annotations

from feedrec.model import Frame
from feedrec.replay.clock.schedule import Schedule
from feedrec.replay.clock.time_types import (
    Monotonic,
    RecordedSteady,
    RecordedWall,
    steady_time,
    steady_times,
    wall_time,
)

START = RecordedWall(1_786_309_548_000_000_000)


def test_steady_time_is_wall_time_until_recordings_are_paced_by_their_clock_events() -> None:
    frames = [Frame(START, 0, b""), Frame(START + 5, 0, b"")]
    assert steady_times(frames) == [steady_time(RecordedWall(frame.time)) for frame in frames] == [START, START + 5]
    assert wall_time(steady_time(START)) == START


def test_the_kinds_of_time_are_different_types() -> None:
    """Each of these is an error to mypy: else it would report the `type: ignore` as unused."""
    schedule = Schedule(steady_time(START), Monotonic(0))
    schedule.deadline(START)  # type: ignore[arg-type]
    schedule.deadline(Monotonic(0))  # type: ignore[arg-type]
    schedule.recorded_at(steady_time(START))  # type: ignore[arg-type]
    schedule.seek(Monotonic(0), steady_time(START))  # type: ignore[arg-type]
    steady_time(RecordedSteady(0))  # type: ignore[arg-type]
    wall_time(START)  # type: ignore[arg-type]
    steady_time(Frame(0, 0, b"").time)  # type: ignore[arg-type]
