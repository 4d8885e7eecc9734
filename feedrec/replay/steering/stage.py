"""A timeline that is steered, the time that passes on it, and the clients that follow it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ...model import NANOSECONDS
from ..clock.schedule import Clock, Schedule, Sleep, wait_until_due
from ..clock.shared_clock import SharedTime
from ..clock.tempo import Tempo
from ..clock.time_types import Monotonic, RecordedSteady, RecordedWall, Shift, wall_time
from ..timeline.shared_timeline import SharedTimeline
from .followers import Followers
from .limit import NOTHING, Limit
from .playhead import Entrance, Playhead

__all__ = ["LATENCY", "NextStop", "Stage"]

NextStop = Callable[[RecordedSteady], RecordedSteady | None]
"""Returns the first moment after a steady time that no frame passes before all clients are there; None for none."""

LATENCY = NANOSECONDS
"""Nanoseconds by which what is live is played later than it was recorded; a recorder writes at least once a second."""

_LATE = 50_000_000  # nanoseconds: how long a reader waits before it looks for more


class Stage:
    """
    What there is to steer.

    Args:
        timelines: The timelines of all endpoints.
        tempo: How fast time passes.
        time: The time of the clients.
        clock: Returns the monotonic time.
        sleep: Sleeps for some seconds; for zero seconds it lets other tasks run.
        is_barrier: Whether nothing is played until it is told, and the present is the position, not that of a clock.
        is_own: Whether it is that of a single client.

    Attributes:
        timelines: See above.
        tempo: See above.
        time: See above.
        clock: See above.
        is_own: See above.
        followers: The clients that follow it.
        playhead: How far it is played; None as long as nobody needs to know.
        is_over: Whether the end of the recordings is past.
        has_run: Whether time has passed since it began, if only for a moment: what is due now has been played.
        on_begun: Called when time begins to pass.
        next_stop: Tells where to stop.
        is_live: Whether frames are played in step with a recorder.

    """

    def __init__(
        self,
        timelines: Sequence[SharedTimeline],
        tempo: Tempo,
        time: SharedTime,
        clock: Clock,
        sleep: Sleep,
        *,
        is_barrier: bool = False,
        is_own: bool = False,
    ) -> None:
        self.timelines = timelines
        self.tempo = tempo
        self.time = time
        self.clock = clock
        self.is_own = is_own
        self.followers = Followers(self._entrance, goes_by_position=is_barrier, is_own=is_own)
        self.playhead: Playhead | None = None
        self.is_over = self.has_run = False
        self.on_begun: Callable[[], object] = lambda: None
        self.next_stop: NextStop = lambda _: None
        self.is_live = False
        self._is_anchored = False  # to the first frame, if it is live
        self._sleep = sleep
        if is_barrier:
            self.playhead = self.new_playhead()
            self.followers.change([NOTHING] * len(timelines), may_end=False)

    @property
    def present(self) -> RecordedWall | None:
        """The recorded time that is now; None if it has not begun, and nobody knows where."""
        present = self.time.beginning if self.time.present is None else self.time.present
        shift = Shift(0) if self.playhead is None else self.playhead.shift
        return None if present is None else wall_time(present, shift)

    @property
    def now(self) -> RecordedSteady:
        """The steady time that is now, or at which it will begin as far as that is known."""
        present = self.time.beginning if self.time.present is None else self.time.present
        return RecordedSteady(0) if present is None else present

    @property
    def due(self) -> RecordedSteady:
        """The steady time up to which frames are due, exclusive."""
        return RecordedSteady(self.now + 1)

    @property
    def reached(self) -> RecordedSteady:
        """The steady time of the last frame that is past."""
        reached = None if self.playhead is None else self.playhead.time
        return RecordedSteady(0) if reached is None else reached

    def begin(self, first_time: RecordedSteady) -> Schedule:
        """Begin the time of the clients, unless it has begun; see `SharedTime.begin`."""
        if self.time.schedule is not None:
            return self.time.schedule
        schedule = self.time.begin(first_time)
        schedule.reached = lambda: self.reached  # of its single client, it is known better: see `Playback`
        if not self.tempo.is_paused:
            self.on_begun()
        return schedule

    @property
    def needs_playhead(self) -> bool:
        """Whether a playhead must read along as time passes: where all are silent, or what is live, only that knows."""
        return self.is_live or (not self.is_own and self.time.silences.longest is not None)

    def new_playhead(self, start: RecordedSteady | None = None) -> Playhead:
        """Return a playhead that begins at a steady time, None for the beginning."""
        silences = None if self.is_own else self.time.silences
        return Playhead(self.timelines, start, silences, is_live=self.is_live)

    def make_playhead(self) -> Playhead:
        """Return a playhead behind everything that is due now; it reads from the beginning if it must read it all."""
        present = self.time.present
        is_at_beginning = present == self.time.beginning and not self.has_run
        if present is None or is_at_beginning or self.needs_playhead:
            return self.new_playhead()
        return self.new_playhead(RecordedSteady(present + 1))

    def pass_due(self, playhead: Playhead) -> None:
        """Pass what is due, as far as the playhead has read."""
        schedule = self.time.schedule
        if playhead.owes is not None:
            playhead.pass_known(until=playhead.owes)
        elif schedule is not None and not schedule.is_paused and schedule.is_paced:
            playhead.pass_known(until=self.due)

    def hold_at(self, time: RecordedSteady) -> None:
        """Have clients play what is before a steady time, and no more."""
        self.followers.change([Limit(time)] * len(self.timelines), may_end=False)

    def stand(self, playhead: Playhead, time: RecordedSteady) -> None:
        """Have clients play up to the playhead, where it is `time`."""
        schedule = self.begin(time if playhead.first is None else playhead.first)
        self.followers.change(playhead.limits(time), may_end=self.is_over)
        schedule.seek(time, self.clock())

    def keep_step(self, playhead: Playhead, schedule: Schedule) -> None:
        """
        Have the next frame be due, if it is live, once it is sure to be there.

        For the first, that is `LATENCY` from now. Where a recorder or a disk is slower, all is later from then on.
        """
        time, now = playhead.next_time, self.clock()
        due = None if time is None else schedule.deadline(time)
        if time is None or due is None:
            return
        if not self._is_anchored:
            self._is_anchored = True
            schedule.seek(time, Monotonic(now + LATENCY))
        elif now - due > _LATE:
            schedule.seek(time, now)

    async def rush(self, playhead: Playhead, most: int | None = None, until: RecordedSteady | None = None) -> bool:
        """
        Play the next few frames at once, but none after a stop before everybody is there; see `Playhead.pass_known`.

        Returns:
            Whether there is a stop before `until`: if no frame was passed, time stands there.

        """
        stop = self.next_stop(max(playhead.stopped, RecordedSteady(max(self.reached, self.now) - 1)))
        if stop is None or (until is not None and stop >= until):
            if playhead.pass_known(most, until):
                self.stand(playhead, self.reached)
                await self.followers.arrived()
            return False
        if playhead.pass_known(most, RecordedSteady(stop + 1)):
            self.stand(playhead, self.reached)
        else:
            playhead.stopped = stop
            self.stand(playhead, max(stop, self.now))
        await self.followers.arrived()
        return True

    async def finish(self, playhead: Playhead, time: RecordedSteady) -> None:
        """Let time stand, and wait until everybody has what was played."""
        self.stand(playhead, time)
        await self.followers.arrived()
        await self.followers.written()

    async def wait_until(self, schedule: Schedule, time: RecordedSteady) -> None:
        """Wait until a steady time is due."""
        await wait_until_due(partial(schedule.deadline, time), clock=self.clock, sleep=self._sleep)

    def _entrance(self, endpoint: int) -> Entrance | None:
        if self.playhead is None:
            return None
        self.pass_due(self.playhead)
        return self.playhead.entrance(endpoint)
