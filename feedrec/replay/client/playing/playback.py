"""
Playing frames to one client: each when it is due, those that are due together in one write.

For a venue, its server half turns a frame into the messages to send: none, the frame, or the frame with an ack. After
the end of the recordings time goes on for a client that stays.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from typing import NoReturn

from ...clock.schedule import Schedule
from ...clock.time_types import Monotonic, RecordedSteady, RecordedWall, Shift, steady_time, wall_time
from ...clock.timing import Timing
from ...steering.followers import Follower
from ...timeline.frame_batches import FrameBatch
from ...timeline.frame_stream import FrameSource
from ..crowd import Crowd
from ..sending.message_runs import RunsOfClient
from ..sending.outlet import Outlet
from ..venue_session import VenueSession
from .between_frames import BetweenFrames

__all__ = ["Playback"]

_REST = 10.0  # seconds after which a client that waits for nothing looks around all the same


class Playback(BetweenFrames):
    """
    The playing of a timeline to one client; the arguments and attributes are those of `BetweenFrames`.

    A `Sleeper` of the timer of all clients, too.
    """

    _patience = _REST

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
        super().__init__(first_time, shift, timing, outlet, session, crowd, schedule, follower)
        self._changes = 0  # of the schedule, when it was found when frames are due
        self._runs = RunsOfClient(crowd.runs if outlet.takes_runs else None, session)
        self._failure: Exception | None = None

    async def play(self, batch: FrameBatch, stream: FrameSource) -> None:
        """
        Play a batch.

        Raises:
            ClientEnded: If the client is gone, or stopped reading.
            RecordingError: If the recordings cannot be read again.

        """
        self._pace.begin(batch)
        if batch.lap != self.at.batch.lap:
            self._begin_lap(batch.times[batch.first])
        self.at.begin(batch, stream)
        self._runs.begin(batch)
        session, schedule = self._session, self._schedule
        if session is not None:
            session.time.next_payload = self.at.next_payload
        self._find_deadlines()
        now = self._clock()
        while (number := self.at.past) < len(batch.frames):
            if self._needs_attention:
                await self._attend(number)
            if schedule.changes != self._changes:
                self._find_deadlines()
            deadline = self._due[number]
            if deadline > now:
                await self._hand_over()
                if not await self._leave_to_timer(stream):
                    deadline = await self._pace.frame_due(number, stream)
                    if self._needs_attention:
                        await self._attend(number)
                    await self._play_frame(deadline)
                now = self._clock()
            elif self._send_due(now):
                await self._outlet.drain()
            else:
                await self._play_frame(deadline)
        self.at.shift = self.at.shift_at(-1)
        await self._hand_over()

    async def _play_frame(self, deadline: Monotonic) -> None:
        """Add the messages of a frame that is due, and hand them over if that is enough for a write."""
        number, session, outlet = self.at.past, self._session, self._outlet
        frame = self.at.batch.frames[number]
        self.at.time = self.at.batch.times[number]
        outlet.be_at(self.at.time, RecordedWall(frame.time))
        is_full = False
        if session is None:
            self.handed.pending.append(deadline)
            is_full = outlet.add(frame.payload, binary=frame.binary)
        else:
            for message in session.on_frame(frame, self.at.batch.infos[number]):
                self.handed.pending.append(deadline)
                is_full = outlet.add(message, binary=frame.binary and message is frame.payload)
        if is_full:
            await self._hand_over()
        self.at.past = number + 1

    def _send_due(self, now: Monotonic) -> bool:
        """Send what is due of a run, as `_play_frame` would frame by frame; return whether there was any."""
        first, outlet = self.at.past, self._outlet
        if not outlet.is_clear or self._needs_attention:
            return False
        run = self._runs.at(first)
        if run is None:
            return False
        last = min(bisect_right(self._due, now, first), run.end)
        if last <= first:
            return False
        self.at.past, self.at.time = last, self.at.batch.times[last - 1]
        has_message = self._runs.pass_on(run, first, last)
        outlet.add_run(run.data(first, last), run.size(first, last))
        self.handed.pending += itertools.compress(self._due[first:last], has_message)
        if self.handed.pending:
            self._write()
        return True

    async def _leave_to_timer(self, stream: FrameSource) -> bool:
        """Leave frames that need nothing but to be sent to the timer of all clients; return whether it sent any."""
        timer, number, session = self._timer, self.at.past, self._session
        is_free = self._pace.is_free and self._outlet.is_clear and not self._needs_attention
        if timer is None or not is_free or self._runs.at(number) is None:
            return False
        await self._pace.look_ahead(number, stream)
        if self._schedule.changes == self._changes:
            timer.add(self, self._due[number])
            try:
                await (self._alarm.sleep(_REST) if session is None else self._sleep(_REST))
            finally:
                timer.remove(self)
        if self._failure is not None:
            raise self._failure
        return self.at.past > number

    def on_due(self, now: Monotonic) -> tuple[int, Monotonic | None]:
        """Send what is due, for the timer of all clients; see `Sleeper`."""
        before, following = self.handed.count, None
        try:
            has_sent = self._schedule.changes == self._changes and self._send_due(now)
            if has_sent and self.at.past < len(self._due) and self._runs.at(self.at.past) is not None:
                following = self._due[self.at.past]
        except Exception as failure:  # noqa: BLE001  it is this client's alone, whose task raises it
            self._failure = failure
        if following is None:
            self._alarm.ring()
        return self.handed.count - before, following

    def _find_deadlines(self) -> None:
        """Find when the frames of the batch are due; raises `Moved` as `Pace.deadlines` does."""
        self._due, self._changes = self._pace.deadlines(), self._schedule.changes

    async def move(self, time: RecordedSteady, shift: Shift) -> None:
        """Go on at another steady time, as in another lap; `shift` is that of the first frame there."""
        await self._hand_over()
        self.handed.begin_lap(time)
        self.at.move(time, shift)
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
        return await self._alarm.wait_for(stream.next_batch(), self._answer, self._patience)

    async def _answer(self) -> None:
        """Give a subscription what it waits for; raises `Moved` if the client is to go on elsewhere."""
        if self._follower is not None:
            self._follower.check()
        if self._session is not None and self._session.waits_for_state:
            await self._give_state(self._session)

    async def end(self, position: int | None = None) -> None:
        """
        Handle the end of the recordings; raises as `play` does.

        Args:
            position: That of the end, for a client to which nothing was played.

        """
        self.at.stream = None
        if position is not None:
            self.at.end_at(position)
        await self._wait_for_end()
        if (session := self._session) is not None:
            session.time.end(self.at.batch.frames)
            self.stamp_present()
            while session.deadline is not None and session.deadline <= wall_time(self.at.time, self.at.shift):
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
        self._pace.end(self.at.time)
        while True:
            if session is not None and session.waits_for_state:
                await self._give_state(session)
            elif session is None or (due := session.next_due) is None:
                if self._follower is not None:
                    self._follower.rest()
                await self._sleep(_REST)
            else:
                time = steady_time(due, self.at.shift)
                if await self._pace.unprompted_due(session, time) is not None:
                    self._add_due(session, due, time)
                    self._outlet.hand_over()
                    await self._outlet.drain()

    def _begin_lap(self, first_time: RecordedSteady) -> None:
        """Go on with the first frame of another lap, now."""
        self._schedule.silences.read_from(first_time)
        self.handed.begin_lap(first_time)
        self._schedule.seek(first_time, self._clock())
        self.at.time = first_time
        if self._session is not None:
            self._session.begin_lap()
