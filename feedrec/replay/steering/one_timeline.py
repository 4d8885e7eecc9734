"""
One timeline, of all clients or of one of them, and where it is.

1. Time is that of the schedule. Without a playhead there is nothing else.
2. There is a playhead as soon as one is needed: at infinite speed where several clients wait for each other, for steps
   and jumps, and from the start where the replay begins paused. Clients then begin where it is.
3. While time stands still, or takes no time, clients may play up to the playhead, and no further: it advances a few
   frames at a time, and waits for each client. So nobody is ahead of it, and it is ahead of everybody by a batch at
   most. At a finite speed they play what is due, and it follows the time.
4. One order is carried out after another, apart from a pause, a resume and a jump: they end an order under way.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

from ...errors import RecordingError
from ..clock.schedule import Schedule
from ..clock.time_types import RecordedSteady, RecordedWall, steady_time
from ..timeline.shared_timeline import SharedTimeline
from .followers import Follower
from .orders import Order, play_until, step
from .playhead import Playhead, Reached
from .stage import NextStop, Stage

__all__ = ["OneTimeline"]


class OneTimeline:
    """
    The timeline; see `Steering` for what it is told.

    Args:
        stage: What there is to steer.

    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._running: asyncio.Task[None] | None = None
        self._order: asyncio.Task[None] | None = None
        self._passed_before = 0  # frames, when the order began
        self._turn = asyncio.Lock()
        stage.on_begun = self._run

    @property
    def present(self) -> RecordedWall | None:
        """The recorded time that is now; None if it has not begun, and nobody knows where."""
        return self._stage.present

    @property
    def speed(self) -> float:
        """Recorded seconds per second, apart from pauses; `math.inf` for as fast as clients read."""
        return self._stage.tempo.speed

    @property
    def is_paused(self) -> bool:
        """Whether time stands still."""
        return self._stage.tempo.is_paused

    @property
    def is_own(self) -> bool:
        """Whether it is that of a single client."""
        return self._stage.is_own

    @property
    def goes_by_position(self) -> bool:
        """Whether the present of clients is what was played."""
        return self._stage.followers.goes_by_position

    @property
    def followers(self) -> int:
        """How many clients have subscribed and are still there."""
        return len(self._stage.followers)

    @property
    def is_over(self) -> bool:
        """Whether the end of the recordings is past, as far as somebody looked."""
        return self._stage.is_over

    @property
    def beginning(self) -> RecordedSteady | None:
        """The steady time at which it begins, or has begun; None if it is not known."""
        return self._stage.time.beginning

    @property
    def now(self) -> RecordedSteady:
        """The steady time that is now, or at which it will begin as far as that is known."""
        return self._stage.now

    @property
    def has_begun(self) -> bool:
        """Whether time has begun."""
        return self._stage.time.present is not None

    def stop_at(self, next_stop: NextStop) -> None:
        """Have time that takes no time stop at moments; see `Stage`."""
        self._stage.next_stop = next_stop

    @property
    def present_of_clients(self) -> RecordedSteady | None:
        """The steady time that is now for a client that comes; None if it has not begun."""
        if not self.goes_by_position:
            return self._stage.time.present
        return None if self._stage.playhead is None else self._stage.playhead.time

    @property
    def position(self) -> int | None:
        """How many frames the playhead has passed; None if there is none."""
        playhead = self._stage.playhead
        if playhead is None:
            return None
        self._stage.pass_due(playhead)
        return playhead.passed

    def reached(self, timeline: SharedTimeline) -> Reached:
        """Return how far a timeline is played; None if time has not begun."""
        stage = self._stage
        if stage.playhead is None:
            return None if stage.time.present is None else stage.due
        stage.pass_due(stage.playhead)
        return stage.playhead.reached(stage.timelines.index(timeline))

    def pause(self) -> None:
        """Stop time."""
        self._interrupt()
        stage = self._stage
        if stage.tempo.is_paused:
            return
        schedule, playhead, present = stage.time.schedule, stage.playhead, stage.now
        was_paced = schedule is not None and schedule.is_paced
        stage.tempo.pause()
        if schedule is not None and playhead is None and stage.is_own and not was_paced:
            playhead = stage.playhead = stage.make_playhead()  # else a step would not know what is past
            stage.hold_at(stage.due)
            schedule.seek(present, stage.clock())
        elif schedule is None or playhead is None:
            return
        elif was_paced and not stage.is_over:
            playhead.owes = RecordedSteady(present + 1)
            stage.pass_due(playhead)
            stage.hold_at(playhead.owes)
            schedule.seek(present, stage.clock())
        else:
            stage.stand(playhead, present)

    def resume(self) -> None:
        """Let time pass."""
        self._interrupt()
        self._stage.tempo.resume()
        self._run()

    def set_speed(self, speed: float) -> None:
        """Change the speed, also of an order that is under way."""
        if self._order is not None:
            self._stage.tempo.set_speed(speed)
            return
        self._interrupt()
        self._stage.tempo.set_speed(speed)
        if not self._stage.tempo.is_paused:
            self._run()

    async def step(self, count: int) -> int:
        """Play the next frames; return how many there were."""
        return await self._carry_out(partial(step, count=count))

    async def play_until(self, moment: RecordedWall) -> int:
        """Play all frames before a moment; return how many there were."""
        return await self._carry_out(partial(play_until, moment=moment))

    async def seek(self, moment: RecordedWall) -> None:
        """Go on at a moment, with everybody; if an order was under way, time stands there."""
        if self._order is not None:
            self.pause()
        self._interrupt()
        stage = self._stage
        async with self._turn:
            left = stage.playhead or stage.make_playhead()
            with contextlib.suppress(RecordingError):
                await left.fill()
            asked = steady_time(moment, left.shift)
            schedule = stage.begin(asked if left.first is None else left.first)
            self._interrupt()
            time = max(asked, stage.time.beginning or asked)
            playhead = stage.playhead = stage.new_playhead(None if asked < time else time)
            stage.time.silences.read_from(time)
            stage.is_over = False
            stage.followers.move([playhead.entrance(number) for number in range(len(stage.timelines))], time)
            if stage.tempo.is_paused:
                stage.followers.change(playhead.limits(time), may_end=False)
            schedule.seek(time, stage.clock())
            if not stage.tempo.is_paused:
                self._run()
            await left.close()
            await stage.followers.moved()
            if stage.tempo.is_paused:
                await stage.followers.arrived()
                await stage.followers.written()

    def begin(self, first_time: RecordedSteady) -> Schedule:
        """Begin the time of the clients, unless it has begun; see `SharedTime.begin`."""
        return self._stage.begin(first_time)

    def go_live(self) -> None:
        """Begin at once, in step with a recorder, whether anybody is there or not."""
        self._stage.is_live = True
        self._stage.begin(self._stage.now)

    def come(self) -> None:
        """Count a client that has connected."""
        self._stage.time.come()

    def join(self, timeline: SharedTimeline) -> Follower:
        """Add a client that has subscribed to an endpoint, and begins where its timeline is now."""
        return self._stage.followers.join(self._stage.timelines.index(timeline))

    def part(self, follower: Follower) -> None:
        """Wait for a client no longer."""
        self._stage.followers.leave(follower)

    async def leave(self, *, finished: bool) -> None:
        """Count a client that has left; see `SharedTime.leave`. When that time is over, the next client begins anew."""
        if self._stage.time.leave(finished=finished):
            self._stage.is_over = self._stage.has_run = False
            self._stage.followers.change(None, may_end=True)
            await self.close()

    async def close(self) -> None:
        """End what is under way."""
        tasks = {task for task in (self._running, self._order) if task is not None}
        left, self._stage.playhead = self._stage.playhead, None
        self._interrupt()
        if tasks:
            await asyncio.wait(tasks)
        if left is not None:
            await left.close()

    def _interrupt(self) -> None:
        """End what is under way."""
        for task in (self._running, self._order):
            if task is not None:
                task.cancel()
        self._running = None

    def _run(self) -> None:
        """Let time pass, if it has begun: clients and playhead by themselves, or both together if it takes no time."""
        stage = self._stage
        schedule = stage.time.schedule
        if schedule is None:
            return
        stage.has_run = True
        if stage.playhead is None and (stage.needs_playhead or not (schedule.is_paced or stage.is_own)):
            stage.playhead = stage.make_playhead()
        playhead = stage.playhead
        if playhead is None:
            return
        if schedule.is_paced:
            stage.followers.change(None, may_end=True)
            schedule.seek(stage.now, stage.clock())
            self._running = asyncio.create_task(self._follow(playhead, schedule))
        else:
            stage.stand(playhead, stage.now)
            self._running = asyncio.create_task(self._rush_on(playhead, schedule))

    async def _follow(self, playhead: Playhead, schedule: Schedule) -> None:
        """Have the playhead follow the time."""
        stage = self._stage
        with contextlib.suppress(RecordingError):  # clients meet it too, and say so
            await playhead.catch_up()
            while await playhead.fill():
                if stage.is_live:
                    stage.keep_step(playhead, schedule)
                await stage.wait_until(schedule, playhead.known_until)
                playhead.pass_known(until=stage.due)
            stage.is_over = True

    async def _rush_on(self, playhead: Playhead, schedule: Schedule) -> None:
        """Play on as fast as clients read."""
        stage = self._stage
        with contextlib.suppress(RecordingError):
            await playhead.catch_up()
            await stage.followers.somebody()
            while await playhead.fill():
                await stage.rush(playhead)
                await stage.followers.somebody()
            stage.is_over = True
            stage.followers.change(None, may_end=True)
            schedule.seek(stage.now, stage.clock())

    async def _carry_out(self, order: Order) -> int:
        """Have time stand, and carry out an order from there; return how many frames it played."""
        stage = self._stage
        async with self._turn:
            running = self._running
            self.pause()
            if running is not None:
                await asyncio.wait({running})
            playhead = stage.playhead = stage.playhead or stage.make_playhead()
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
            self._stage.begin(playhead.first)
        self._passed_before = playhead.passed
        await order(self._stage, playhead)
