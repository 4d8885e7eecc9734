"""
Playing frames to one client: each when it is due, those that are due together in one write.

For a venue, its server half turns a frame into the messages to send: none, the frame, or the frame with an ack. While
the state of the market is rebuilt for a late subscription, the client's time stands still, but not that of other
clients. If all clients share one time, it does not stop for any of them: the client is then sent at once what it
missed. After the end of the recordings time goes on for a client that stays.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import NoReturn

from ...model import NANOSECONDS, Frame
from ..clock.alarm import Alarm
from ..clock.lateness import LatenessHistogram
from ..clock.schedule import Schedule
from ..clock.time_types import Monotonic, RecordedSteady, RecordedWall, Shift, shift_of, steady_time, wall_time
from ..clock.timing import Timing
from ..steering.followers import Follower
from ..timeline.coming_snapshots import LONG_PATIENCE, PATIENCE, Outlook
from ..timeline.frame_batches import FrameBatch
from ..timeline.frame_stream import FrameSource
from ..venue.position import Position
from .crowd import Crowd
from .outlet import Outlet
from .pace import Pace
from .venue_session import VenueSession

__all__ = ["LONGEST_HOLE", "Playback"]

LONGEST_HOLE = 10 * NANOSECONDS
"""Steady time without a frame over which nothing is sent unprompted."""

_LEAST_STEP = NANOSECONDS  # by which the wall clock must have been set to be followed at once
_REST = 10.0  # seconds after which a client that waits for nothing looks around all the same


class _DueChanged(Exception):  # noqa: N818  not an error
    """Something else is due next."""


class Playback:
    """
    The playing of a timeline to one client.

    Args:
        first_time: Steady time at which it begins: without a schedule, that of the first frame, which is due now.
        shift: The shift of the first frame.
        timing: How fast to play.
        outlet: Takes the messages.
        session: Turns frames into messages; None to send them unchanged.
        crowd: All clients.
        schedule: When it is due.
        follower: How far it may go, of a client that follows the timeline of all; None for a timeline of its own.

    Attributes:
        frames: Messages handed over because a frame was recorded, or something was due before the end.
        lateness: How late they were. What was due before the client joined, or while its state was rebuilt, counts as
            due right after that.

    """

    def __init__(
        self,
        first_time: RecordedSteady,
        shift: Shift,
        timing: Timing,
        outlet: Outlet,
        session: VenueSession | None,
        crowd: Crowd,
        schedule: Schedule,
        follower: Follower | None = None,
    ) -> None:
        self.frames = 0
        self.lateness = LatenessHistogram()
        self._clock = timing.clock
        self._pause = timing.sleep
        self._outlet = outlet
        self._session = session
        self._alarm = Alarm() if session is None else session.alarm
        self._pace = Pace(schedule, timing, crowd, self._sleep, self._alarm, follower)
        self._started = self._last_handed = self._ready = timing.clock() if follower is not None else schedule.begun
        self._follower = follower
        self._schedule = schedule
        self._first_time = self._added_time = self._last_time = first_time
        if follower is None:
            schedule.reached = self._reached
        self._shift = shift  # of the last frame that was attended to, or of the last batch
        self._deadlines: list[Monotonic] = []
        self._batch = FrameBatch(0, 0, [], [], [])
        self._stream: FrameSource | None = None  # what follows the batch
        self._past = 0  # frames of the batch that are past
        self._played = 0  # recorded nanoseconds of the laps before this one

    @property
    def present(self) -> RecordedWall:
        """The recorded time that is now."""
        shift = self._shift_at(self._past - 1) if self._past > self._batch.first else self._shift
        return wall_time(self._steady_present, shift)

    @property
    def present_frame(self) -> RecordedWall:
        """The recorded time of the last frame that was played."""
        return wall_time(self._added_time, self._shift)

    @property
    def frame_at_hand(self) -> Frame | None:
        """The frame that is played now, or comes next; None if it is not known."""
        frames = self._batch.frames
        return frames[self._past] if self._past < len(frames) else None

    @property
    def elapsed(self) -> int:
        """Nanoseconds from its start to the last message."""
        return self._last_handed - self._started

    @property
    def recorded(self) -> int:
        """Steady nanoseconds from its start to the last message."""
        return self._played + self._last_time - self._first_time

    def close(self) -> None:
        """Let go of the schedule."""
        self._pace.close()

    async def play(self, batch: FrameBatch, stream: FrameSource) -> None:
        """
        Play a batch.

        Raises:
            ClientEnded: If the client is gone, or stopped reading.
            RecordingError: If the recordings cannot be read again.

        """
        frames = batch.frames[batch.first :] if batch.first else batch.frames
        times = batch.times[batch.first :] if batch.first else batch.times
        pace = self._pace
        pace.begin(batch)
        if batch.lap != self._batch.lap:
            self._begin_lap(times[0])
        self._batch, self._past, self._stream = batch, batch.first, stream
        session, schedule, outlet = self._session, self._schedule, self._outlet
        if session is not None:
            session.time.next_payload = self._next_payload
        deadlines, changes = pace.deadlines(batch.first), schedule.changes
        now = self._clock()
        for number, frame in enumerate(frames):
            self._past = batch.first + number
            if session is not None and session.needs_attention:
                await self._attend(session, self._past)
            if schedule.changes != changes:
                deadlines, changes = pace.deadlines(batch.first), schedule.changes
            deadline = deadlines[number]
            if deadline > now:
                deadline = await self._wait_for_frame(stream)
                now = self._clock()
            self._added_time = times[number]
            if session is None:
                self._deadlines.append(deadline)
                is_full = outlet.add(frame.payload, binary=frame.binary)
            else:
                is_full = False
                for message in session.on_frame(frame, batch.infos[self._past]):
                    self._deadlines.append(deadline)
                    is_full = outlet.add(message, binary=frame.binary and message is frame.payload)
            if is_full:
                await self._hand_over()
        self._past = len(batch.frames)
        self._shift = self._shift_at(-1)
        await self._hand_over()

    async def _wait_for_frame(self, stream: FrameSource) -> Monotonic:
        """Wait until the next frame is due, and send what became due before it meanwhile; return its deadline."""
        await self._hand_over()
        deadline = await self._pace.frame_due(self._past, stream)
        session = self._session
        if session is not None and session.needs_attention:
            await self._attend(session, self._past)
        return deadline

    async def move(self, time: RecordedSteady, shift: Shift) -> None:
        """Go on at another steady time, as in another lap; `shift` is that of the first frame there."""
        await self._hand_over()
        self._played += self._last_time - self._first_time
        self._first_time = self._added_time = self._last_time = time
        self._shift = shift
        self._batch, self._past, self._stream = FrameBatch(0, 0, [], [], []), 0, None
        if self._session is not None:
            self._session.time.begin_anew()
            self._session.begin_lap()

    async def next_batch(self, stream: FrameSource) -> FrameBatch | None:
        """Return the next batch; meanwhile answer, since it may still have to be recorded. Raises as `play` does."""
        if not stream.is_ready:
            stream.look_ahead()
        session, follower = self._session, self._follower
        if stream.is_ready or (session is None and follower is None):
            return await stream.next_batch()
        reading = asyncio.ensure_future(stream.next_batch())
        try:
            while not reading.done():
                if follower is not None:
                    follower.check()
                if session is not None and session.waits_for_state:
                    await self._give_state(session)
                waiting = asyncio.ensure_future(self._alarm.sleep(_REST))
                try:
                    await asyncio.wait({reading, waiting}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    waiting.cancel()
            return reading.result()
        finally:
            if not reading.cancel() and not reading.cancelled():
                reading.exception()  # retrieved, or asyncio would log it

    async def end(self, position: int | None = None) -> None:
        """
        Handle the end of the recordings; raises as `play` does.

        Args:
            position: That of the end, for a client to which nothing was played.

        """
        self._stream = None
        if position is not None:
            self._batch, self._past = FrameBatch(position, position, [], [], []), 0
        await self._wait_for_end()
        if (session := self._session) is not None:
            session.time.end(self._batch.frames)
            while session.deadline is not None and session.deadline <= self.present_frame:
                session.due_messages(session.deadline)
            if session.waits_for_state:
                await self._give_state(session)
            session.end(self.present)

    async def _wait_for_end(self) -> None:
        """Wait until the end of the recordings may be passed, and answer meanwhile."""
        while self._follower is not None and self._follower.holds_end():
            await self._sleep(_REST)

    async def go_on(self) -> NoReturn:
        """Let time go on after the end, in real time if it took no time before; raises as `play` does."""
        session = self._session
        self._pace.end(self._added_time)
        while True:
            if session is not None and session.waits_for_state:
                await self._give_state(session)
            elif session is None or (due := session.next_due) is None:
                if self._follower is not None:
                    self._follower.rest()
                await self._sleep(_REST)
            else:
                time = steady_time(due, self._shift)
                with contextlib.suppress(_DueChanged):
                    await self._pace.time_due(time, partial(_check_due, session, due))
                    self._add_due(session, due, time)
                    self._outlet.hand_over()
                    await self._outlet.drain()

    def _reached(self) -> RecordedSteady:
        return self._added_time

    @property
    def _steady_present(self) -> RecordedSteady:
        """The steady time that is now: at most that of the next frame, which may be late."""
        if self._follower is not None and self._follower.goes_by_position:
            return self._added_time
        now = self._pace.now
        if self._past < len(self._batch.times):
            now = min(now, self._batch.times[self._past])
        return max(self._added_time, now)

    def _next_payload(self) -> bytes | None:
        """Return the next frame, or the last one as long as the next is not known."""
        frames = self._batch.frames
        if not frames:
            return None
        return frames[min(self._past, len(frames) - 1)].payload

    def _shift_at(self, number: int) -> Shift:
        """Return the shift of a frame of the batch."""
        return shift_of(RecordedWall(self._batch.frames[number].time), self._batch.times[number])

    def _begin_lap(self, first_time: RecordedSteady) -> None:
        """Go on with the first frame of another lap, now."""
        self._played += self._last_time - self._first_time
        self._schedule.seek(first_time, self._clock())
        self._first_time = self._added_time = self._last_time = first_time
        if self._session is not None:
            self._session.begin_lap()

    async def _sleep(self, seconds: float) -> None:
        """Sleep, but answer a subscription that arrives meanwhile at once."""
        session = self._session
        if not seconds or (session is None and self._follower is None):
            await self._pause(seconds)
        elif session is None:
            await self._alarm.sleep(seconds)
        else:
            await session.state_wanted_within(seconds)
            if session.waits_for_state:
                await self._give_state(session)

    async def _attend(self, session: VenueSession, number: int) -> None:
        """Send what the client waits for, and what the venue would send unprompted up to a frame of the batch."""
        if session.waits_for_state:
            await self._give_state(session)
        until, steady = RecordedWall(self._batch.frames[number].time), self._batch.times[number]
        before, self._shift = self._shift, shift_of(until, steady)
        if abs(self._shift - before) >= _LEAST_STEP:
            session.clock_set(before - self._shift)
        if steady - self._added_time > LONGEST_HOLE:
            session.jump(until)
        elif abs(self._shift - before) >= _LEAST_STEP:
            session.jump(wall_time(self._added_time, self._shift))
        while (due := session.next_due) is not None and due <= until:
            time = steady_time(due, self._shift)
            await self._hand_over()
            with contextlib.suppress(_DueChanged):
                deadline = await self._pace.time_due(time, partial(_check_due, session, due))
                self._deadlines += [deadline] * self._add_due(session, due, time)

    def _add_due(self, session: VenueSession, due: RecordedWall, time: RecordedSteady) -> int:
        """Add what is due, unless it no longer is: the client may have unsubscribed. Return how many messages."""
        if session.next_due != due:
            return 0
        messages = session.due_messages(due)
        for message in messages:
            self._outlet.add(message, binary=False)
        if messages:
            self._added_time = max(self._added_time, time)
        return len(messages)

    async def _give_state(self, session: VenueSession) -> None:
        """Answer a subscription with the state of the market as of now."""
        await self._hand_over()
        batch, past, present, steady = self._batch, self._past, self.present, self._steady_present
        if self._follower is None:
            self._schedule.pause(self._clock(), "state")
        since = [frame.payload for frame in batch.frames[:past] if not frame.binary]
        sure_time = batch.frames[0].time if batch.frames else 0
        by_position = self._follower is not None and self._follower.goes_by_position
        outlook = Outlook(batch, past, steady, self._stream, LONG_PATIENCE if by_position else PATIENCE)
        await session.give_state(Position(batch.start, since, present, sure_time), outlook)
        self._ready = self._clock()
        if self._follower is None:
            self._schedule.resume(self._ready, "state")

    async def _hand_over(self) -> None:
        if not self._deadlines:
            await asyncio.sleep(0)  # a client that is sent little of a recording must not block the others
            return
        self._outlet.hand_over()
        self._last_handed = self._clock()
        self._last_time = self._added_time
        self.frames += len(self._deadlines)
        if self._schedule.is_paced:
            ready = self._ready
            for deadline in self._deadlines:
                self.lateness.add(self._last_handed - max(deadline, ready))
        self._deadlines.clear()
        await self._outlet.drain()


def _check_due(session: VenueSession, due: RecordedWall) -> None:
    if session.next_due != due:
        raise _DueChanged
