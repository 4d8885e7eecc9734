"""One feed of a fleet, by one plan: a run, and another one after it if it failed in a way that may pass."""

from __future__ import annotations

import asyncio
import enum
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from ...errors import ConnectError, FeedrecError
from ..backoff import Backoff
from ..session.log_names import named_log_lines
from ..session.summary import Progress, RunState
from .failures import is_final
from .fleet_run import FleetRun, Result, together

__all__ = ["LASTED", "Member", "MemberState"]

Plan = TypeVar("Plan")
_Value = TypeVar("_Value")

LASTED = 60.0
"""Seconds that a run must last for the next attempt to be a quick one."""

_MOST_RESULTS = 100

log = logging.getLogger("feedrec")


class MemberState(enum.StrEnum):
    """What a member is doing."""

    QUEUED = "queued"
    """The run before it is ending."""

    STARTING = "starting"
    RECORDING = "recording"
    """Its run is on, whatever that is doing."""

    WAITING = "waiting"
    """It will be tried again."""

    FAILED = "failed"
    """It was left: no retry would mend it."""

    OVER = "over"


class Member(Generic[Plan]):
    """
    Keeps a feed recorded.

    Args:
        name: The name of the feed.
        plan: What is recorded.
        make: Makes a run.
        delays: Gives the seconds until the next attempt.

    Attributes:
        name: As given.
        plan: As given.
        state: What it is doing.
        run: The present run, or the last one; None before the first, and when all is over.
        results: What came of the runs that recorded anything, by number from 1 on; of the last ones, if they are many.
        runs: How many those were.
        failures: Runs that failed.
        error: Why the last run failed; None if it did not.
        next_attempt: When it is tried again, as `time.monotonic` tells.
        released: Set once nobody writes to its files any more.

    """

    def __init__(self, name: str, plan: Plan, make: Callable[[], FleetRun], delays: Backoff) -> None:
        self.name, self.plan = name, plan
        self.state = MemberState.QUEUED
        self.run: FleetRun | None = None
        self.results: dict[int, Result] = {}
        self.runs = self.failures = 0
        self.error: BaseException | None = None
        self.next_attempt = 0.0
        self.released = asyncio.Event()
        self._make, self._delays = make, delays
        self._stopping = asyncio.Event()
        self._settling: set[asyncio.Task[None]] = set()
        self._past = together((), "done", 0.0)

    @property
    def total(self) -> Progress:
        """How all its runs stand as if they were one."""
        present = self.progress
        parts = (self._past,) if present is None else (self._past, present)
        return together(parts, self.state, sum(part.seconds for part in parts))

    @property
    def progress(self) -> Progress | None:
        """How the present run stands; None if there is none."""
        is_on = self.state is MemberState.RECORDING and self.run is not None
        return self.run.progress if is_on and self.run is not None else None

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to end."""
        return self._stopping.is_set()

    @property
    def is_recording(self) -> bool:
        """Whether all connections of the present run are open."""
        progress = self.progress
        return progress is not None and progress.state == RunState.RECORDING

    def stop(self) -> None:
        """End it: the run that is on, and whatever would follow."""
        self._stopping.set()
        if self.run is not None:
            self.run.stop()

    def stop_now(self) -> None:
        """End it without waiting for the venue."""
        self.stop()
        if self.run is not None:
            self.run.stop_now()

    async def live(self) -> None:
        """Record until it is stopped, a run ends by itself, or no retry would mend what ended it."""
        with named_log_lines(self.name):
            try:
                while not self._stopping.is_set() and await self._attempt():
                    pass
            finally:
                if self.state is not MemberState.FAILED:
                    self.state = MemberState.OVER
                self.released.set()
            await asyncio.gather(*self._settling, return_exceptions=True)
        self.run = None  # a fleet remembers former members for as long as it lives, but not all that their runs knew

    async def _attempt(self) -> bool:
        """Make a run, and return whether to make another one, after waiting for its time."""
        self.state = MemberState.STARTING
        started = time.monotonic()
        try:
            result = await self._record(self._make())
        except Exception as failed:  # noqa: BLE001  a feed that fails does not end the others
            error: BaseException | None = failed
        else:
            if result is None:
                return False
            error = result.error
        self.error = error
        if error is None:
            return False
        self.failures += 1
        what = str(error) if isinstance(error, FeedrecError) else f"internal error: {type(error).__name__}: {error}"
        if is_final(error):
            self.state = MemberState.FAILED
            log.error("%s; no retry would mend that, so it is left", what)
            return False
        if time.monotonic() - started >= LASTED:
            self._delays.reset()
        delay = max(self._delays.next_delay(), error.retry_after if isinstance(error, ConnectError) else 0.0)
        if not self._stopping.is_set():
            log.error("%s; trying again in %.0f s", what, delay)
            self.state, self.next_attempt = MemberState.WAITING, time.monotonic() + delay
            await self._unless(self._stopping, asyncio.sleep(delay))
        return True

    async def _record(self, run: FleetRun) -> Result | None:
        """Carry out a run; return what came of it, None if it was to record nothing, or was stopped before it did."""
        self.run = run
        if not await self._unless(self._stopping, run.prepare()):
            return None
        await run.open()
        if self._stopping.is_set():  # meanwhile
            run.stop()
        self.state = MemberState.RECORDING
        result = await run.record()
        self.state = MemberState.STARTING
        if result.summary.path is None:
            return None if self._stopping.is_set() else result
        summary = result.summary
        this = Progress("done", summary.seconds, summary.counts, summary.file_size)
        self._past = together((self._past, this), "done", self._past.seconds + summary.seconds)
        settling = asyncio.create_task(self._settle(run, result))
        self._settling.add(settling)
        settling.add_done_callback(self._settling.discard)
        return result

    async def _settle(self, run: FleetRun, result: Result) -> None:
        """Wait for what is done with the files of a run, while the next one may be on."""
        self.runs += 1
        number = self.runs
        self.results[number] = result
        self.results.pop(number - _MOST_RESULTS, None)
        try:
            settled = await run.settle(result)
        except Exception as failed:  # noqa: BLE001  as for a run
            settled = result._replace(error=result.error or failed)
        if number in self.results:
            self.results[number] = settled
        if result.error is None and settled.error is not None:
            self.error = settled.error
            log.error("%s", settled.error)

    @staticmethod
    async def _unless(event: asyncio.Event, work: Coroutine[Any, Any, _Value]) -> _Value | None:
        """Do something that may be cancelled, unless or until an event is set; return what it gave, else None."""
        task, wait = asyncio.ensure_future(work), asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait((task, wait), return_when=asyncio.FIRST_COMPLETED)
            return await task if task.done() else None
        finally:
            for one in (task, wait):
                one.cancel()
            await asyncio.gather(task, wait, return_exceptions=True)
