"""What steers a replay: pause and resume, speed, and where there is one timeline for all clients, steps and jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ...errors import UsageError
from ..clock.schedule import Clock, Schedule, Sleep
from ..clock.shared_clock import SharedTime
from ..clock.tempo import Tempo
from ..clock.time_types import RecordedSteady, RecordedWall
from ..timeline.shared_timeline import SharedTimeline
from .one_timeline import OneTimeline

__all__ = ["Steering"]


class Steering:
    """
    Steers a replay. Use it in the event loop of the server.

    Args:
        timelines: The timelines of all endpoints.
        tempo: How fast time passes.
        shared: The time of all clients; None if each has its own.
        clock: Returns the monotonic time.
        sleep: Sleeps for some seconds; for zero seconds it lets other tasks run.
        is_barrier: Whether nothing is played until it is told, and the present is the position, not that of a clock.

    Attributes:
        one: The one timeline of all clients; None if each has its own.

    """

    def __init__(
        self,
        timelines: Sequence[SharedTimeline],
        tempo: Tempo,
        shared: SharedTime | None,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        *,
        is_barrier: bool = False,
    ) -> None:
        self._tempo = tempo
        self.one: OneTimeline | None = None
        if shared is not None:
            self.one = OneTimeline(timelines, tempo, shared, clock, sleep, is_barrier=is_barrier)
        self._time: Tempo | OneTimeline = self.one or tempo

    @property
    def speed(self) -> float:
        """Recorded seconds per second, apart from pauses; `math.inf` for as fast as clients read."""
        return self._tempo.speed

    @property
    def is_paused(self) -> bool:
        """Whether time stands still."""
        return self._tempo.is_paused

    @property
    def present(self) -> RecordedWall | None:
        """The recorded time that is now, in nanoseconds; None if it has not begun, or each client has its own."""
        return None if self.one is None else self.one.present

    @property
    def position(self) -> int | None:
        """
        How many recorded frames of all endpoints are past, since the last seek if there was one.

        They are counted from the start where the replay begins paused, else from the first `step` or `play_until` on.
        None if they are not counted yet, or each client has its own timeline.
        """
        return None if self.one is None else self.one.position

    @property
    def followers(self) -> int:
        """How many clients have subscribed and follow the one timeline; 0 if each has its own."""
        return 0 if self.one is None else self.one.followers

    def pause(self) -> None:
        """Stop recorded time, for clients that come later too. It ends what is under way."""
        self._time.pause()

    def resume(self) -> None:
        """Let recorded time pass, at the speed. It ends what is under way."""
        self._time.resume()

    def set_speed(self, speed: float) -> None:
        """
        Change the speed, also of what is under way.

        Args:
            speed: Recorded seconds per second; `math.inf` for as fast as clients read.

        Raises:
            UsageError: If it is not positive.

        """
        if not speed > 0:
            raise UsageError(f"the speed must be positive, not {speed}: use a factor such as 10, or max")
        self._time.set_speed(speed)

    async def step(self, count: int = 1) -> int:
        """
        Play the next recorded frames of all endpoints at once, and what is made and due before; then time stands.

        A step that finds fewer frames passes the end of the recordings. When this returns, everything is written to the
        socket of each client that has subscribed; one that reads nothing is waited for until its write deadline.

        Args:
            count: How many frames.

        Returns:
            How many there were.

        Raises:
            UsageError: If each client has its own timeline, or the number is negative.
            RecordingError: If a recording is damaged.

        """
        if count < 0:
            raise UsageError(f"a step is a number of frames, not {count}")
        return await self._one_for("step").step(count)

    async def play_until(self, moment: int) -> int:
        """
        Play all recorded frames before a moment at the speed, and what is made and due until then; then time stands.

        If the recordings end before that, their end is passed, without waiting any longer. It returns as `step` does.

        Args:
            moment: Recorded wall time in nanoseconds.

        Returns:
            How many recorded frames were played.

        Raises:
            UsageError: If each client has its own timeline.
            RecordingError: If a recording is damaged.

        """
        return await self._one_for("play_until").play_until(RecordedWall(moment))

    async def seek(self, moment: int) -> None:
        """
        Let the timeline go on at another moment, later or earlier, also while time passes. It ends what is under way.

        Each client that has subscribed first gets the state of that moment, as one that comes late, if what it
        subscribed begins with one; its sequence numbers go on without a hole. This returns when all of them are there.

        Args:
            moment: Recorded wall time in nanoseconds; before the beginning of the replay, it is that.

        Raises:
            UsageError: If each client has its own timeline.

        """
        await self._one_for("seek").seek(RecordedWall(moment))

    def begin(self, first_time: RecordedSteady) -> Schedule:
        """Return the schedule of a client whose first frame is of `first_time`, or that of all clients."""
        return self._time.begin(first_time)

    def end(self, schedule: Schedule) -> None:
        """Steer the schedule of a client no longer, if it is its own."""
        if self.one is None:
            self._tempo.end(schedule)

    async def close(self) -> None:
        """End what is under way."""
        if self.one is not None:
            await self.one.close()

    def _one_for(self, name: str) -> OneTimeline:
        if self.one is None:
            raise UsageError(
                f"{name} needs one timeline for all clients: replay with paused=True, or at a finite speed and without "
                "loop with clock='shared'"
            )
        return self.one
