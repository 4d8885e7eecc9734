"""What is played when it is told, from where time stands to where it stands again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from ..clock.schedule import Schedule
from ..clock.time_types import RecordedSteady, RecordedWall, steady_time
from .playhead import Playhead
from .stage import Stage

__all__ = ["Order", "play_until", "step"]

Order = Callable[[Stage, Playhead], Coroutine[Any, Any, None]]
"""Plays something; its time has begun unless there is no frame, and the playhead owes nothing."""


async def step(stage: Stage, playhead: Playhead, *, count: int) -> None:
    """Play the next frames."""
    end = playhead.passed + count
    while await playhead.fill() and playhead.passed < end:
        before = playhead.passed
        if await stage.rush(playhead, most=end - before) and playhead.passed == before:
            await stage.finish(playhead, stage.now)  # at a stop
            return
    stage.is_over = stage.is_over or playhead.passed < end
    await stage.finish(playhead, stage.now)


async def play_until(stage: Stage, playhead: Playhead, *, moment: RecordedWall) -> None:
    """Play all frames before a moment, at the speed."""
    time = steady_time(moment, playhead.shift)
    schedule = stage.begin(time)
    if time > stage.now:
        if schedule.is_paced:
            await _play_at_speed(stage, playhead, schedule, time)
        while await playhead.fill():
            is_stopped = await stage.rush(playhead, until=time)
            if not (is_stopped or playhead.must_read):
                break
        else:
            stage.is_over = True
    await stage.finish(playhead, max(time, stage.now))


async def _play_at_speed(stage: Stage, playhead: Playhead, schedule: Schedule, time: RecordedSteady) -> None:
    """Let time pass up to a moment or to the end, unless it takes no time any more."""
    stage.hold_at(time)
    stage.tempo.resume()
    while await playhead.fill():
        known = min(playhead.known_until, time)
        await stage.wait_until(schedule, known)
        if not schedule.is_paced:
            break
        playhead.pass_known(until=min(stage.due, time))
        if known == time:
            break
    now = min(stage.now, time)
    stage.tempo.pause()
    schedule.seek(now, stage.clock())
