"""The anchored clock: deadlines are absolute, exact, and never drift."""

from __future__ import annotations

import asyncio
import math
from fractions import Fraction
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.model import NANOSECONDS
from feedrec.replay.clock.alarm import Alarm
from feedrec.replay.clock.schedule import LEAD, LONGEST_SLEEP, NEVER, Schedule, wait_until_due
from feedrec.replay.clock.time_types import Monotonic, RecordedSteady

from ...timing import HANG_TIMEOUT
from ..clocks import VirtualTime

speeds = st.floats(1e-3, 1e6)
recorded_times = st.builds(RecordedSteady, st.integers(0, 10**19))
monotonic_times = st.builds(Monotonic, st.integers(0, 10**19))

R0, M0 = RecordedSteady(0), Monotonic(0)


@given(recorded_times, monotonic_times, speeds, st.lists(recorded_times, min_size=2))
def test_deadlines_keep_the_order_of_recorded_times(
    recorded: RecordedSteady, now: Monotonic, speed: float, moments: list[RecordedSteady]
) -> None:
    schedule = Schedule(recorded, now, speed)
    deadlines = [schedule.deadline(moment) or 0 for moment in sorted(moments)]
    assert deadlines == sorted(deadlines)


@given(recorded_times, monotonic_times, speeds, st.integers(0, 10**18))
def test_a_deadline_is_exact_however_far_away(
    recorded: RecordedSteady, now: Monotonic, speed: float, later: int
) -> None:
    deadline = Schedule(recorded, now, speed).deadline(RecordedSteady(recorded + later))
    assert deadline == now + math.floor(later / Fraction(speed))


@given(recorded_times, monotonic_times, speeds | st.just(math.inf), st.lists(recorded_times))
def test_many_deadlines_at_once_are_those_one_by_one(
    recorded: RecordedSteady, now: Monotonic, speed: float, moments: list[RecordedSteady]
) -> None:
    """While paused they are never."""
    schedule = Schedule(recorded, now, speed)
    assert schedule.deadlines(moments) == [schedule.deadline(moment) for moment in moments]
    before = schedule.changes
    schedule.pause(now)
    assert schedule.changes != before
    assert schedule.deadlines(moments) == [NEVER] * len(moments)


@given(st.lists(st.tuples(speeds, st.integers(0, 10**12)), min_size=1, max_size=50))
def test_changes_of_speed_do_not_add_up_to_a_drift(legs: list[tuple[float, int]]) -> None:
    """Each change costs less than a recorded nanosecond."""
    schedule, now, true = Schedule(R0, M0), M0, Fraction(0)
    for speed, duration in legs:
        schedule.set_speed(speed, now)
        now = Monotonic(now + duration)
        true += Fraction(speed) * duration
    assert 0 <= true - schedule.recorded_at(now) < len(legs)


def test_a_pause_moves_deadlines_by_its_length() -> None:
    schedule = Schedule(R0, M0, 2.0)
    schedule.pause(Monotonic(100))
    assert schedule.is_paused
    assert (schedule.deadline(RecordedSteady(1000)), schedule.recorded_at(Monotonic(130))) == (None, 200)
    schedule.resume(Monotonic(150))
    assert schedule.deadline(RecordedSteady(1000)) == 500 + 50


def test_a_seek_makes_another_moment_the_present() -> None:
    schedule = Schedule(R0, M0, 10.0)
    schedule.seek(RecordedSteady(5000), Monotonic(70))
    assert (schedule.deadline(RecordedSteady(5000)), schedule.deadline(RecordedSteady(5010))) == (70, 71)


def test_a_seek_while_paused_waits_for_the_resume() -> None:
    schedule = Schedule(R0, M0)
    schedule.pause(Monotonic(10))
    schedule.seek(RecordedSteady(500), Monotonic(20))
    schedule.resume(Monotonic(30))
    assert schedule.deadline(RecordedSteady(500)) == 30


def test_at_infinite_speed_everything_is_due_at_the_anchor() -> None:
    schedule = Schedule(RecordedSteady(5), Monotonic(7), math.inf)
    assert (
        schedule.deadline(RecordedSteady(5)),
        schedule.deadline(RecordedSteady(10**19)),
        schedule.recorded_at(Monotonic(1000)),
    ) == (7, 7, 5)
    schedule.seek(RecordedSteady(50), Monotonic(10))
    schedule.set_speed(1.0, Monotonic(10))
    assert schedule.deadline(RecordedSteady(51)) == 11


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan, -math.inf])
def test_a_speed_is_positive(speed: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Schedule(R0, M0, speed)


def waited(schedule: Schedule, recorded: int, time: VirtualTime) -> int:
    due = partial(schedule.deadline, RecordedSteady(recorded))
    return asyncio.run(wait_until_due(due, clock=time.clock, sleep=time.sleep))


def test_waiting_sleeps_until_shortly_before_and_then_yields() -> None:
    """The last 2 ms of a sleep are slept by themselves: short ones are more exact."""
    time = VirtualTime()
    assert waited(Schedule(R0, M0), 50_000_000, time) == 50_000_000
    assert time.sleeps[:2] == [(48_000_000 - LEAD) / NANOSECONDS, 0.002]
    assert set(time.sleeps[2:]) == {0}
    assert 50_000_000 <= time.now < 50_002_000


def test_what_is_due_is_not_waited_for() -> None:
    time = VirtualTime()
    assert waited(Schedule(R0, Monotonic(-10)), 5, time) == -5
    assert time.sleeps == []


def test_a_long_wait_looks_at_the_schedule_now_and_then() -> None:
    time = VirtualTime()
    waited(Schedule(R0, M0), 10 * LONGEST_SLEEP, time)
    assert max(time.sleeps) == LONGEST_SLEEP / NANOSECONDS


def test_a_change_of_speed_reaches_those_who_wait() -> None:
    time, schedule = VirtualTime(), Schedule(R0, M0)
    time.on_sleep = lambda: schedule.set_speed(1000.0, time.now) if len(time.sleeps) == 1 else None
    waited(schedule, 100 * NANOSECONDS, time)
    assert time.now < NANOSECONDS


def test_a_pause_is_waited_out() -> None:
    time, schedule = VirtualTime(), Schedule(R0, M0)
    schedule.pause(M0)
    time.on_sleep = lambda: schedule.resume(time.now) if len(time.sleeps) == 5 else None
    assert waited(schedule, 1000, time) == 5 * LONGEST_SLEEP + 1000


def test_each_reason_for_a_pause_ends_by_itself() -> None:
    """A replay that was paused by hand does not go on because a state was rebuilt."""
    schedule = Schedule(R0, M0)
    schedule.pause(Monotonic(10))
    schedule.pause(Monotonic(20), "state")
    schedule.resume(Monotonic(30), "state")
    assert schedule.is_paused
    schedule.resume(Monotonic(40))
    assert not schedule.is_paused
    assert schedule.recorded_at(Monotonic(45)) == 15


def test_at_infinite_speed_the_present_is_what_was_reached() -> None:
    """So a pause and a finite speed go on from there."""
    schedule = Schedule(R0, M0, math.inf)
    schedule.reached = lambda: RecordedSteady(700)
    assert schedule.recorded_at(M0) == 700
    schedule.set_speed(1.0, Monotonic(50))
    assert schedule.deadline(RecordedSteady(705)) == 55
    assert schedule.is_paced


def test_a_change_rings() -> None:
    schedule, alarm = Schedule(R0, M0), Alarm()
    schedule.alarms.add(alarm)

    async def scenario() -> None:
        sleeping = asyncio.create_task(alarm.sleep(HANG_TIMEOUT))
        await asyncio.sleep(0)
        schedule.set_speed(2.0, M0)
        await sleeping

    asyncio.run(asyncio.wait_for(scenario(), HANG_TIMEOUT / 2))
