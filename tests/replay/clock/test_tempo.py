"""The speed of all schedules, of those that begin later too."""

from __future__ import annotations

import math

import pytest

from feedrec.replay.clock.tempo import Tempo
from feedrec.replay.clock.time_types import Monotonic, RecordedSteady

R0 = RecordedSteady(0)


class Clock:
    """Stands still until it is moved."""

    now = 0

    def __call__(self) -> Monotonic:
        return Monotonic(self.now)


def test_what_is_told_holds_for_all_schedules() -> None:
    """For one that begins later, and not for one that has ended."""
    clock = Clock()
    tempo = Tempo(1.0, clock)
    early, left = tempo.begin(R0), tempo.begin(R0)
    tempo.end(left)
    clock.now = 10
    tempo.pause()
    clock.now = 20
    late = tempo.begin(R0)
    assert (early.is_paused, late.is_paused, left.is_paused) == (True, True, False)
    tempo.set_speed(2.0)
    tempo.resume()
    clock.now = 30
    assert [one.recorded_at(clock()) for one in (early, late, left)] == [30, 20, 30]
    assert (tempo.begin(R0).speed, left.speed) == (2.0, 1.0)


def test_it_can_stand_still_from_the_start() -> None:
    tempo = Tempo(math.inf, Clock(), is_paused=True)
    assert tempo.begin(R0).deadline(R0) is None


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan])
def test_a_speed_that_is_none_changes_nothing(speed: float) -> None:
    tempo = Tempo(3.0, Clock())
    schedule = tempo.begin(R0)
    with pytest.raises(ValueError, match="must be positive"):
        tempo.set_speed(speed)
    assert tempo.speed == schedule.speed == 3.0
