"""When the frames of one client are due, and waiting for that."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from ...clock.alarm import Alarm
from ...clock.schedule import NEVER, Schedule, Sleep, wait_until_due
from ...clock.time_types import Monotonic, RecordedSteady, RecordedWall
from ...clock.timing import Timing
from ...steering.followers import Follower
from ...timeline.frame_batches import FrameBatch
from ...timeline.frame_stream import FrameSource
from ..crowd import Crowd

__all__ = ["Pace", "Unprompted"]

_TIME_TO_SPARE = 5_000_000  # nanoseconds: a frame of 5 MB is decoded in less


class Unprompted(Protocol):
    """What has something to send though nothing was recorded."""

    @property
    def next_due(self) -> RecordedWall | None:
        """When there is; None if never."""


class _DueChanged(Exception):  # noqa: N818  not an error
    """Something else is due next."""


class Pace:
    """
    What is due is so by the schedule, and if the client follows the timeline of all, as far as that one is.

    Args:
        schedule: When recorded moments are due.
        timing: Has the clock, and the sleep between looks at what is due.
        crowd: All clients.
        sleep: Sleeps until the alarm rings, for some seconds at most.
        alarm: Rings when something changes.
        follower: How far the client may play; None for as far as is due.

    Attributes:
        schedule: See above.
        follower: See above.

    """

    def __init__(
        self, schedule: Schedule, timing: Timing, crowd: Crowd, sleep: Sleep, alarm: Alarm, follower: Follower | None
    ) -> None:
        self.schedule = schedule
        self.follower = follower
        self._clock = timing.clock
        self._yield = timing.sleep
        self._crowd = crowd
        self._sleep = sleep
        self._alarm = alarm
        self._times: list[RecordedSteady] = []
        self._after_end: Schedule | None = None
        schedule.alarms.add(alarm)

    def close(self) -> None:
        """Let go of the schedule."""
        self.schedule.alarms.discard(self._alarm)

    @property
    def now(self) -> RecordedSteady:
        """The steady time that is now."""
        return self._present_schedule.recorded_at(self._clock())

    def begin(self, batch: FrameBatch) -> None:
        """Go on to the next batch."""
        self._times = batch.times
        self._after_end = None
        if self.follower is not None:
            self.follower.begin(batch)

    def end(self, time: RecordedSteady) -> None:
        """Go on after the end, which was at a steady time: as in reality if time took no time before."""
        self._after_end = Schedule(time, self._clock())

    @property
    def is_free(self) -> bool:
        """Whether all that is due may be played, and time passes."""
        is_held = self.follower is not None and self.follower.is_held
        return not is_held and self.schedule.is_paced and not self.schedule.is_paused

    def deadlines(self) -> list[Monotonic]:
        """Return when the frames of the batch are due; `NEVER` for those of which nobody knows."""
        times = self._times
        admitted = None if self.follower is None else self.follower.admitted()
        if times and (self.follower is None or self.follower.is_own):
            self.schedule.silences.take(times)
        if admitted is None:
            return self.schedule.deadlines(times)
        is_paused = self.schedule.is_paused
        due = [self._clock()] * admitted if is_paused else self.schedule.deadlines(times[:admitted])
        return due + [NEVER] * (len(times) - admitted)

    async def frame_due(self, number: int, stream: FrameSource) -> Monotonic:
        """Wait until a frame of the batch is due, looking ahead while there is time; return its deadline."""
        await self.look_ahead(number, stream)
        return await self._wait(partial(self._frame_deadline, number))

    async def look_ahead(self, number: int, stream: FrameSource) -> None:
        """Look ahead while there is time until a frame of the batch is due."""
        while True:
            deadline = self._frame_deadline(number)
            if (deadline is not None and deadline - self._clock() <= _TIME_TO_SPARE) or not stream.look_ahead():
                return
            await self._yield(0)

    async def unprompted_due(self, session: Unprompted, time: RecordedSteady) -> Monotonic | None:
        """Wait until what is due next, at a time, is so; return its deadline, None if something else is due next."""
        due = session.next_due

        def check() -> None:
            if session.next_due != due:
                raise _DueChanged

        try:
            return await self._wait(partial(self._time_deadline, time, check))
        except _DueChanged:
            return None

    def _frame_deadline(self, number: int) -> Monotonic | None:
        follower = self.follower
        if follower is not None:
            if follower.holds_frame(number):
                return None
            if follower.is_held and self.schedule.is_paused:
                return self._clock()
        return self.schedule.deadline(self._times[number])

    def _time_deadline(self, time: RecordedSteady, check: Callable[[], object]) -> Monotonic | None:
        check()
        follower = self.follower
        if follower is not None:
            if follower.holds_time(time):
                return None
            if follower.is_held and self.schedule.is_paused:
                return self._clock()
        return self._present_schedule.deadline(time)

    @property
    def _present_schedule(self) -> Schedule:
        schedule, after_end = self.schedule, self._after_end
        return schedule if after_end is None or schedule.is_paced or schedule.is_paused else after_end

    async def _wait(self, due: Callable[[], Monotonic | None]) -> Monotonic:
        return await wait_until_due(due, clock=self._clock, sleep=self._sleep, lead=self._crowd.lead)
