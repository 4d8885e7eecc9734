"""`feedrec record --config`: from the configuration to the exit code."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from ....errors import FeedrecError
from ....recorder.fleet.changes import Changes
from ....recorder.fleet.fleet import Fleet
from ....recorder.fleet.member import MemberState
from ...memory import long_lived
from ...signals import has_controlling_terminal
from ...terminal import echo_json, echo_prose
from ..config.config_file import ConfigFile, FeedPlan
from ..config.venue_limits import over_machines
from ..ending import Ending
from ..feed_options import ProcessOptions
from ..open_files import allow_open_files
from ..run_services import RunServices
from .fleet_report import fleet_facts, is_lossy, refuse_failed, report_fleet
from .fleet_status import shown_status
from .planned_run import PlannedRun

__all__ = ["record_fleet"]

log = logging.getLogger("feedrec")


def record_fleet(file: ConfigFile, process: ProcessOptions) -> bool:
    """
    Record what a configuration says until a signal, or until each feed has ended by itself.

    SIGHUP has it read again if the process has no controlling terminal. What is wrong then changes nothing.

    Args:
        file: The configuration.
        process: The options of the process.

    Returns:
        Whether anything was recorded with loss.

    Raises:
        UsageError: If the configuration is wrong; nothing has been connected to.
        FeedrecError: If feeds have failed in the end; their errors are in the log and in the summary.

    """
    allow_open_files()
    recording = _Recording(file, process)
    with long_lived():
        asyncio.run(recording.run())
    fleet = recording.fleet
    if process.as_json:
        echo_json({**fleet_facts(fleet), **recording.services.served_facts})
    else:
        report_fleet(fleet)
        if recording.services.served_text:
            echo_prose(recording.services.served_text)
    if recording.ending.interruption is not None:
        raise recording.ending.interruption
    refuse_failed(fleet)
    return is_lossy(fleet)


class _Recording:
    """The recording of what a configuration says, which may change."""

    def __init__(self, file: ConfigFile, process: ProcessOptions) -> None:
        self._file, self._plans = file, file.read()
        file.refuse_unusable(self._plans, self._plans)
        for text in over_machines(file.everything):
            log.warning("%s", text)
        services = self.services = RunServices(process)
        self.fleet: Fleet[FeedPlan] = Fleet(lambda plan: PlannedRun(plan, services), FeedPlan.collides)
        services.is_ending = self._is_ending
        services.serve(_endpoints_of(self._plans))
        self.ending = Ending(self.fleet, None if has_controlling_terminal() else self._begin_reading)
        self._elsewhere: list[str] = []
        self._is_reading, self._is_due = False, False
        self._reading: asyncio.Task[None] | None = None

    async def run(self) -> None:
        async with self.services:
            self.ending.install(asyncio.get_running_loop())
            self._apply(self._plans)
            async with shown_status(self.fleet):
                await self.fleet.run(stays=self._file.shard is not None and not has_controlling_terminal())

    def _is_ending(self) -> bool:
        """Return whether nothing is recorded any more, or soon will be; from any thread."""
        members = list(self.fleet.members.values())
        return self.fleet.is_stopping or all(one.state in {MemberState.OVER, MemberState.FAILED} for one in members)

    def _begin_reading(self) -> None:
        """Read the configuration again, or once more if it is being read: it may have changed meanwhile."""
        self._is_due = True
        if not self._is_reading:
            self._is_reading = True
            self._reading = asyncio.create_task(self._read_again())

    async def _read_again(self) -> None:
        try:
            while self._is_due:
                self._is_due = False
                await self._read_once()
        finally:
            self._is_reading = False

    async def _read_once(self) -> None:
        """Read the configuration and do what it says; if anything is wrong, say so, and do nothing."""
        try:
            plans = await asyncio.to_thread(self._file.read)
            before = {name: member.plan for name, member in self.fleet.members.items()}
            self._file.refuse_unusable([name for name, plan in plans.items() if before.get(name) != plan], plans)
            self.services.options.serving.refuse_unknown(_endpoints_of(plans).values())
        except FeedrecError as error:
            log.error("%s; nothing is changed", error)  # noqa: TRY400  one line, no traceback
            return
        if not self.fleet.is_stopping:
            log.info("%s was read again: %s", self._file.path, self._apply(plans))

    def _apply(self, plans: dict[str, FeedPlan]) -> Changes:
        """Record by these plans from now on, and have those feeds watched; name those that other machines record."""
        elsewhere = [name for name in self._file.everything if name not in plans]
        if elsewhere != self._elsewhere:
            self._elsewhere = elsewhere
            if elsewhere:
                log.info("shard %s has nothing of %s", self._file.shard, ", ".join(elsewhere))
        endpoints = _endpoints_of(plans)
        if self.services.watch is not None:
            self.services.watch.expect(endpoints)
        self.services.serve(endpoints)
        return self.fleet.apply(plans)


def _endpoints_of(plans: Mapping[str, FeedPlan]) -> dict[str, str]:
    return {name: plan.source.feed.name for name, plan in plans.items()}
