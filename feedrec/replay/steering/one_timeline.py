"""
The one timeline of all clients, and where it is.

1. Time is that of the schedule. Without a playhead there is nothing else.
2. There is a playhead as soon as one is needed: at infinite speed, for steps and jumps, and from the start where the
   replay begins paused. Clients then begin where it is.
3. While time stands still, or takes no time, clients may play up to the playhead, and no further: it advances a few
   frames at a time, and waits for each client. So nobody is ahead of it, and it is ahead of everybody by a batch at
   most. At a finite speed they play what is due, and it follows the time.
4. One order is carried out after another, apart from a pause, a resume and a jump: they end an order under way.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from ...errors import RecordingError
from ..clock.schedule import Clock, Schedule, Sleep, wait_until_due
from ..clock.shared_clock import SharedTime
from ..clock.tempo import Tempo
from ..clock.time_types import RecordedSteady, RecordedWall, Shift, steady_time, wall_time
from ..timeline.shared_timeline import SharedTimeline
from .followers import Follower, Followers
from .limit import NOTHING, Limit
from .playhead import Entrance, Playhead, Reached

__all__ = ["OneTimeline"]

Order = Callable[[Playhead], Coroutine[Any, Any, None]]


class OneTimeline:
    """
    The timeline; see `Steering` for what it is told.

    Args:
        timelines: The timelines of all endpoints.
        tempo: How fast time passes.
        time: The time of all clients.
        clock: Returns the monotonic time.
        sleep: Sleeps for some seconds; for zero seconds it lets other tasks run.
        is_barrier: Whether nothing is played until it is told, and the present is the position, not that of a clock.

    """

    def __init__(
        self,
        timelines: Sequence[SharedTimeline],
        tempo: Tempo,
        time: SharedTime,
        clock: Clock,
        sleep: Sleep,
        *,
        is_barrier: bool,
    ) -> None:
        self._timelines = timelines
        self._tempo = tempo
        self._time = time
        self._clock = clock
        self._sleep = sleep
        self._followers = Followers(self._entrance, goes_by_position=is_barrier)
        self._playhead: Playhead | None = None
        self._is_over = False
        self._running: asyncio.Task[None] | None = None
        self._order: asyncio.Task[None] | None = None
        self._passed_before = 0  # frames, when the order began
        self._turn = asyncio.Lock()
        if is_barrier:
            self._playhead = Playhead(timelines)
            self._followers.change([NOTHING] * len(timelines), may_end=False)

    @property
    def present(self) -> RecordedWall | None:
        """The recorded time that is now; None if it has not begun, and nobody knows where."""
        present = self._time.beginning if self._time.present is None else self._time.present
        shift = Shift(0) if self._playhead is None else self._playhead.shift
        return None if present is None else wall_time(present, shift)

    @property
    def goes_by_position(self) -> bool:
        """Whether the present of clients is what was played."""
        return self._followers.goes_by_position

    @property
    def followers(self) -> int:
        """How many clients have subscribed and are still there."""
        return len(self._followers)

    @property
    def beginning(self) -> RecordedSteady | None:
        """The steady time at which it begins, or has begun; None if it is not known."""
        return self._time.beginning

    @property
    def present_of_clients(self) -> RecordedSteady | None:
        """The steady time that is now for a client that comes; None if it has not begun."""
        if not self.goes_by_position:
            return self._time.present
        return None if self._playhead is None else self._playhead.time

    @property
    def position(self) -> int | None:
        """How many frames the playhead has passed; None if there is none."""
        if self._playhead is None:
            return None
        self._pass_due(self._playhead)
        return self._playhead.passed

    def reached(self, timeline: SharedTimeline) -> Reached:
        """Return how far a timeline is played; None if time has not begun."""
        if self._playhead is None:
            return None if self._time.present is None else self._due()
        self._pass_due(self._playhead)
        return self._playhead.reached(self._timelines.index(timeline))

    def pause(self) -> None:
        """Stop time."""
        self._interrupt()
        if self._tempo.is_paused:
            return
        schedule, playhead = self._time.schedule, self._playhead
        present, was_paced = self._now, schedule is not None and schedule.is_paced
        self._tempo.pause()
        if schedule is None or playhead is None:
            return
        if was_paced and not self._is_over:
            playhead.owes = RecordedSteady(present + 1)
            self._pass_due(playhead)
            self._followers.change([Limit(playhead.owes)] * len(self._timelines), may_end=False)
            schedule.seek(present, self._clock())
        else:
            self._stand(playhead, present)

    def resume(self) -> None:
        """Let time pass."""
        self._interrupt()
        self._tempo.resume()
        self._run()

    def set_speed(self, speed: float) -> None:
        """Change the speed, also of an order that is under way."""
        if self._order is not None:
            self._tempo.set_speed(speed)
            return
        self._interrupt()
        self._tempo.set_speed(speed)
        if not self._tempo.is_paused:
            self._run()

    async def step(self, count: int) -> int:
        """Play the next frames; return how many there were."""
        return await self._carry_out(partial(self._step, count))

    async def play_until(self, moment: RecordedWall) -> int:
        """Play all frames before a moment; return how many there were."""
        return await self._carry_out(partial(self._play_until, moment))

    async def seek(self, moment: RecordedWall) -> None:
        """Go on at a moment, with everybody; if an order was under way, time stands there."""
        if self._order is not None:
            self.pause()
        self._interrupt()
        async with self._turn:
            left = self._playhead or self._make_playhead()
            with contextlib.suppress(RecordingError):
                await left.fill()
            asked = steady_time(moment, left.shift)
            schedule = self.begin(asked if left.first is None else left.first)
            self._interrupt()
            time = max(asked, self._time.beginning or asked)
            playhead = self._playhead = Playhead(self._timelines, None if asked < time else time)
            self._is_over = False
            self._followers.move([playhead.entrance(number) for number in range(len(self._timelines))])
            if self._tempo.is_paused:
                self._followers.change(playhead.limits(time), may_end=False)
            schedule.seek(time, self._clock())
            if not self._tempo.is_paused:
                self._run()
            await left.close()
            await self._followers.moved()
            if self._tempo.is_paused:
                await self._followers.arrived()
                await self._followers.written()

    def begin(self, first_time: RecordedSteady) -> Schedule:
        """Begin the time of all clients, unless it has begun; see `SharedTime.begin`."""
        if self._time.schedule is not None:
            return self._time.schedule
        schedule = self._time.begin(first_time)
        schedule.reached = self._reached
        if not self._tempo.is_paused:
            self._run()
        return schedule

    def come(self) -> None:
        """Count a client that has connected."""
        self._time.come()

    def join(self, timeline: SharedTimeline) -> Follower:
        """Add a client that has subscribed to an endpoint, and begins where its timeline is now."""
        return self._followers.join(self._timelines.index(timeline))

    def part(self, follower: Follower) -> None:
        """Wait for a client no longer."""
        self._followers.leave(follower)

    async def leave(self, *, finished: bool) -> None:
        """Count a client that has left; see `SharedTime.leave`. When that time is over, the next client begins anew."""
        if self._time.leave(finished=finished):
            self._is_over = False
            self._followers.change(None, may_end=True)
            await self.close()

    async def close(self) -> None:
        """End what is under way."""
        tasks = {task for task in (self._running, self._order) if task is not None}
        left, self._playhead = self._playhead, None
        self._interrupt()
        if tasks:
            await asyncio.wait(tasks)
        if left is not None:
            await left.close()

    @property
    def _now(self) -> RecordedSteady:
        """The steady time that is now, or at which it will begin as far as that is known."""
        present = self._time.beginning if self._time.present is None else self._time.present
        return RecordedSteady(0) if present is None else present

    def _reached(self) -> RecordedSteady:
        reached = None if self._playhead is None else self._playhead.time
        return RecordedSteady(0) if reached is None else reached

    def _due(self) -> RecordedSteady:
        """Return the steady time up to which frames are due, exclusive."""
        return RecordedSteady(self._now + 1)

    def _entrance(self, endpoint: int) -> Entrance | None:
        if self._playhead is None:
            return None
        self._pass_due(self._playhead)
        return self._playhead.entrance(endpoint)

    def _pass_due(self, playhead: Playhead) -> None:
        """Pass what is due, as far as the playhead has read."""
        schedule = self._time.schedule
        if playhead.owes is not None:
            playhead.pass_known(until=playhead.owes)
        elif schedule is not None and not schedule.is_paused and schedule.is_paced:
            playhead.pass_known(until=self._due())

    def _stand(self, playhead: Playhead, time: RecordedSteady) -> None:
        """Have clients play up to the playhead, where it is `time`."""
        schedule = self.begin(time if playhead.first is None else playhead.first)
        self._followers.change(playhead.limits(time), may_end=self._is_over)
        schedule.seek(time, self._clock())

    def _interrupt(self) -> None:
        """End what is under way."""
        for task in (self._running, self._order):
            if task is not None:
                task.cancel()
        self._running = None

    def _run(self) -> None:
        """Let time pass, if it has begun: clients and playhead by themselves, or both together if it takes no time."""
        schedule = self._time.schedule
        if schedule is None:
            return
        if not schedule.is_paced and self._playhead is None:
            self._playhead = self._make_playhead()
        playhead = self._playhead
        if playhead is None:
            return
        if schedule.is_paced:
            self._followers.change(None, may_end=True)
            schedule.seek(self._now, self._clock())
            self._running = asyncio.create_task(self._follow(playhead, schedule))
        else:
            self._stand(playhead, self._now)
            self._running = asyncio.create_task(self._rush_on(playhead, schedule))

    def _make_playhead(self) -> Playhead:
        """Make a playhead behind everything that is due now."""
        present = self._time.present
        if present is None or present == self._time.beginning:
            return Playhead(self._timelines)
        return Playhead(self._timelines, RecordedSteady(present + 1))

    async def _follow(self, playhead: Playhead, schedule: Schedule) -> None:
        """Have the playhead follow the time."""
        with contextlib.suppress(RecordingError):  # clients meet it too, and say so
            await playhead.catch_up()
            while await playhead.fill():
                await self._wait_until(schedule, playhead.known_until)
                playhead.pass_known(until=self._due())
            self._is_over = True

    async def _rush_on(self, playhead: Playhead, schedule: Schedule) -> None:
        """Play on as fast as clients read."""
        with contextlib.suppress(RecordingError):
            await playhead.catch_up()
            await self._followers.somebody()
            while await playhead.fill():
                await self._rush(playhead)
                await self._followers.somebody()
            self._is_over = True
            self._followers.change(None, may_end=True)
            schedule.seek(self._now, self._clock())

    async def _rush(self, playhead: Playhead, most: int | None = None, until: RecordedSteady | None = None) -> None:
        """Play the next few frames at once."""
        if playhead.pass_known(most, until):
            self._stand(playhead, self._reached())
            await self._followers.arrived()

    async def _wait_until(self, schedule: Schedule, time: RecordedSteady) -> None:
        await wait_until_due(partial(schedule.deadline, time), clock=self._clock, sleep=self._sleep)

    async def _carry_out(self, order: Order) -> int:
        """Have time stand, and carry out an order from there; return how many frames it played."""
        async with self._turn:
            running = self._running
            self.pause()
            if running is not None:
                await asyncio.wait({running})
            playhead = self._playhead = self._playhead or self._make_playhead()
            self._passed_before = playhead.passed
            self._order = task = asyncio.create_task(self._obey(order, playhead))
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                self.pause()
                raise
            finally:
                self._order = None
            if not task.cancelled():
                task.result()
            return playhead.passed - self._passed_before

    async def _obey(self, order: Order, playhead: Playhead) -> None:
        """Carry out an order from where time stands, or begins."""
        await playhead.catch_up()
        if await playhead.fill() and playhead.first is not None:
            self.begin(playhead.first)
        self._passed_before = playhead.passed
        await order(playhead)

    async def _step(self, count: int, playhead: Playhead) -> None:
        end = playhead.passed + count
        while await playhead.fill() and playhead.passed < end:
            await self._rush(playhead, most=end - playhead.passed)
        self._is_over = self._is_over or playhead.passed < end
        await self._finish(playhead, self._now)

    async def _play_until(self, moment: RecordedWall, playhead: Playhead) -> None:
        time = steady_time(moment, playhead.shift)
        schedule = self.begin(time)
        if time > self._now:
            if schedule.is_paced:
                await self._play_at_speed(playhead, schedule, time)
            while await playhead.fill():
                await self._rush(playhead, until=time)
                if not playhead.must_read:
                    break
            else:
                self._is_over = True
        await self._finish(playhead, max(time, self._now))

    async def _play_at_speed(self, playhead: Playhead, schedule: Schedule, time: RecordedSteady) -> None:
        """Let time pass up to a moment or to the end, unless it takes no time any more."""
        self._followers.change([Limit(time)] * len(self._timelines), may_end=False)
        self._tempo.resume()
        while await playhead.fill():
            known = min(playhead.known_until, time)
            await self._wait_until(schedule, known)
            if not schedule.is_paced:
                break
            playhead.pass_known(until=min(self._due(), time))
            if known == time:
                break
        now = min(self._now, time)
        self._tempo.pause()
        schedule.seek(now, self._clock())

    async def _finish(self, playhead: Playhead, time: RecordedSteady) -> None:
        """Let time stand, and wait until everybody has what was played."""
        self._stand(playhead, time)
        await self._followers.arrived()
        await self._followers.written()
