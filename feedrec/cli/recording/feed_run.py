"""One run of one feed: its output, its session, and what came of them."""

from __future__ import annotations

import logging

import msgspec

from ...recorder import RecordingSession, Source, Summary
from .feed_options import FeedOptions
from .output import Output, open_output
from .run_services import RunServices

__all__ = ["FeedRun"]

log = logging.getLogger("feedrec")


class FeedRun:
    """
    A run of one feed, which has its output from the beginning.

    Args:
        source: What is recorded, its patterns resolved.
        options: The options of the feed.
        services: What all runs of the process share.
        name: The name of the feed in the configuration; empty if the process records no other.

    Attributes:
        source: As given.
        options: As given.
        name: As given.
        output: Where it is recorded.
        session: The run itself.
        watch: What is known of it for those who watch; None if nobody does.

    Raises:
        UsageError: If the name of the output does not match any format.
        RecordingError: If the output exists already, or cannot be created.

    """

    def __init__(self, source: Source, options: FeedOptions, services: RunServices, name: str = "") -> None:
        self.source, self.options, self.name = source, options, name
        self.output: Output = open_output(source, options.place, options.hooks, name, ship=options.ship)
        if self.output.chain is not None:
            self.output.chain.is_waited_for = services.is_ending
        run = msgspec.structs.replace(options.run, name=name)
        self.watch = services.watch_run(source, run, self.output)
        try:
            live = services.serve_run(source, name)
            self.session: RecordingSession = source.session(
                self.output.writer,
                limits=options.limits,
                options=run,
                watch=self.watch,
                live=live,
                rates=services.rates,
            )
        except BaseException:
            self.output.writer.discard()
            raise

    def settle(self, summary: Summary, error: BaseException | None) -> tuple[Summary, BaseException | None]:
        """Wait for what is done with its finished files, and find their names; see `Output.settle`."""
        return self.output.settle(summary, error)

    def is_lossy(self, summary: Summary) -> bool:
        """Tell whether it lacks what the options ask for, or files could not be shipped; name what was not answered."""
        loss = self.options.loss
        if summary.shipping is not None and summary.shipping.failed:
            return True
        return (loss.fail_on_gap and summary.counts.gaps > 0) or (loss.strict and not _is_complete(summary))


def _is_complete(summary: Summary) -> bool:
    """Tell whether the venue accepted everything that was asked for; the summary says what it refused."""
    from ..subscribed import name_subscription

    facts = summary.subscribed
    if facts.accepted is not None and facts.unanswered:
        names = ", ".join(map(name_subscription, facts.unanswered))
        log.warning("the venue had not answered when the recording ended: %s", names)
    return facts.is_complete
