"""What is known of all runs of a process, and of the machine under them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Protocol, Self

import msgspec

from .clock_watch import ClockFacts, ClockWatch
from .incidents import Incident, Incidents
from .run_watch import RunFacts, RunWatch

__all__ = ["CommandFacts", "Commands", "ProcessFacts", "ProcessWatch", "Readiness"]

_TICK = 1.0


class Commands(Protocol):
    """The commands of one kind, or some of them; see `CommandRunner`."""

    kind: str
    runs: int
    failures: int
    dropped: int

    @property
    def waiting(self) -> int: ...


class CommandFacts(msgspec.Struct):
    """
    The commands of one kind, up to one moment.

    Attributes:
        succeeded, failed: How many ended like that.
        dropped: Events for which none was run, since too many waited.
        waiting: Events whose command has not ended yet.

    """

    succeeded: int = 0
    failed: int = 0
    dropped: int = 0
    waiting: int = 0


class Readiness(msgspec.Struct, frozen=True):
    """
    Whether data comes, and the disk takes it.

    Attributes:
        ready: Whether all feeds are ready, of which there is at least one.
        feeds: Why each is not, one line each; none if it is.

    """

    ready: bool
    feeds: dict[str, list[str]]


class ProcessFacts(msgspec.Struct, frozen=True):
    """
    All that is shown, at one moment; nothing in it changes any more.

    Attributes:
        runs: The runs that have begun.
        readiness: Whether they are ready.
        clock: The clock of the machine.
        commands: The commands of each kind.

    """

    runs: list[RunFacts]
    readiness: Readiness
    clock: ClockFacts
    commands: dict[str, CommandFacts]


class ProcessWatch:
    """
    Watches the runs of a process. Used in an `async with` block, in which all of them run.

    Args:
        incidents: Told of what somebody should know at once.
        clock: Watches the clock of the machine.
        wall: Wall-clock time in nanoseconds.
        steady: Seconds of the clock of connections, `time.monotonic`.

    """

    def __init__(
        self,
        incidents: Incidents,
        clock: ClockWatch | None = None,
        *,
        wall: Callable[[], int] = time.time_ns,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._incidents = incidents
        self._clock = clock or ClockWatch()
        self._wall, self._steady = wall, steady
        self._runs: dict[str, RunWatch] = {}
        self._commands: list[Commands] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, *error: object) -> None:
        """Tell of what was held back, and watch no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._incidents.flush()

    def begin(self, feed: str, endpoint: str, stale_after: float | None = None) -> RunWatch:
        """
        Return the watch of a run that is about to begin.

        Args:
            feed: The name of its feed: that of a run before it, which it replaces, or of no other.
            endpoint: Its endpoint.
            stale_after: Seconds without a frame that are too long; None for what its feed says.

        """
        wall, steady = self._wall, self._steady
        watch = RunWatch(feed, endpoint, self._incidents, stale_after=stale_after, wall=wall, steady=steady)
        self._runs[watch.feed] = watch
        return watch

    def remove(self, watch: RunWatch) -> None:
        """Show a run no more: its feed is not recorded any longer."""
        if self._runs.get(watch.feed) is watch:
            del self._runs[watch.feed]

    def add_commands(self, commands: Commands) -> None:
        """Have the commands of a kind shown, or some of them."""
        self._commands.append(commands)

    def tick(self) -> None:
        """See whether anything has changed; called each second."""
        for change in self._clock.tick():
            self._incidents.tell(Incident("clock", self._wall(), "", "", change.text, change.details))
        for run in list(self._runs.values()):
            run.tick()
        self._incidents.tick()

    @property
    def readiness(self) -> Readiness:
        """Whether every feed has a connection on which something has arrived lately, and the disk takes what comes."""
        feeds = {name: run.reasons for name, run in self._runs.items()}
        return Readiness(bool(feeds) and not any(feeds.values()), feeds)

    def facts(self) -> ProcessFacts:
        """Return all that is shown, as of this moment."""
        commands = defaultdict[str, CommandFacts](CommandFacts)
        for one in self._commands:
            of_kind = commands[one.kind]
            of_kind.succeeded += one.runs - one.failures
            of_kind.failed += one.failures
            of_kind.dropped += one.dropped
            of_kind.waiting += one.waiting
        runs = [facts for run in self._runs.values() if (facts := run.facts()) is not None]
        return ProcessFacts(runs, self.readiness, self._clock.facts, dict(commands))

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            self.tick()
