"""What is known of all runs of a process, and of the machine under them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Protocol, Self

import msgspec

from .clock_watch import ClockFacts, ClockWatch
from .figures import label
from .incidents import Incident, Incidents
from .live_facts import LiveFacts
from .run_watch import RunFacts, RunWatch

__all__ = ["CommandFacts", "Commands", "ProcessFacts", "ProcessWatch", "Readiness"]

log = logging.getLogger("feedrec")

_TICK = 1.0
_MOST_COMMANDS = 1000  # that may still run


class Commands(Protocol):
    """The commands of one kind, or some of them; see `CommandRunner`."""

    kind: str
    runs: int
    failures: int
    dropped: int

    @property
    def waiting(self) -> int: ...


class CommandFacts(msgspec.Struct, frozen=True):
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
    All that is shown, at one moment.

    Attributes:
        runs: The last run of each feed.
        readiness: Whether they are ready.
        clock: The clock of the machine.
        commands: The commands of each kind.
        live: How serving live stands; None if nothing is served.

    """

    runs: list[RunFacts]
    readiness: Readiness
    clock: ClockFacts
    commands: dict[str, CommandFacts]
    live: LiveFacts | None = None


class ProcessWatch:
    """
    Watches the runs of a process. Used in an `async with` block, in which all of them run.

    Args:
        incidents: Told of what somebody should know at once.
        clock: Watches the clock of the machine.
        wall: Wall-clock time in nanoseconds.
        steady: Seconds of the clock of connections, `time.monotonic`.

    Attributes:
        live: Tells how serving live stands; None if nothing is served.

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
        self._commands: deque[Commands] = deque()
        self._past: dict[str, CommandFacts] = defaultdict(CommandFacts)  # of commands that are long over
        self._task: asyncio.Task[None] | None = None
        self._has_failed = False
        self.live: Callable[[], LiveFacts] | None = None

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
        feed, wall, steady = label(feed), self._wall, self._steady
        watch = RunWatch(feed, endpoint, self._incidents, stale_after=stale_after, wall=wall, steady=steady)
        self._runs[watch.feed] = watch
        return watch

    def expect(self, feeds: Mapping[str, str]) -> None:
        """
        Show these feeds and no others: those of which no run has begun are waited for, all others are not missed.

        Args:
            feeds: The endpoint of each, by name.

        """
        names = {label(feed) for feed in feeds}
        for name in [name for name in list(self._runs) if name not in names]:
            del self._runs[name]  # in place: a run may be beginning in another thread at this moment
        for feed, endpoint in feeds.items():
            if label(feed) not in self._runs:
                self.begin(feed, endpoint)

    def forget(self, feed: str) -> None:
        """Show a feed no more, of which there is nothing to record here."""
        self._runs.pop(label(feed), None)

    def fail(self, feed: str, error: BaseException) -> None:
        """Note that no run of a feed could begin, and why."""
        if label(feed) in self._runs:
            self._runs[label(feed)].end(error, is_wanted=False)

    def add_commands(self, commands: Commands) -> None:
        """Have the commands of a kind shown, or some of them: of each run anew."""
        self._commands.append(commands)
        if len(self._commands) > _MOST_COMMANDS:
            old = self._commands.popleft()
            self._past[old.kind] = _together(self._past[old.kind], old)

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
        feeds = {name: run.reasons for name, run in list(self._runs.items())}  # a run is begun in any thread
        return Readiness(bool(feeds) and not any(feeds.values()), feeds)

    def facts(self) -> ProcessFacts:
        """Return all that is shown, as of this moment."""
        commands = dict(self._past)
        for one in list(self._commands):
            commands[one.kind] = _together(commands.get(one.kind, CommandFacts()), one)
        runs = [run.facts() for run in list(self._runs.values())]
        live = None if self.live is None else self.live()
        return ProcessFacts(runs, self.readiness, self._clock.facts, commands, live)

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            try:
                self.tick()
            except Exception as error:  # noqa: BLE001  a fault of ours, and the recording is worth more
                if not self._has_failed:  # the same may fail each second
                    self._has_failed = True
                    log.error("watching has failed (%r); it goes on", error)  # noqa: TRY400  one line


def _together(facts: CommandFacts, one: Commands) -> CommandFacts:
    """Add commands to others of their kind."""
    succeeded, failed = facts.succeeded + one.runs - one.failures, facts.failed + one.failures
    return CommandFacts(succeeded, failed, facts.dropped + one.dropped, facts.waiting + one.waiting)
