"""
Playing a timeline to one client: each frame when it is due, those that are due together in one write.

For a venue, a frame is what its server half makes of it: nothing, the frame, or the frame with an ack. A client's time
stands still while the state of the market is rebuilt for its late subscription; that of others goes on. Where all share
one time it stands still for nobody: the client then gets at once what was recorded meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading

from ..clock.lateness import LatenessHistogram
from ..clock.schedule import Schedule, wait_until_due
from ..clock.timing import Timing
from ..timeline.frame_batches import FrameBatch
from ..timeline.frame_stream import FrameStream
from ..venue.rebuild import Position
from .answers import VenueTalk
from .outlet import Outlet

__all__ = ["PlayThrough"]

_TIME_TO_SPARE = 5_000_000  # nanoseconds: a frame of 5 MB is decoded in less


class PlayThrough:
    """
    One client's way through a timeline.

    Args:
        first_time: Recorded time at which it begins, in nanoseconds: that of the first frame, which is due now, unless
            there is a schedule.
        pace: How fast.
        outlet: Takes the frames.
        talk: Makes messages of them; None to pass them on as they are.
        schedule: What all clients go by; None for one of its own.

    Attributes:
        frames: Messages handed over because something was recorded, or due.
        lateness: How late they were. What was due before the client was there, or while it was given the state of the
            market, was due then.

    """

    def __init__(
        self, first_time: int, pace: Timing, outlet: Outlet, talk: VenueTalk | None, schedule: Schedule | None = None
    ) -> None:
        self.frames = 0
        self.lateness = LatenessHistogram()
        self._clock = pace.clock
        self._pause = pace.sleep
        self._is_paced = math.isfinite(pace.speed)
        self._outlet = outlet
        self._talk = talk
        self._started = self._last_handed = self._ready = pace.clock()
        self._is_shared = schedule is not None
        self._schedule = schedule or Schedule(first_time, self._started, pace.speed)
        self._first_time = self._added_time = self._last_time = first_time
        self._deadlines: list[int] = []
        self._run = FrameBatch(0, 0, [], [])
        self._place = 0
        self._played = 0  # recorded nanoseconds of the laps before this one
        self._stopped = threading.Event()

    @property
    def present(self) -> int:
        """The recorded time of now."""
        return max(self._added_time, self._schedule.recorded_at(self._clock()))

    @property
    def elapsed(self) -> int:
        """Nanoseconds from its start to the last message."""
        return self._last_handed - self._started

    @property
    def recorded(self) -> int:
        """Recorded nanoseconds from its start to the last message."""
        return self._played + self._last_time - self._first_time

    async def play(self, run: FrameBatch, stream: FrameStream) -> None:
        """
        Play a run.

        Raises:
            ClientEnded: If the client is gone, or stopped reading.
            RecordingError: If the recordings cannot be read again.

        """
        if run.lap != self._run.lap:
            self._begin_lap(run)
        self._run = run
        talk, schedule, outlet = self._talk, self._schedule, self._outlet
        server = talk.server if talk is not None else None
        now = self._clock()
        for place, frame in enumerate(run.frames):
            self._place = place
            if talk is not None and (talk.wants_state.is_set() or talk.server.next_due is not None):
                await self._see_to_the_client(talk, frame.time)
            deadline = schedule.deadline(frame.time)
            if deadline is None or deadline > now:
                await self._hand_over()
                deadline = await self._wait_until_due(frame.time, stream)
                now = self._clock()
            self._added_time = frame.time
            if server is None:
                self._deadlines.append(deadline)
                outlet.add(frame.payload, binary=frame.binary)
            else:
                for message in server.on_frame(frame, run.infos[place]):
                    self._deadlines.append(deadline)
                    outlet.add(message, binary=False)
            if outlet.is_full:
                await self._hand_over()
        self._place = len(run.frames)
        await self._hand_over()

    async def answer(self) -> None:
        """Answer a subscription that came when there was nothing more to play; raises as `play` does."""
        if self._talk is not None:
            await self._give_state(self._talk)

    def stop(self) -> None:
        """End what a thread may still be doing for it."""
        self._stopped.set()

    def _begin_lap(self, run: FrameBatch) -> None:
        """Go on with the first frame of another lap, now."""
        first_time = run.frames[0].time
        self._played += self._last_time - self._first_time
        self._schedule.seek(first_time, self._clock())
        self._first_time = self._added_time = self._last_time = first_time
        if self._talk is not None:
            self._talk.begin_again()

    async def _wait_until_due(self, recorded: int, stream: FrameStream | None = None) -> int:
        """Wait for a recorded moment, with a look ahead where there is time; give its deadline."""
        schedule = self._schedule
        while stream is not None:
            deadline = schedule.deadline(recorded)
            if (deadline is not None and deadline - self._clock() <= _TIME_TO_SPARE) or not stream.look_ahead():
                break
            await self._pause(0)
        return await wait_until_due(schedule, recorded, clock=self._clock, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        """Sleep; but who subscribes meanwhile is answered at once."""
        talk = self._talk
        if talk is None or not seconds:
            await self._pause(seconds)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await talk.wants_state.wait()
        if talk.wants_state.is_set():
            await self._give_state(talk)

    async def _see_to_the_client(self, talk: VenueTalk, until: int) -> None:
        """Give what it waits for, and what the venue would send by itself up to a recorded moment."""
        if talk.wants_state.is_set():
            await self._give_state(talk)
        while (due := talk.server.next_due) is not None and due <= until:
            await self._hand_over()
            deadline = await self._wait_until_due(due)
            for message in talk.server.on_due(due):
                self._deadlines.append(deadline)
                self._outlet.add(message, binary=False)
            self._added_time = max(self._added_time, due)

    async def _give_state(self, talk: VenueTalk) -> None:
        """Answer a subscription with the state of the market as of now."""
        await self._hand_over()
        run, place, present = self._run, self._place, self.present
        if not self._is_shared:
            self._schedule.pause(self._clock())
        since = list(zip(run.frames[:place], run.infos[:place], strict=True))
        sure_time = run.frames[0].time if run.frames else 0
        await talk.give_state(Position(run.start, since, present, sure_time), self._stopped)
        self._ready = self._clock()
        if not self._is_shared:
            self._schedule.resume(self._ready)

    async def _hand_over(self) -> None:
        if not self._deadlines:
            await asyncio.sleep(0)  # a client that takes little of a recording must not keep the others waiting
            return
        self._outlet.hand_over()
        self._last_handed = self._clock()
        self._last_time = self._added_time
        self.frames += len(self._deadlines)
        if self._is_paced:
            ready = self._ready
            for deadline in self._deadlines:
                self.lateness.add(self._last_handed - max(deadline, ready))
        self._deadlines.clear()
        await self._outlet.drain()
