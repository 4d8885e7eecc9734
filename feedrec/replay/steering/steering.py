"""What steers a replay: pause and resume, speed, steps and jumps, of all clients or of one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from ...errors import UsageError
from ..clock.lateness import LatenessHistogram
from ..clock.schedule import Clock, Schedule, Sleep
from ..clock.shared_clock import SharedTime
from ..clock.start_gate import StartGate
from ..clock.tempo import Tempo
from ..clock.time_types import RecordedSteady, RecordedWall
from ..timeline.shared_timeline import SharedTimeline
from ..timeline.span import Span
from .one_timeline import OneTimeline
from .stage import Stage
from .status import State, Status, Steered, status_of_client

__all__ = ["Steering"]

Result = TypeVar("Result")


class Steering:
    """
    Steers a replay. Use it in the event loop of the server.

    Whatever names no client is for all of them, and for those that come later.

    Args:
        timelines: The timelines of all endpoints.
        tempo: How fast time passes.
        shared: The time of all clients; None if each has its own.
        clock: Returns the monotonic time.
        sleep: Sleeps for some seconds; for zero seconds it lets other tasks run.
        is_barrier: Whether nothing is played until it is told, and the present is the position, not that of a clock.
        is_dialogue: Whether frames go out when clients have spoken, so that only the speed can be steered.
        is_looped: Whether it begins anew at its end, so that nobody can tell where a step or a jump ends.

    Attributes:
        one: The one timeline of all clients; None if each has its own.
        span: From when to when it is played.
        gate: Where clients wait for each other before their time begins.

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
        is_dialogue: bool = False,
        is_looped: bool = False,
    ) -> None:
        self._tempo = tempo
        self._clock = clock
        self._sleep = sleep
        self._is_dialogue = is_dialogue
        self._is_looped = is_looped
        self.span = Span(0)
        self.gate = StartGate()
        self.one: OneTimeline | None = None
        if shared is not None:
            self.one = OneTimeline(Stage(timelines, tempo, shared, clock, sleep, is_barrier=is_barrier))
            if shared.is_live:
                self.one.go_live()
        self._clients: dict[int, Steered] = {}
        self._frames_of_those_who_left = 0
        self._has_played = False
        self._watchers: set[Callable[[], object]] = set()

    @property
    def speed(self) -> float:
        """Recorded seconds per second, apart from pauses; `math.inf` for as fast as clients read."""
        return self._tempo.speed

    @property
    def is_paused(self) -> bool:
        """Whether time stands still, for clients that come too."""
        return self._tempo.is_paused

    @property
    def present(self) -> RecordedWall | None:
        """The recorded time that is now, in nanoseconds; None if it has not begun, or each client has its own."""
        return None if self.one is None else self.one.present

    @property
    def farthest(self) -> RecordedWall | None:
        """The same; of clients with a timeline each, that of the one that is farthest. None if nobody has begun."""
        if self.one is not None:
            return self.one.present
        return max((one.present for one in self._clients.values() if one.has_begun), default=None)

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

    def status(self) -> Status:
        """Return how the replay is; whoever wants to know when that changes can `watch`."""
        clients = [self._clients[number] for number in sorted(self._clients)]
        found = [status_of_client(one, is_paused=self.is_paused, speed=self.speed) for one in clients]
        lateness = LatenessHistogram()
        for one in clients:
            lateness.merge(one.lateness)
        return Status(
            state=self._state({one.state for one in found}),
            speed=self.speed,
            start=self.span.start,
            end=self.span.end,
            present=self.farthest,
            position=self.position,
            frames=self._frames_of_those_who_left + sum(one.frames for one in found),
            lateness=lateness.summary(),
            clients=found,
            worst=max(
                (one.worst for one in found if one.worst is not None), key=lambda late: late.lateness, default=None
            ),
            expected=self.gate.enough,
            ready=self.gate.waiting,
        )

    def watch(self, callback: Callable[[], object]) -> Callable[[], None]:
        """
        Have something called after each change of what steers, and when clients come, subscribe or leave.

        Args:
            callback: Called in the event loop, at once: it must be quick, and must not raise.

        Returns:
            What ends that.

        """
        self._watchers.add(callback)

        def unwatch() -> None:
            self._watchers.discard(callback)

        return unwatch

    def note_change(self) -> None:
        """Tell those who watch."""
        for callback in list(self._watchers):
            callback()

    def pause(self, client: int | None = None) -> None:
        """
        Stop recorded time. It ends what is under way.

        Raises:
            UsageError: If there is no such client, or it has no time of its own.

        """
        if client is None and self.one is None:
            self._tempo.pause()
        for timeline in self._timelines(client):
            timeline.pause()
        self.note_change()

    def resume(self, client: int | None = None) -> None:
        """Let recorded time pass, at the speed. It ends what is under way; raises as `pause` does."""
        if client is None and self.one is None:
            self._tempo.resume()
        for timeline in self._timelines(client):
            timeline.resume()
        self.note_change()

    def set_speed(self, speed: float, client: int | None = None) -> None:
        """
        Change the speed, also of what is under way.

        Args:
            speed: Recorded seconds per second; `math.inf` for as fast as clients read.
            client: The client; None for all.

        Raises:
            UsageError: If it is not positive, or must stay as it is, or as for `pause`.

        """
        if not speed > 0:
            raise UsageError(f"the speed must be positive, not {speed}: use a factor such as 10, or max")
        if self._tempo.is_fixed and speed != self.speed:
            raise UsageError(f"times are moved to now, where they pass at speed 1, not {speed:g}: leave out --restamp")
        if client is None and self.one is None:
            self._tempo.set_speed(speed)
        for timeline in self._timelines(client):
            timeline.set_speed(speed)
        self.note_change()

    async def step(self, count: int = 1, client: int | None = None) -> int:
        """
        Play the next recorded frames of all endpoints at once, and what is made and due before; then time stands.

        A step that finds fewer frames passes the end of the recordings. When this returns, everything is written to the
        socket of each client that has subscribed; one that reads nothing is waited for until its write deadline.

        Args:
            count: How many frames; of each client, if each has its own timeline.
            client: The client; None for all.

        Returns:
            How many there were; at most, if each client has its own timeline.

        Raises:
            UsageError: If nobody has subscribed who has a timeline of his own, it is looped or of a dialogue, there is
                no such client, or the number is negative.
            RecordingError: If a recording is damaged.

        """
        if count < 0:
            raise UsageError(f"a step is a number of frames, not {count}")
        return max(await self._carry_out("step", client, lambda timeline: timeline.step(count)))

    async def play_until(self, moment: int, client: int | None = None) -> int:
        """
        Play all recorded frames before a moment at the speed, and what is made and due until then; then time stands.

        If the recordings end before that, their end is passed, without waiting any longer. It returns, and raises, as
        `step` does.

        Args:
            moment: Recorded wall time in nanoseconds.
            client: The client; None for all.

        Returns:
            How many recorded frames were played.

        """
        time = RecordedWall(moment)
        return max(await self._carry_out("play_until", client, lambda timeline: timeline.play_until(time)))

    async def seek(self, moment: int, client: int | None = None) -> None:
        """
        Go on at another moment, later or earlier, also while time passes. It ends what is under way.

        Each client that has subscribed first gets the state of that moment, as one that comes late, if what it
        subscribed begins with one; its sequence numbers go on without a hole. This returns when all of them are there.
        It raises as `step` does.

        Args:
            moment: Recorded wall time in nanoseconds; before the beginning of the replay, it is that.
            client: The client; None for all.

        """
        await self._carry_out("seek", client, lambda timeline: timeline.seek(RecordedWall(moment)))

    def timeline_for(self, timeline: SharedTimeline) -> OneTimeline | None:
        """Return what a new client of an endpoint follows: the timeline of all, or one of its own; None for neither."""
        if self.one is not None or self._is_dialogue:
            return self.one
        longest = self._tempo.longest_silence
        tempo = Tempo(self.speed, self._clock, is_paused=self.is_paused, longest_silence=longest)
        time = SharedTime(None, tempo, self._clock, ends=False)
        return OneTimeline(Stage([timeline], tempo, time, self._clock, self._sleep, is_own=True))

    def come(self, client: Steered) -> None:
        """Take a client that has connected."""
        self._clients[client.number] = client
        if self.one is not None:
            self.one.come()
        self.note_change()

    async def leave(self, client: Steered, *, finished: bool) -> None:
        """Let go of a client; `finished` if it was sent everything."""
        self._clients.pop(client.number, None)
        self._frames_of_those_who_left += client.frames
        self._has_played = self._has_played or finished
        if self.one is not None:
            await self.one.leave(finished=finished)
        elif client.timeline is not None:
            await client.timeline.close()
        self.note_change()

    def begin(self, first_time: RecordedSteady) -> Schedule:
        """Return the schedule of a client without a timeline that is steered, whose first frame is of `first_time`."""
        return self._tempo.begin(first_time)

    def end(self, schedule: Schedule) -> None:
        """Steer such a schedule no longer."""
        self._tempo.end(schedule)

    async def close(self) -> None:
        """End what is under way."""
        own = (one.timeline for one in self._clients.values() if one.timeline is not self.one)
        for timeline in (self.one, *own):
            if timeline is not None:
                await timeline.close()
        self.note_change()

    def _state(self, states: set[State]) -> State:
        """Return the state of all, from those of the clients that are there."""
        if self.is_paused and states <= {"paused", "waiting"}:
            return "paused"
        if self.one is not None and self.one.present_of_clients is not None and not self.one.is_over and not states:
            return "playing"  # it passes whether anybody is there or not
        for state in ("playing", "paused", "ended", "waiting"):
            if state in states:
                return state
        return "ended" if self._has_played else "waiting"

    def _timelines(self, client: int | None) -> list[OneTimeline]:
        """Return the timelines that are meant; raises as `pause` does."""
        if client is None:
            own = [one.timeline for one in self._clients.values() if one.timeline is not None]
            return own if self.one is None else [self.one]
        if client not in self._clients:
            raise UsageError(f"there is no client {client}: {self._who_is_there}")
        timeline = self._clients[client].timeline
        if timeline is None or not timeline.is_own:
            why = "the clients of a dialogue" if self._is_dialogue else "all clients have one timeline, and"
            raise UsageError(f"{why} are steered together: name no client")
        return [timeline]

    @property
    def _who_is_there(self) -> str:
        numbers = ", ".join(map(str, sorted(self._clients)))
        return f"those that are connected have the numbers {numbers}" if numbers else "nobody is connected"

    async def _carry_out(
        self, name: str, client: int | None, act: Callable[[OneTimeline], Coroutine[Any, Any, Result]]
    ) -> list[Result]:
        """Have something done on each timeline that is meant, at the same time; return what it returned."""
        if self._is_dialogue:
            raise UsageError(f"{name} is not for dialogues, whose frames go out when the client has spoken")
        if not self.gate.is_open:
            missing, enough = self.gate.enough - self.gate.waiting, self.gate.enough
            raise UsageError(f"{name} is for a replay that has begun: this one waits for {missing} of {enough} clients")
        if self.one is None and self._is_looped:
            raise UsageError(f"{name} needs a replay that ends: leave out loop")
        meant = [one for one in self._timelines(client) if not one.is_own or one.followers]
        if not meant:
            raise UsageError(
                f"{name} is for clients that have subscribed and are not at the end, where each has its own timeline: "
                f"{'there is none' if client is None else f'client {client} is none'}; wait for one, or replay with "
                "paused=True, or with clock='shared'"
            )
        first, *others = meant
        tasks = [asyncio.ensure_future(act(one)) for one in others]
        try:
            # At once, before anything that is under way plays on: a task would begin in the next turn of the loop.
            return [await act(first), *await asyncio.gather(*tasks)]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.note_change()
