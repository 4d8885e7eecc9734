"""The command that is run when somebody should know something at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from ...options import DURATION, all_options
from .command_type import CommandType
from .credential_options import secret_variables

if TYPE_CHECKING:
    from ....recorder.commands.command import Command
    from ....recorder.watching.incidents import Incident, Incidents

__all__ = ["Alerts", "alert_options"]

_PLACEHOLDERS = ("kind", "feed", "endpoint", "time", "text")
_POLL = 0.05

alert_options = all_options(
    click.option(
        "--alert",
        metavar="CMD",
        type=CommandType(lambda: _PLACEHOLDERS),
        help="Run this at once on a gap, a stale feed, trouble with disk or clock, and the end of a run; {kind}, "
        "{feed}, {endpoint}, {time} and {text} stand for what happened, and stdin has it as JSON.",
    ),
    click.option(
        "--alert-timeout",
        type=DURATION,
        default="30s",
        show_default=True,
        help="End the command of --alert when it takes longer.",
    ),
)
"""Adds `--alert` and `--alert-timeout`, which are options of the process."""


class Alerts:
    """
    Runs the command of `--alert` for each incident.

    Args:
        command: The command.
        time_limit: Seconds that it may take.
        incidents: Tells of them.

    Attributes:
        runner: Runs it, and counts how that ended.

    """

    def __init__(self, command: Command, time_limit: float, incidents: Incidents) -> None:
        from ....recorder.commands.runner import CommandRunner

        self._time_limit = time_limit
        self.runner = CommandRunner("alert", command, time_limit, withheld=secret_variables())
        incidents.listen(self._submit)

    def _submit(self, incident: Incident) -> None:
        event = incident.as_dict()
        self.runner.submit({name: str(event[name]) for name in _PLACEHOLDERS}, event)

    async def finish(self) -> None:
        """Wait for what is under way, as long as one command may take; forget the rest."""
        import asyncio

        await asyncio.to_thread(self._wait)

    def _wait(self) -> None:
        deadline = time.monotonic() + self._time_limit
        while self.runner.waiting and time.monotonic() < deadline:
            time.sleep(_POLL)
        self.runner.give_up()
        self.runner.finish()
