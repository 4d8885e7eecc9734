"""
One run of the recorder: connect, subscribe, record, and connect again, until something ends it.

`feedrec record` uses it as any program can; for programs, `open_session` in open_session.py is more convenient.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import logging
import time
from collections.abc import Callable, Sequence

import msgspec

from ...errors import FeedrecError, UsageError
from ...feeds import Feed, Subscription
from ...feeds.channel_requests import Wanted, missing_credentials, resolve_channels
from ...feeds.client_half.subscriptions import add_subscriptions, remove_subscriptions
from ...feeds.credentials import Credentials
from ..backoff import Backoff
from ..clock import RecordingClock
from ..connection import open_connection
from ..output.counting_writer import CountingWriter
from ..output.growing_recording import GrowingRecording
from ..output.null_writer import NullWriter
from ..rate_limit import RateLimit
from .callbacks import Callbacks, ReportingWriter
from .failover import EndpointAddress, Failover, Route
from .failover_probe import return_to_primary
from .reconnect import Connect, ReconnectLoop, RunContext
from .summary import Progress, Summary

__all__ = ["Limits", "RecordingSession"]

FINISH_PATIENCE = 10.0
"""Seconds without progress after which a disk, or the reader of a pipe, is not waited for any longer."""


log = logging.getLogger("feedrec")


class Limits(msgspec.Struct, frozen=True):
    """
    When a run stops by itself.

    Attributes:
        duration: Seconds after which to stop; None for never.
        max_frames: Received frames after which to stop; None for never.

    """

    duration: float | None = None
    max_frames: int | None = None


class RecordingSession:
    """
    Records one endpoint into one recording, over as many connections as the venue demands.

    Args:
        feed: What the endpoint speaks.
        url: Its address.
        subscriptions: What to ask for.
        writer: The recording; the session finishes it. None to record nothing.
        credentials: What to sign with; None for none.
        limits: When to stop by itself.
        callbacks: What a program wants to be told.
        failover: What takes over when the endpoint is down; None for nothing.
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
        clock: RecordingClock | None = None,
        backoff: Backoff | None = None,
        connect: Connect = open_connection,
    ) -> None:
        self._keeps_nothing = writer is None
        writer = self._writer = NullWriter() if writer is None else writer
        limits = limits or Limits()
        if callbacks is not None and callbacks.are_given:
            self._journal: CountingWriter = ReportingWriter(writer, limits.max_frames, callbacks)
        else:
            self._journal = CountingWriter(writer, limits.max_frames)
        self._duration = limits.duration
        self._started = time.monotonic()
        self._is_running = False
        self._is_finishing = False
        self._over = asyncio.Event()
        self._stop_requested = asyncio.Event()
        self._failure: FeedrecError | None = None
        self._run = RunContext(
            Route(EndpointAddress(feed, url, is_primary=True), failover),
            credentials,
            writer,
            self._journal,
            clock or RecordingClock(),
            connect,
            self._stop_requested,
            asyncio.Event(),
            RateLimit(feed.connections_per_second),
            RateLimit(feed.messages_per_second if credentials is None else None),
            self._end,
        )
        delays = backoff or Backoff()
        groups = feed.spread(subscriptions) or [[]]
        self._run.route.check(groups)
        self._loops = [ReconnectLoop(self._run, group, copy.copy(delays)) for group in groups]

    @property
    def progress(self) -> Progress:
        """How the run stands at this moment; may be asked from any thread."""
        seconds = time.monotonic() - self._started
        return Progress(self._state, seconds, copy.copy(self._journal.counts), self._writer.file_size)

    @property
    def _state(self) -> str:
        """What the run as a whole is doing: what one of its connections is still at counts."""
        if self._is_finishing:
            return "finishing"
        return next((loop.state for loop in self._loops if loop.state != "recording"), "recording")

    @property
    def subscriptions(self) -> list[Subscription]:
        """What is subscribed, or will be on the next connection."""
        together: list[Subscription] = []
        for loop in self._loops:
            together, _ = add_subscriptions(together, loop.subscriptions)
        return together

    async def subscribe(self, channels: Wanted | Sequence[Wanted], products: Sequence[str] = ()) -> None:
        """
        Ask for more, before the run or while it lasts; every connection that follows asks for it too.

        What the venue does not accept is told to `on_error` and is an event in the recording; the run goes on.

        Args:
            channels: As for `open_session`; of what is subscribed already, only what is new is asked for.
            products: Products for the channels that name none; empty means the feed's default.

        Raises:
            UsageError: If the feed has no such channel, it needs credentials that are not there, or no connection of
                the session can carry it.

        """
        feed = self._run.route.primary.feed
        wanted = resolve_channels(feed, channels, products)
        missing = missing_credentials(feed, wanted) if self._run.credentials is None else None
        if missing is not None:
            raise UsageError(missing)
        together, new = add_subscriptions(self.subscriptions, wanted)
        feed.spread(together)
        if new:
            loop = self._find_room(new)
            log.info("subscribing to %s", _named(new))
            await loop.subscribe(new)

    async def unsubscribe(self, channels: Wanted | Sequence[Wanted], products: Sequence[str] = ()) -> None:
        """
        Ask for no more of some channels, or of some products of them; no connection that follows asks for it either.

        Frames that are under way still arrive. When nothing at all is left, no connection is opened again until
        something is subscribed.

        Args:
            channels: As for `open_session`.
            products: Products for the channels that name none; empty means all of what is subscribed of them.

        Raises:
            UsageError: If nothing of it is subscribed.

        """
        feed = self._run.route.primary.feed
        gone = resolve_channels(feed, channels, products, use_defaults=False)
        for one in gone:
            if not remove_subscriptions(self.subscriptions, [one])[1]:
                raise UsageError(f"{_named([one])} is not subscribed (subscribed: {_named(self.subscriptions)})")
        log.info("unsubscribing from %s", _named(gone))
        for loop in self._loops:
            await loop.unsubscribe(gone)

    def stop(self) -> None:
        """End the run: close the connection and finish the recording."""
        self._stop_requested.set()

    async def close(self) -> None:
        """End the run, and wait until the recording is finished."""
        self.stop()
        if self._is_running:
            await self._over.wait()

    async def wait(self) -> None:
        """Wait until the run is over, for whatever reason; what ended it is raised by `run`."""
        await self._over.wait()

    async def wait_open(self) -> None:
        """Wait until the first connection is open, or the run is over without."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._run.opened, self._over)]
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
            ConnectError: If the first connection fails, and that to the failover, if there is one. Later ones are tried
                for ever.
            VenueError: If the venue refuses for good; not after a connection that lasted.
            WriteError: If the disk does.

        """
        loop = asyncio.get_running_loop()
        self._started = time.monotonic()
        self._is_running = True
        self._writer.on_drained = functools.partial(_call_in, loop, self._on_drained)
        deadline = None if self._duration is None else loop.call_later(self._duration, self.stop)
        try:
            try:
                await self._record()
            finally:
                if deadline is not None:
                    deadline.cancel()
                path = await self._finish()
        finally:
            self._over.set()
        if self._failure is not None:
            raise self._failure
        seconds = time.monotonic() - self._started
        return Summary(path, seconds, self._journal.counts, self._writer.file_size)

    async def _record(self) -> None:
        """Keep every connection open until the run must end, or one of them fails."""
        loops = [asyncio.ensure_future(loop.keep_open()) for loop in self._loops]
        probing = asyncio.ensure_future(return_to_primary(self._run, self._loops))
        try:
            await asyncio.wait(loops, return_when=asyncio.FIRST_EXCEPTION)
        except asyncio.CancelledError:
            for loop in loops:
                loop.cancel()
            raise
        finally:
            self.stop()
            probing.cancel()
            results = await asyncio.gather(*loops, probing, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    def _find_room(self, new: Sequence[Subscription]) -> ReconnectLoop:
        """Give the first connection that can carry this too."""
        route = self._run.route
        for loop in self._loops:
            together, _ = add_subscriptions(loop.subscriptions, new)
            if len(route.primary.feed.spread(together)) == 1:
                route.check([together])
                return loop
        raise UsageError(
            f"{_named(new)}: no connection of the session can carry so much more; ask for it at the start, "
            "or open another session"
        )

    def _end(self, failure: FeedrecError | None) -> None:
        if self._failure is None:
            self._failure = failure
        self.stop()

    def _on_drained(self) -> None:
        if self._writer.failure is not None:
            self._end(self._writer.failure)
        for loop in self._loops:
            loop.resume_reading()

    async def _finish(self) -> str | None:
        """Finish the recording, away from the loop; a recording that never saw a connection is not kept."""
        self._is_finishing = True
        if self._journal.counts.connections == 0:
            await asyncio.to_thread(self._writer.discard)
            return None
        if self._keeps_nothing:
            return None
        return str(await asyncio.to_thread(self._writer.finish, FINISH_PATIENCE))


def _named(subscriptions: Sequence[Subscription]) -> str:
    return ", ".join(" ".join((one.channel, *one.products)) for one in subscriptions) or "nothing"


def _call_in(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    """Call back from the writer's thread, which must not fail because the loop is gone."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(callback)
