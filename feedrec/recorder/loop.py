"""One of the connections of a run, opened again and again until the run is over."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from ..errors import ConnectError, FeedrecError, VenueError
from ..feeds import Feed, Subscription
from ..feeds.credentials import Credentials
from .backoff import Backoff
from .clock import RecordingClock
from .connection import Receiver, RecordedConnection
from .intake import Intake
from .journal import Journal
from .pace import Pace
from .redaction import redact_url
from .segments import GrowingRecording
from .watch import ConnectionWatch

__all__ = ["GOOD_CONNECTION", "Connect", "ConnectionLoop", "Run"]

GOOD_CONNECTION = 15.0
"""
Seconds that a connection must last for the next reconnect to be quick again, and for refusals to be outages.

A feed may wait 10 seconds for its acks before it finds that it was served nothing: that is a refusal still.
"""

log = logging.getLogger("feedrec")

Connect = Callable[[str, Callable[[RecordedConnection], Receiver], Mapping[str, str]], Awaitable[RecordedConnection]]


class Run(msgspec.Struct):
    """
    What all connections of a run share.

    Attributes:
        feed: What the endpoint speaks.
        url: Its address.
        credentials: What is signed with; None for none.
        writer: The recording.
        journal: Where frames and events go.
        clock: Gives the stamps.
        connect: Opens a connection.
        stop_requested: Set when the run must end.
        openings: The venue's limit on opening connections.
        messages: Its limit on messages.
        end: Called when the run must end: with the reason if it failed, with None when it is complete.

    """

    feed: Feed
    url: str
    credentials: Credentials | None
    writer: GrowingRecording
    journal: Journal
    clock: RecordingClock
    connect: Connect
    stop_requested: asyncio.Event
    openings: Pace
    messages: Pace
    end: Callable[[FeedrecError | None], None]


class ConnectionLoop:
    """
    Keeps one connection of a run open.

    Args:
        run: The run.
        subscriptions: What to ask for on it.
        backoff: Gives the delays between connections.

    Attributes:
        state: `connecting`, `recording` or `reconnecting`.

    """

    def __init__(self, run: Run, subscriptions: Sequence[Subscription], backoff: Backoff) -> None:
        self.state = "connecting"
        self._run = run
        self._subscriptions = list(subscriptions)
        self._backoff = backoff
        self._was_served = False
        self._opened: float | None = None
        self._watch: ConnectionWatch | None = None

    async def keep_open(self) -> None:
        """
        Record until the run must end.

        Raises:
            ConnectError: If nothing was open before in the whole run.

        """
        stop = self._run.stop_requested
        while not stop.is_set():
            lasted = await self._record_connection()
            if stop.is_set():
                return
            if lasted >= GOOD_CONNECTION:
                self._was_served = True
                self._backoff.reset()
            delay = self._backoff.next_delay()
            self.state = "reconnecting"
            log.info("connecting again in %.1f s", delay)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), delay)

    def resume_reading(self) -> None:
        """Read on, if reading was paused."""
        if self._watch is not None:
            self._watch.resume_reading()

    async def _record_connection(self) -> float:
        """Record one connection from open to close; give the seconds that it lasted."""
        run = self._run
        self.state = "connecting"
        client = run.feed.client(self._subscriptions, run.credentials)
        number = run.journal.take_number()
        intake = Intake(number, run.feed, client, run.journal, run.clock, on_end=self._end)
        shown = redact_url(run.url)
        watch = self._watch = ConnectionWatch(intake, shown, run.writer, run.stop_requested, run.messages)
        is_first = run.journal.counts.connections == 0
        opened = None
        try:
            if not await self._open(watch):
                return 0.0
            self.state = "recording"
            log.info("connection %d open to %s", number, shown)
            opened = self._opened = time.monotonic()
            await watch.run()
        except ConnectError as error:
            if is_first and not run.stop_requested.is_set():
                raise
            log.warning("%s", error)
        finally:
            watch.end()
            self._opened = None
            run.journal.counts.out_of_order += client.out_of_order
            if not watch.was_open:
                run.journal.return_number(number)
        return 0.0 if opened is None else time.monotonic() - opened

    async def _open(self, watch: ConnectionWatch) -> bool:
        """Open a connection, but do not keep a person who said stop waiting for a venue that does not answer."""
        opening = asyncio.ensure_future(self._connect(watch))
        stop = asyncio.ensure_future(self._run.stop_requested.wait())
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

    async def _connect(self, watch: ConnectionWatch) -> None:
        await self._run.openings.turn()
        run = self._run
        await run.connect(run.url, watch.attach, run.feed.headers(run.credentials))

    def _end(self, failure: FeedrecError | None) -> None:
        """End the run; but a venue that refuses what it served before has an outage, and is tried again."""
        if isinstance(failure, VenueError) and self._is_served and self._watch is not None:
            self._watch.drop()
            return
        self._run.end(failure)

    @property
    def _is_served(self) -> bool:
        """Whether this connection, or one before it, is a good one."""
        lasts = 0.0 if self._opened is None else time.monotonic() - self._opened
        return self._was_served or lasts >= GOOD_CONNECTION
