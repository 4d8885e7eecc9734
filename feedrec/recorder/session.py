"""One run of the recorder: connect, subscribe, record, and connect again, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from ..errors import ConnectError, FeedrecError, VenueError
from ..feeds import Feed, Subscription
from .backoff import Backoff
from .clock import RecordingClock
from .connection import Receiver, RecordedConnection, open_connection
from .intake import Intake
from .journal import Journal
from .redaction import redact_url
from .segments import GrowingRecording
from .summary import Progress, Summary
from .watch import ConnectionWatch

__all__ = ["Limits", "RecordingSession"]

GOOD_CONNECTION = 15.0
"""
Seconds that a connection must last for the next reconnect to be quick again, and for refusals to be outages.

A feed may wait 10 seconds for its acks before it finds that it was served nothing: that is a refusal still.
"""

FINISH_PATIENCE = 10.0
"""Seconds without progress after which a disk, or the reader of a pipe, is not waited for any longer."""

log = logging.getLogger("feedrec")

Connect = Callable[[str, Callable[[RecordedConnection], Receiver]], Awaitable[RecordedConnection]]


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
    Records one endpoint into one recording.

    Args:
        feed: What the endpoint speaks.
        url: Its address.
        subscriptions: What to ask for.
        writer: The recording; the session finishes it.
        limits: When to stop by itself.
        clock: Gives the stamps.
        backoff: Gives the delays between connections.
        connect: Opens a connection.

    """

    def __init__(
        self,
        feed: Feed,
        url: str,
        subscriptions: Sequence[Subscription],
        writer: GrowingRecording,
        *,
        limits: Limits | None = None,
        clock: RecordingClock | None = None,
        backoff: Backoff | None = None,
        connect: Connect = open_connection,
    ) -> None:
        self._feed = feed
        self._url = url
        self._subscriptions = list(subscriptions)
        self._writer = writer
        limits = limits or Limits()
        self._journal = Journal(writer, limits.max_frames)
        self._clock = clock or RecordingClock()
        self._backoff = backoff or Backoff()
        self._connect = connect
        self._duration = limits.duration
        self._started = time.monotonic()
        self._state = "connecting"
        self._stop_requested = asyncio.Event()
        self._failure: FeedrecError | None = None
        self._was_served = False
        self._opened: float | None = None
        self._watch: ConnectionWatch | None = None

    @property
    def progress(self) -> Progress:
        """How the run stands at this moment; may be asked from any thread."""
        seconds = time.monotonic() - self._started
        return Progress(self._state, seconds, copy.copy(self._journal.counts), self._writer.file_size)

    def stop(self) -> None:
        """End the run: close the connection and finish the recording."""
        self._stop_requested.set()

    async def run(self) -> Summary:
        """
        Record until stopped, a limit is reached, or something happens that no retry would mend.

        Raises:
            ConnectError: If the first connection fails. Later ones are tried for ever.
            VenueError: If the venue refuses for good; not after a connection that lasted.
            WriteError: If the disk does.

        """
        loop = asyncio.get_running_loop()
        self._started = time.monotonic()
        self._writer.on_drained = functools.partial(_call_in, loop, self._on_drained)
        deadline = None if self._duration is None else loop.call_later(self._duration, self.stop)
        try:
            await self._record()
        finally:
            if deadline is not None:
                deadline.cancel()
            path = await self._finish()
        if self._failure is not None:
            raise self._failure
        seconds = time.monotonic() - self._started
        return Summary(path, seconds, self._journal.counts, self._writer.file_size)

    async def _record(self) -> None:
        while not self._stop_requested.is_set():
            lasted = await self._record_connection()
            if self._stop_requested.is_set():
                return
            if lasted >= GOOD_CONNECTION:
                self._was_served = True
                self._backoff.reset()
            delay = self._backoff.next_delay()
            self._state = "reconnecting"
            log.info("connecting again in %.1f s", delay)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop_requested.wait(), delay)

    async def _record_connection(self) -> float:
        """Record one connection from open to close; give the seconds that it lasted."""
        self._state = "connecting"
        client = self._feed.client(self._subscriptions)
        number = self._journal.counts.connections
        intake = Intake(number, self._feed, client, self._journal, self._clock, on_end=self._end)
        watch = self._watch = ConnectionWatch(intake, redact_url(self._url), self._writer, self._stop_requested)
        try:
            if not await self._open(watch):
                return 0.0
            self._state = "recording"
            log.info("connection %d open to %s", number, redact_url(self._url))
            opened = self._opened = time.monotonic()
            await watch.run()
        except ConnectError as error:
            if number == 0 and not self._stop_requested.is_set():
                raise
            log.warning("%s", error)
            return 0.0
        finally:
            watch.end()
            self._opened = None
            self._journal.counts.out_of_order += client.out_of_order
        return time.monotonic() - opened

    async def _open(self, watch: ConnectionWatch) -> bool:
        """Open a connection, but do not keep a person who said stop waiting for a venue that does not answer."""
        opening = asyncio.ensure_future(self._connect(self._url, watch.attach))
        stop = asyncio.ensure_future(self._stop_requested.wait())
        try:
            await asyncio.wait({opening, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            opening.cancel()
            stop.cancel()
            await asyncio.gather(opening, stop, return_exceptions=True)
        if opening.cancelled():
            return False
        await opening
        return True

    def _end(self, failure: FeedrecError | None) -> None:
        """End the run; but a venue that refuses what it served before has an outage, and is tried again."""
        if isinstance(failure, VenueError) and self._is_served and self._watch is not None:
            self._watch.drop()
            return
        if self._failure is None:
            self._failure = failure
        self.stop()

    @property
    def _is_served(self) -> bool:
        """Whether this connection, or one before it, is a good one."""
        lasts = 0.0 if self._opened is None else time.monotonic() - self._opened
        return self._was_served or lasts >= GOOD_CONNECTION

    def _on_drained(self) -> None:
        if self._writer.failure is not None:
            self._end(self._writer.failure)
        if self._watch is not None:
            self._watch.resume_reading()

    async def _finish(self) -> str | None:
        """Finish the recording, away from the loop; a recording that never saw a connection is not kept."""
        self._state = "finishing"
        if self._journal.counts.connections == 0:
            await asyncio.to_thread(self._writer.discard)
            return None
        return str(await asyncio.to_thread(self._writer.finish, FINISH_PATIENCE))


def _call_in(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    """Call back from the writer's thread, which must not fail because the loop is gone."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(callback)
