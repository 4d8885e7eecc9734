"""What all runs of a process share: made before the first, there until the last is over."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ...recorder.rate_limit import SharedRates
from ...recorder.watching.incidents import Incidents
from ...recorder.watching.process_watch import ProcessWatch
from .feed_options import ProcessOptions
from .options.alert_options import Alerts

if TYPE_CHECKING:
    from ...recorder import Source
    from ...recorder.session.run_options import RunOptions
    from ...recorder.watching.run_watch import RunWatch
    from ...recorder.watching.watch_server import WatchServer
    from .output import Output

__all__ = ["RunServices"]


class RunServices:
    """
    What the runs of a process share. Used in an `async with` block, in which all of them run.

    Args:
        options: The options of the process.

    Attributes:
        options: As given.
        incidents: Passes on what happens to the runs.
        rates: How fast venues may be spoken to by all of them.
        alerts: Runs a command for each; None if there is none.
        watch: Watches the runs; None if nobody wants to know.
        is_ending: Returns whether no more run will begin.

    Raises:
        UsageError: If what the options say cannot be done, or needs what is not installed.
        ServeError: If metrics cannot be served where they should be.

    """

    def __init__(self, options: ProcessOptions) -> None:
        self.options = options
        self.is_ending: Callable[[], bool] = lambda: True
        self.incidents = Incidents()
        self.rates = SharedRates()
        self.alerts = None if options.alert is None else Alerts(options.alert, options.alert_timeout, self.incidents)
        self.watch = ProcessWatch(self.incidents) if options.is_watched else None
        if self.watch is not None and self.alerts is not None:
            self.watch.add_commands(self.alerts.runner)
        self._server: WatchServer | None = None
        if self.watch is not None and options.metrics is not None:
            from ...recorder.watching.watch_server import WatchServer

            self._server = WatchServer(self.watch, options.metrics, options.allow_hosts)
        self._cleanup = contextlib.AsyncExitStack()

    def watch_run(self, source: Source, options: RunOptions, output: Output) -> RunWatch | None:
        """Return the watch of a run that is about to begin; None if nobody wants to know."""
        if self.watch is None:
            return None
        from ...recorder.output.command_finisher import CommandFinisher

        watch = self.watch.begin(options.name or source.feed.name, source.feed.name, options.stale_after)
        chain = output.chain
        if chain is not None:
            watch.add_steps(lambda: chain.waiting, lambda: chain.shipping)
            for step in chain.steps:
                if isinstance(step, CommandFinisher):
                    self.watch.add_commands(step.runner)
        return watch

    async def __aenter__(self) -> Self:
        if self.watch is not None:
            await self._cleanup.enter_async_context(self.watch)
        if self._server is not None:
            await self._cleanup.enter_async_context(self._server)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End what was begun."""
        await self._cleanup.aclose()
        if self.alerts is not None:
            await self.alerts.finish()
