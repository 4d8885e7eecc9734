"""
All feeds of a process: which there are, and when they end.

A feed whose plan changes is recorded by a new run. The new run begins first, and the old one ends when the connections
of the new one are open: nothing is lost. If the new one is refused, the old one goes on. But where a new run, of this
feed or of another one, might write to the same files as an old one, the old one ends first, and the new one begins as
soon as the files of the old one are closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from ..backoff import Backoff
from ..session.summary import Progress, RunState
from .changes import Changes, changes_between
from .fleet_run import FleetRun, together
from .member import Member, MemberState

__all__ = ["Fleet", "ReplacingTimes"]

Plan = TypeVar("Plan")

log = logging.getLogger("feedrec")


class ReplacingTimes(NamedTuple):
    """
    How long the run of a feed waits for the one that replaces it.

    Attributes:
        patience: Seconds that the new one has to open its connections before the old one ends all the same.
        overlap: Seconds for which both are on then, so that what the new one subscribed has begun to arrive.
        look: Seconds between two looks at the new one.

    """

    patience: float = 30.0
    overlap: float = 2.0
    look: float = 0.1


class Fleet(Generic[Plan]):
    """
    Records several feeds.

    Args:
        make: Makes a run of a feed by its plan.
        collide: Whether runs by two plans must not be on at once: they might write to the same files.
        delays: Makes what gives the seconds between attempts.
        timing: How long a run waits for the one that replaces it; None for the usual.

    Attributes:
        members: The feeds that there are, by name.
        former: What was ended or replaced.
        is_stopping: Whether all of them are ending.

    """

    def __init__(
        self,
        make: Callable[[Plan], FleetRun],
        collide: Callable[[Plan, Plan], bool] = lambda _one, _other: True,
        delays: Callable[[], Backoff] = Backoff,
        timing: ReplacingTimes | None = None,
    ) -> None:
        self.members: dict[str, Member[Plan]] = {}
        self.former: list[Member[Plan]] = []
        self._make, self._collide, self._delays = make, collide, delays
        self._timing = timing or ReplacingTimes()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._started = time.monotonic()
        self.is_stopping = False

    @property
    def progress(self) -> Progress:
        """How all of them together stand; the runs that are over count too."""
        parts = [member.total for member in (*self.former, *self.members.values())]
        state = RunState.IDLE if self._is_idle else _state_of(self.members.values(), is_stopping=self.is_stopping)
        return together(parts, state, time.monotonic() - self._started)

    def changes(self, plans: Mapping[str, Plan]) -> Changes:
        """Return what other plans would change."""
        left = [name for name, member in self.members.items() if member.state is MemberState.FAILED]
        return changes_between({name: member.plan for name, member in self.members.items()}, plans, left)

    def apply(self, plans: Mapping[str, Plan]) -> Changes:
        """Record by other plans from now on, in the running event loop; what is the same goes on untouched."""
        changes = self.changes(plans)
        replaced = {name: self.members.pop(name) for name in changes.changed}
        ended = [self.members.pop(name) for name in changes.ended]
        for name in changes.begun:  # those that were left
            ended += [self.members.pop(name)] if name in self.members else []
        for member in ended:
            member.stop()
        self.former = [one for one in self.former if one.results or not one.released.is_set()]
        self.former += [*ended, *replaced.values()]
        for name in (*changes.begun, *changes.changed):
            new = self.members[name] = Member(name, plans[name], self._maker(plans[name]), self._delays())
            before = self._in_the_way_of(new)
            for member in before:
                member.stop()
            self._start(self._begin(new, before, replaced.get(name)))
        self.members = {name: self.members[name] for name in plans}  # in the order of the new table
        self._changed.set()
        return changes

    async def run(self, *, stays: bool = False) -> None:
        """
        Wait until all feeds are over: stopped, ended by themselves, or left.

        Args:
            stays: Whether to wait for other plans as long as no feed had anything to record, and none was left.

        """
        while self._tasks or (stays and self._is_idle):
            self._changed.clear()
            changed = asyncio.ensure_future(self._changed.wait())
            await asyncio.wait((changed, *self._tasks), return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()

    @property
    def _is_idle(self) -> bool:
        """Whether there is nothing to record, and was nothing."""
        has_begun = any(member.runs or member.failures for member in (*self.former, *self.members.values()))
        return not self._tasks and not self.is_stopping and not has_begun

    def stop(self) -> None:
        """End all of them."""
        self.is_stopping = True
        self._changed.set()
        for member in (*self.former, *self.members.values()):
            member.stop()

    def stop_now(self) -> None:
        """End all of them without waiting for anybody."""
        self.is_stopping = True
        self._changed.set()
        for member in (*self.former, *self.members.values()):
            member.stop_now()

    def _in_the_way_of(self, new: Member[Plan]) -> list[Member[Plan]]:
        """Return the members that must have closed their files before a new one begins."""
        return [one for one in self.former if not one.released.is_set() and self._collide(one.plan, new.plan)]

    async def _begin(self, new: Member[Plan], before: Sequence[Member[Plan]], old: Member[Plan] | None) -> None:
        """
        Have a member live when its time has come.

        Args:
            new: The member.
            before: Those, ending already, whose files must be closed first.
            old: The one whose place it takes, which ends when the new one has a connection; None for none.

        """
        for member in before:
            await member.released.wait()
        living = asyncio.ensure_future(new.live())
        if old is not None:
            await self._until_recording(new)
            if new.state is MemberState.FAILED and self.members.get(new.name) is new and not self.is_stopping:
                self._take_back(new, old)
            else:
                old.stop()
        await living

    async def _until_recording(self, new: Member[Plan]) -> None:
        """Wait until a member records, and what it subscribed has begun to arrive; or until it is over."""
        deadline = time.monotonic() + self._timing.patience
        while not new.is_recording and time.monotonic() < deadline:
            if await _is_set_within(new.released, self._timing.look):
                return
        if not new.is_recording:
            log.warning("%s: the new run has not opened its connections; the old one ends all the same", new.name)
        await _is_set_within(new.released, self._timing.overlap)

    def _take_back(self, new: Member[Plan], old: Member[Plan]) -> None:
        """Keep the old run of a feed, if it is still on, as the new one was refused."""
        if not old.released.is_set() and not old.is_stopping:
            log.error("%s: what was recorded before is recorded on", new.name)
            self.members[new.name] = old
            self.former = [*(one for one in self.former if one is not old), new]

    def _maker(self, plan: Plan) -> Callable[[], FleetRun]:
        return lambda: self._make(plan)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, but no longer than that; return whether it is set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def _state_of(members: Iterable[Member[Any]], *, is_stopping: bool) -> str:
    """Return what all are doing: recording if one does, else what the first one does that has begun."""
    if is_stopping:
        return RunState.FINISHING
    states = [member.progress.state for member in members if member.progress is not None]
    return RunState.RECORDING if RunState.RECORDING in states else next(iter(states), RunState.CONNECTING)
