"""
One run of the recorder: connect, subscribe, record, and connect again, until something ends it.

`feedrec record` uses it as any program can; for programs, `open_session` in open_session.py is more convenient.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import enum
import functools
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from ...errors import ConnectError, FeedrecError, UsageError
from ...feeds import Feed, Subscription
from ...feeds.channel_requests import Wanted, missing_credentials, misspelled, resolve_channels
from ...feeds.client_half.subscriptions import add_subscriptions, named, remove_subscriptions
from ...feeds.credentials import Credentials
from ...feeds.redaction import Address, Redaction
from ...formats.line.subscribed import SubscribedFacts
from ..backoff import Backoff
from ..checking.book_checks import BookChecks
from ..clock import RecordingClock
from ..connection import open_connection
from ..output.null_writer import NullWriter
from ..output.writer_protocol import GrowingRecording
from ..rate_limit import SharedRates
from ..rest import RestPlan
from ..rest.rounds import ask_in_rounds
from ..run_end import Outcome, RunEnd
from ..serving.live_run import LiveRun
from ..watching.run_watch import RunWatch
from .callbacks import Callbacks, writer_for
from .connections import Connections
from .failover import EndpointAddress, EndpointSelector, Failover
from .failover_probe import return_to_primary
from .keeping_secrets import keeping_secrets, without_secrets
from .log_names import named_log_lines
from .run_context import Connect, RunContext
from .run_options import Limits, RunOptions
from .summary import Progress, RunState, Summary

__all__ = ["FINISH_PATIENCE", "RecordingSession", "call_in"]

FINISH_PATIENCE = 10.0
"""Seconds without progress after which a disk, or the reader of a pipe, is given up."""

log = logging.getLogger("feedrec")


class _Phase(enum.Enum):
    """How far a session is."""

    READY = enum.auto()
    RUNNING = enum.auto()
    FINISHING = enum.auto()
    OVER = enum.auto()


class RecordingSession:
    """
    Records one endpoint into one recording, over as many connections as the venue demands.

    Args:
        feed: What the endpoint speaks.
        url: Its address.
        subscriptions: What to ask for.
        writer: The recording, which the session finishes; None to record nothing.
        credentials: What to sign with; None for none.
        limits: When to stop by itself.
        callbacks: The functions of a program to call.
        failover: What takes over when the endpoint is down; None for nothing.
        redaction: What must not be recorded or shown; None for what the names of keys say.
        options: How to treat its connections; None for the defaults.
        rest: What is asked by HTTP beside the feed, and recorded; None for nothing.
        watch: Told what happens, for whoever watches the run; None if nobody does.
        live: Given all that is written, for those who serve it live; None if nobody does.
        rates: How fast venues may be spoken to by this run and others; None if there are no others.
        clock: Gives the stamps.
        backoff: Gives the delays between connections.
        connect: Opens a connection.

    Raises:
        UsageError: If the failover cannot stand in for the endpoint.

    """

    def __init__(  # noqa: PLR0913  each is a part that a test replaces
        self,
        feed: Feed,
        url: str,
        subscriptions: Sequence[Subscription],
        writer: GrowingRecording | None = None,
        *,
        credentials: Credentials | None = None,
        limits: Limits | None = None,
        callbacks: Callbacks | None = None,
        failover: Failover | None = None,
        redaction: Redaction | None = None,
        options: RunOptions | None = None,
        rest: RestPlan | None = None,
        watch: RunWatch | None = None,
        live: LiveRun | None = None,
        rates: SharedRates | None = None,
        clock: RecordingClock | None = None,
        backoff: Backoff | None = None,
        connect: Connect = open_connection,
    ) -> None:
        recording = self._recording = NullWriter() if writer is None else writer
        limits, options = limits or Limits(), options or RunOptions()
        self._end = RunEnd()
        self._writer = writer_for(recording, self._end, limits.max_frames, callbacks, watch, live)
        self._writer.checks = BookChecks(feed) if options.verify_books else None
        self._duration, self._name, self._rest = limits.duration, options.name, rest
        self._started, self._phase, self._over = time.monotonic(), _Phase.READY, asyncio.Event()
        address = Address(url, redaction)
        self._redaction = address.redaction
        for secret in credentials.secrets if credentials is not None else ():
            self._redaction.learn(secret, for_good=True)
        if failover is not None:
            failover = msgspec.structs.replace(failover, url=Address(failover.url, self._redaction))
        messages = feed.messages_per_second if credentials is None else None
        venue = (rates or SharedRates()).of(url, feed.connections_per_second, messages)
        self._context = RunContext(
            selector=EndpointSelector(EndpointAddress(feed, address, is_primary=True), failover),
            credentials=credentials,
            writer=self._writer,
            clock=clock or RecordingClock(),
            connect=connect,
            end=self._end,
            opened=asyncio.Event(),
            options=options,
            openings=venue.openings,
            messages=venue.messages,
        )
        self._connections = Connections(self._context, subscriptions, backoff or Backoff())

    @property
    def progress(self) -> Progress:
        """How the run stands at this moment; may be asked from any thread."""
        seconds = time.monotonic() - self._started
        return Progress(self._state, seconds, copy.copy(self._writer.counts), self._recording.file_size)

    @property
    def _state(self) -> RunState:
        """What the run as a whole is doing: recording, unless one of its connections is doing something else."""
        if self._phase in {_Phase.FINISHING, _Phase.OVER}:
            return RunState.FINISHING
        return self._connections.state

    @property
    def links_wanted(self) -> int:
        """How many connections are to be open."""
        return self._connections.wanted

    @property
    def subscriptions(self) -> list[Subscription]:
        """What is subscribed, or will be on the next connection."""
        return self._connections.subscriptions

    @property
    def subscribed(self) -> SubscribedFacts:
        """What was asked for so far, and what of it the venue accepted."""
        return self._writer.subscribed.facts()

    async def subscribe(self, channels: Wanted | Sequence[Wanted], products: str | Sequence[str] = ()) -> None:
        """
        Ask for more, before the run or while it lasts; every connection that follows asks for it too.

        What the venue does not accept is reported to `on_error` and is an event in the recording; the run goes on.

        Args:
            channels: As for `open_session`; what is subscribed already is not asked for again.
            products: Products for the channels that name none; empty means the feed's default.

        Raises:
            UsageError: If the feed has no such channel, it needs credentials that were not given, or no connection of
                the session can carry it.

        """
        feed = self._context.selector.primary.feed
        wanted = resolve_channels(feed, channels, products)
        missing = missing_credentials(feed, wanted) if self._context.credentials is None else None
        if missing is not None:
            raise UsageError(missing)
        together, new = add_subscriptions(self.subscriptions, wanted)
        feed.spread(together)
        if new:
            added = self._connections.room_for(new)
            with named_log_lines(self._name):
                log.info("subscribing to %s", named(new))
                if self._phase is not _Phase.READY:
                    self._ask(new)
                await self._connections.subscribe(added)

    async def unsubscribe(self, channels: Wanted | Sequence[Wanted], products: str | Sequence[str] = ()) -> None:
        """
        Ask for no more of some channels, or of some products of them; no connection that follows asks for it either.

        Frames that are under way still arrive. When nothing at all is left, no connection is opened again until
        something is subscribed.

        Args:
            channels: As for `open_session`.
            products: Products for the channels that name none; empty means all that are subscribed.

        Raises:
            UsageError: If one of them is not subscribed.

        """
        feed = self._context.selector.primary.feed
        gone = resolve_channels(feed, channels, products, use_defaults=False)
        for one in gone:
            if not remove_subscriptions(self.subscriptions, [one])[1]:
                raise UsageError(f"{named([one])} is not subscribed (subscribed: {named(self.subscriptions)})")
        with named_log_lines(self._name):
            log.info("unsubscribing from %s", named(gone))
            await self._connections.unsubscribe(gone)

    def stop(self) -> None:
        """End the run: close the connections and finish the recording."""
        self._end.end(Outcome.STOPPED)

    def stop_now(self) -> None:
        """End the run, which may be ending already, without waiting for the venue's goodbye."""
        self.stop()
        self._connections.drop()

    async def close(self) -> None:
        """End the run, and wait until the recording is finished."""
        self.stop()
        if self._phase is not _Phase.READY:
            await self._over.wait()

    async def wait(self) -> None:
        """Wait until the run is over, for whatever reason; what ended it is raised by `run`."""
        await self._over.wait()

    async def wait_open(self) -> None:
        """Wait until the first connection is open, or the run is over without."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._context.opened, self._over)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def run(self) -> Summary:
        """
        Record until stopped, a limit is reached, or something happens that no retry would mend.

        Raises:
            ConnectError: If the first connection fails, and that to the failover too, if there is one. Later ones are
                tried for ever.
            VenueError: If the venue refuses for good; not after a connection that lasted.
            WriteError: If the disk does.

        """
        with named_log_lines(self._name), keeping_secrets(self._redaction, self._writer.counts):
            return await self._run()

    def start(self) -> asyncio.Task[Summary]:
        """Add the run to the running event loop; what `run` returns or raises is the result of the task."""
        return asyncio.create_task(self.run())

    async def _run(self) -> Summary:
        loop = asyncio.get_running_loop()
        self._started = time.monotonic()
        self._phase = _Phase.RUNNING
        if self._writer.watch is not None:
            self._writer.watch.begin(self, self._recording)
        self._ask(self.subscriptions)
        if self._writer.live is not None:
            self._writer.live.begin(self, self._recording)
        self._recording.on_drained = functools.partial(call_in, loop, self._on_drained)
        self._writer.wait_with(loop.call_later)
        limit = functools.partial(self._end.end, Outcome.LIMIT_REACHED)
        deadline = None if self._duration is None else loop.call_later(self._duration, limit)
        try:
            try:
                await self._record()
            finally:
                if deadline is not None:
                    deadline.cancel()
                path = await self._finish()
        finally:
            self._phase = _Phase.OVER
            self._over.set()
            if self._writer.live is not None:
                self._writer.live.end()
            error = None if self._end.error is None else without_secrets(self._end.error, self._redaction)
            if self._writer.watch is not None:
                is_wanted = self._end.outcome in {Outcome.STOPPED, Outcome.CANCELLED}
                self._writer.watch.end(error, is_wanted=is_wanted)
        if error is not None:
            raise error
        seconds = time.monotonic() - self._started
        return Summary(path, seconds, self._writer.counts, self._recording.file_size, subscribed=self.subscribed)

    async def _record(self) -> None:
        """Keep every connection open until something ends the run; return when they are closed."""
        loops = [asyncio.create_task(self._end_on_error(loop.keep_open)) for loop in self._connections.loops]
        probe = functools.partial(return_to_primary, self._context, self._connections.loops)
        beside = [asyncio.create_task(self._end_on_error(probe)), asyncio.create_task(self._ask_rest())]
        if self._writer.checks is not None:
            beside.append(asyncio.create_task(self._writer.checks.run()))
        try:
            await self._end.wait()
        except asyncio.CancelledError:
            self._end.end(Outcome.CANCELLED)
            raise
        finally:
            self._writer.work()
            self._recording.flush()  # a venue may take its time to say goodbye
            for task in beside:
                task.cancel()
            self._connections.interrupt()
            await asyncio.gather(*loops, *beside, return_exceptions=True)

    async def _ask_rest(self) -> None:
        """Ask by HTTP for what clients of the venue ask first, again and again, if that is wanted."""
        if self._rest is not None:
            clock = self._context.clock
            await ask_in_rounds(self._rest, lambda: self.subscriptions, self._writer, clock, self._redaction)

    async def _end_on_error(self, part: Callable[[], Awaitable[None]]) -> None:
        """Carry out a part of the run; whatever it raises ends the run."""
        try:
            await part()
        except ConnectError as error:
            self._end.end(Outcome.UNREACHABLE, error)
        except Exception as error:  # noqa: BLE001  it is raised by `run`
            self._end.end(Outcome.CRASHED, error)

    def _ask(self, subscriptions: Sequence[Subscription]) -> None:
        """Take note of what is asked for; name what the venue spells otherwise, before it is left out."""
        self._writer.subscribed.ask(self._redaction.details(one.as_dict()) for one in subscriptions)
        feed = self._context.selector.primary.feed
        for product, name in misspelled(feed, subscriptions).items():
            log.warning("%s: did you mean %s? It is asked of %s as it stands", product, name, feed.name)

    def _on_drained(self) -> None:
        if self._recording.failure is not None:
            self._writer.fail(self._recording.failure)
        self._connections.resume_reading()

    async def _finish(self) -> str | None:
        """Finish the recording, away from the event loop; one that never saw a connection is not kept."""
        self._phase = _Phase.FINISHING
        try:
            if self._writer.counts.connections == 0:
                await asyncio.to_thread(self._recording.discard)
                return None
            path = await asyncio.to_thread(self._recording.finish, FINISH_PATIENCE)
        except FeedrecError as error:
            self._end.end(Outcome.DISK_FAILED, error)
            raise
        return None if isinstance(self._recording, NullWriter) else str(path)


def call_in(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    """Call back from the writer's thread, which must not fail because the loop is gone."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(callback)
