"""What all runs of a process share: made before the first, there until the last is over."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from ...recorder.watching.incidents import Incidents
from .feed_options import ProcessOptions
from .options.alert_options import Alerts

__all__ = ["RunServices"]


class RunServices:
    """
    What the runs of a process share. Used in an `async with` block, in which all of them run.

    Args:
        options: The options of the process.

    Attributes:
        options: As given.
        incidents: Passes on what happens to the runs.
        alerts: Runs a command for each; None if there is none.

    Raises:
        UsageError: If what the options say cannot be done.

    """

    def __init__(self, options: ProcessOptions) -> None:
        self.options = options
        self.incidents = Incidents()
        self.alerts = None if options.alert is None else Alerts(options.alert, options.alert_timeout, self.incidents)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End what was begun."""
        if self.alerts is not None:
            await self.alerts.finish()
