"""What all runs of a process share: made before the first, there until the last is over."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ...live_messages import FeedPlan
from ...recorder.rate_limit import SharedRates
from ...recorder.watching.incidents import Incidents
from ...recorder.watching.process_watch import ProcessWatch
from ..output import count
from .feed_options import ProcessOptions
from .options.alert_options import Alerts

if TYPE_CHECKING:
    from ...recorder import Source
    from ...recorder.serving.live_run import LiveRun
    from ...recorder.session.run_options import RunOptions
    from ...recorder.watching.run_watch import RunWatch
    from ...recorder.watching.watch_server import WatchServer
    from .output import Output

__all__ = ["RunServices"]

log = logging.getLogger("feedrec")


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
        live: Serves what they record; None if nobody does.
        watch: Watches the runs; None if nobody wants to know.
        is_ending: Returns whether no more run will begin.

    Raises:
        UsageError: If what the options say cannot be done, or needs what is not installed.
        ServeError: If metrics, or the feeds, cannot be served where they should be.

    """

    def __init__(self, options: ProcessOptions) -> None:
        self.options = options
        self.is_ending: Callable[[], bool] = lambda: True
        self.incidents = Incidents()
        self.rates = SharedRates()
        self.alerts = None if options.alert is None else Alerts(options.alert, options.alert_timeout, self.incidents)
        self.live = options.serving.open(options.allow_hosts)
        self.watch = ProcessWatch(self.incidents) if options.is_watched else None
        if self.watch is not None and self.live is not None:
            live = self.live
            self.watch.live = lambda: live.facts
        if self.watch is not None and self.alerts is not None:
            self.watch.add_commands(self.alerts.runner)
        self._server: WatchServer | None = None
        if self.watch is not None and options.metrics is not None:
            from ...recorder.watching.watch_server import WatchServer

            self._server = WatchServer(self.watch, options.metrics, options.allow_hosts)
        self._cleanup = contextlib.AsyncExitStack()

    def serve(self, endpoints: Mapping[str, str]) -> None:
        """
        Have these feeds served from now on, if any are.

        Args:
            endpoints: The endpoint of each, by name.

        Raises:
            UsageError: If one of them cannot be.

        """
        self.options.serving.refuse_unknown(endpoints.values())
        if self.live is not None:
            self.live.plan([FeedPlan(endpoint, name) for name, endpoint in endpoints.items()])

    @property
    def served_facts(self) -> dict[str, Any]:
        """What the summary of all runs says of those who were served live, as a part of a JSON object."""
        return {} if self.live is None else {"live": self.live.facts.as_dict()}

    @property
    def served_text(self) -> str:
        """The same for people; empty if nobody could be served."""
        if self.live is None:
            return ""
        facts = self.live.facts
        cut = f", {facts.clients_cut:,} of them cut off as too slow" if facts.clients_cut else ""
        return f"served live to {count(facts.clients_served, 'client')}{cut}"

    def serve_run(self, source: Source, name: str) -> LiveRun | None:
        """Return what takes the lines of a run that is about to begin; None if nothing is served."""
        if self.live is None:
            return None
        if source.needs_credentials:
            text = "%s is only for those with credentials at the venue; --serve gives it to everyone who reaches it"
            log.warning(text, source.feed.name)
        return self.live.run_of(FeedPlan(source.feed.name, name), source.header())

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
        if self.live is not None:
            try:
                await self._cleanup.enter_async_context(self.live)
            except BaseException:
                await self._cleanup.aclose()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End what was begun."""
        await self._cleanup.aclose()
        if self.alerts is not None:
            await self.alerts.finish()
