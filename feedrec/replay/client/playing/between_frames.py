"""
What goes to one client between the frames that are played to it: what it waits for, and what is due unprompted.

While the state of the market is rebuilt for a late subscription, the client's time stands still, but not that of other
clients. If all clients share one time, it does not stop for any of them: the client is then sent at once what it
missed.
"""

from __future__ import annotations

import asyncio

from ....model import NANOSECONDS
from ...clock.alarm import Alarm
from ...clock.lateness import HandOffs
from ...clock.schedule import Schedule
from ...clock.time_types import Monotonic, RecordedSteady, RecordedWall, Shift, shift_of, steady_time, wall_time
from ...clock.timing import Timing
from ...steering.followers import Follower
from ...timeline.coming_snapshots import LONG_PATIENCE, PATIENCE, Outlook
from ...venue.position import position_in
from ..crowd import Crowd
from ..sending.outlet import Outlet
from ..venue_session import VenueSession
from .pace import Pace
from .progress import Progress

__all__ = ["LONGEST_HOLE", "BetweenFrames"]

LONGEST_HOLE = 10 * NANOSECONDS
"""Steady time without a frame over which nothing is sent unprompted."""

_LEAST_STEP = NANOSECONDS  # by which the wall clock must have been set to be followed at once


class BetweenFrames:
    """
    What goes to one client between the frames of a timeline.

    Args:
        first_time: Steady time at which it begins: without a schedule, that of the first frame, which is due now.
        shift: The shift of the first frame.
        timing: How fast to play.
        outlet: Takes the messages.
        session: Turns frames into messages; None to send them unchanged.
        crowd: All clients.
        schedule: When it is due.
        follower: How far it may go on the timeline of all, or on its own; None for as far as there is anything.

    Attributes:
        at: How far it is played.
        handed: The messages handed over because a frame was recorded, or something was due before the end. What was due
            before the client joined, or while its state was rebuilt, counts as due right after that.

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
        follower: Follower | None,
    ) -> None:
        self._clock = timing.clock
        self._pause = timing.sleep
        self._outlet = outlet
        self._session = session
        self._alarm = Alarm() if session is None else session.alarm
        self._pace = Pace(schedule, timing, crowd, self._sleep, self._alarm, follower)
        self._has_own_time = follower is None or follower.is_own
        began = schedule.begun if self._has_own_time else timing.clock()
        self.handed = HandOffs(began, first_time, schedule.silences)
        self._follower = follower
        self._schedule = schedule
        self.at = Progress(first_time, shift)
        if self._has_own_time:
            schedule.reached = lambda: self.at.time
        self._due: list[Monotonic] = []  # when the frames of the batch are
        self._timer = crowd.timer
        if outlet.restamping is not None:
            outlet.restamping.follow(schedule)

    @property
    def present(self) -> RecordedWall:
        """The recorded time that is now."""
        return wall_time(self._steady_present, self.at.present_shift)

    def stamp_present(self) -> None:
        """Have what is made next stamped as of the present, if times are moved."""
        self._outlet.be_at(self._steady_present, self.present)

    def close(self) -> None:
        """Let go of the schedule."""
        self._pace.close()

    @property
    def _needs_attention(self) -> bool:
        """Whether more is to be done before a frame than to wait until it is due."""
        return self._session is not None and self._session.needs_attention

    @property
    def _steady_present(self) -> RecordedSteady:
        """The steady time that is now: at most that of the next frame, which may be late."""
        follower = self._follower
        if follower is not None and (follower.goes_by_position or (follower.is_held and not self._schedule.is_paced)):
            return self.at.time  # the schedule is ahead, as the playhead is
        return self.at.present(self._pace.now)

    async def _sleep(self, seconds: float) -> None:
        """Sleep, but answer a subscription that arrives meanwhile at once."""
        session = self._session
        if not seconds or (session is None and self._has_own_time and self._timer is None):
            await self._pause(seconds)
        elif session is None:
            await self._alarm.sleep(seconds)
        else:
            await session.state_wanted_within(seconds)
            if session.waits_for_state:
                await self._give_state(session)

    async def _attend(self, number: int) -> None:
        """Send what the client waits for, and what the venue would send unprompted up to a frame of the batch."""
        await self._go_to(RecordedWall(self.at.batch.frames[number].time), self.at.batch.times[number])

    async def _go_to(self, until: RecordedWall, steady: RecordedSteady) -> None:
        """Do so up to a moment."""
        if (session := self._session) is None:
            return
        if session.waits_for_state:
            await self._give_state(session)
        before, self.at.shift = self.at.shift, shift_of(until, steady)
        if abs(self.at.shift - before) >= _LEAST_STEP:
            session.clock_set(before - self.at.shift)
        if steady - self.at.time > LONGEST_HOLE:
            session.jump(until)
        elif abs(self.at.shift - before) >= _LEAST_STEP:
            session.jump(wall_time(self.at.time, self.at.shift))
        await self._send_unprompted(session, until)

    async def _send_unprompted(self, session: VenueSession, until: RecordedWall) -> None:
        """Send what is due up to a moment though no frame was recorded."""
        while (due := session.next_due) is not None and due <= until:
            time = steady_time(due, self.at.shift)
            jump = self._schedule.silences.end_of(time)
            if jump is not None and session.pass_over(wall_time(jump, self.at.shift)):
                continue
            await self._hand_over()
            deadline = await self._pace.unprompted_due(session, time)
            if deadline is not None:
                self.handed.pending += [deadline] * self._add_due(session, due, time)

    def _add_due(self, session: VenueSession, due: RecordedWall, time: RecordedSteady) -> int:
        """Add what is due, unless it no longer is: the client may have unsubscribed. Return how many messages."""
        if session.next_due != due:
            return 0
        self._outlet.be_at(time, due)
        messages = session.due_messages(due)
        for message in messages:
            self._outlet.add(message, binary=False)
        if messages:
            self.at.time = max(self.at.time, time)
        return len(messages)

    async def _give_state(self, session: VenueSession) -> None:
        """Answer a subscription with the state of the market as of now."""
        await self._hand_over()
        patience = LONG_PATIENCE if self._follower is not None and self._follower.goes_by_position else PATIENCE
        outlook = Outlook(self.at.batch, self.at.past, self._steady_present, self.at.stream, patience)
        position = position_in(self.at.batch, self.at.past, self.present)
        self.stamp_present()
        if self._has_own_time:
            self._schedule.pause(self._clock(), "state")
        await session.give_state(position, outlook)
        self.handed.ready = self._clock()
        if self._has_own_time:
            self._schedule.resume(self.handed.ready, "state")

    async def _hand_over(self) -> None:
        if not self.handed.pending:
            await asyncio.sleep(0)  # a client that is sent little of a recording must not block the others
            return
        self._write()
        await self._outlet.drain()

    def _write(self) -> None:
        """Hand over what was added."""
        self._outlet.hand_over()
        handed, session = self.handed, self._session
        overdue = handed.note(self._clock(), self.at.time, is_paced=self._schedule.is_paced)
        if overdue is not None:
            subscribed = None if session is None else session.subscribed
            handed.worst = self.at.frame_due_at(overdue, self._due, handed.lateness.max, subscribed)
