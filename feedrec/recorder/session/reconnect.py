"""One of the connections of a run, opened again and again until the run is over."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from ...errors import ConnectError, FeedrecError, VenueError
from ...feeds import Subscription
from ...feeds.client_half.notices import missing_notice
from ...feeds.client_half.subscriptions import add_subscriptions, remove_subscriptions
from ...feeds.credentials import Credentials
from ..backoff import Backoff
from ..clock import RecordingClock
from ..connection import Receiver, RecordedConnection
from ..connection_lifecycle import ConnectionLifecycle
from ..intake import Intake
from ..output.counting_writer import CountingWriter
from ..output.growing_recording import GrowingRecording
from ..rate_limit import RateLimit
from ..redaction import redact_url
from .failover import EndpointAddress, Route

__all__ = ["GOOD_CONNECTION", "Connect", "ReconnectLoop", "RunContext"]

GOOD_CONNECTION = 15.0
"""
Seconds that a connection must last for the next reconnect to be quick again, and for refusals to be outages.

A feed may wait 10 seconds for its acks before it finds that it was served nothing: that is a refusal still.
"""

log = logging.getLogger("feedrec")

Connect = Callable[[str, Callable[[RecordedConnection], Receiver], Mapping[str, str]], Awaitable[RecordedConnection]]


class RunContext(msgspec.Struct):
    """
    What all connections of a run share.

    Attributes:
        route: Which endpoint the connections go to.
        credentials: What is signed with; None for none.
        writer: The recording.
        journal: Where frames and events go.
        clock: Gives the stamps.
        connect: Opens a connection.
        stop_requested: Set when the run must end.
        opened: Set once the first connection is open.
        openings: The venue's limit on opening connections.
        messages: Its limit on messages.
        end: Called when the run must end: with the reason if it failed, with None when it is complete.

    """

    route: Route
    credentials: Credentials | None
    writer: GrowingRecording
    journal: CountingWriter
    clock: RecordingClock
    connect: Connect
    stop_requested: asyncio.Event
    opened: asyncio.Event
    openings: RateLimit
    messages: RateLimit
    end: Callable[[FeedrecError | None], None]


class ReconnectLoop:
    """
    Keeps one connection of a run open.

    Args:
        run: The run.
        subscriptions: What to ask for on it.
        backoff: Gives the delays between connections.

    Attributes:
        state: `connecting`, `recording`, `reconnecting`, or `idle` when all of it was unsubscribed.
        subscriptions: What the next connection asks for.

    """

    def __init__(self, run: RunContext, subscriptions: Sequence[Subscription], backoff: Backoff) -> None:
        self.state = "connecting"
        self.subscriptions = list(subscriptions)
        self._run = run
        self._backoff = backoff
        self._failures = 0
        self._reason = ""
        self._was_emptied = False
        self._wake = asyncio.Event()
        self._switch: dict[str, Any] | None = None
        self._was_served = False
        self._opened: float | None = None
        self._watch: ConnectionLifecycle | None = None

    async def keep_open(self) -> None:
        """
        Record until the run must end.

        Raises:
            ConnectError: If nothing was open before in the whole run, nor could be at the failover, if there is one.

        """
        stop = self._run.stop_requested
        while not stop.is_set():
            self._wake.clear()
            lasted = await self._record_connection()
            if stop.is_set():
                return
            self._judge(lasted)
            if self._was_emptied:
                self.state = "idle"
                await self._sleep(None)
            elif not self._wake.is_set():
                delay = self._backoff.next_delay()
                self.state = "reconnecting"
                log.info("connecting again in %.1f s", delay)
                await self._sleep(delay)

    async def subscribe(self, more: Sequence[Subscription]) -> None:
        """Ask for more, on the present connection and on all that follow."""
        self.subscriptions, new = add_subscriptions(self.subscriptions, more)
        new = self._run.route.current.has(new)
        if self._was_emptied:
            self._was_emptied = False
            self._wake.set()
        if new and self._watch is not None:
            await self._watch.subscribe(new)

    async def unsubscribe(self, gone: Sequence[Subscription]) -> None:
        """Ask for no more of what of it is subscribed here, now or later."""
        self.subscriptions, dropped = remove_subscriptions(self.subscriptions, gone)
        dropped = self._run.route.current.has(dropped)
        self._was_emptied |= bool(dropped) and not self.subscriptions
        if dropped and self._watch is not None:
            await self._watch.unsubscribe(dropped)

    def turn(self, switch: dict[str, Any] | None) -> None:
        """Go where the route leads now; `switch` is the event to record of it, if it is for this one to do."""
        self._switch = switch or self._switch
        self._failures = 0
        self._wake.set()
        self._backoff.reset()
        if self._watch is not None:
            self._watch.leave()

    def resume_reading(self) -> None:
        """Read on, if reading was paused."""
        if self._watch is not None:
            self._watch.resume_reading()

    def _judge(self, lasted: float) -> None:
        """Learn from a connection that ended, or could not be opened."""
        run = self._run
        if lasted >= GOOD_CONNECTION:
            self._was_served = True
            self._failures = 0
            self._backoff.reset()
            run.route.lasted()
        elif not self._wake.is_set():
            self._failures += 1
            switch = run.route.divert(self._failures, self._reason)
            if switch is not None:
                self.turn(switch)

    async def _sleep(self, delay: float | None) -> None:
        """Wait, but no longer than until the run must end, or there is something to do."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._run.stop_requested, self._wake)]
        try:
            await asyncio.wait(waits, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _record_connection(self) -> float:
        """Record one connection from open to close; give the seconds that it lasted."""
        run, place = self._run, self._run.route.current
        self.state = "connecting"
        self._reason = ""
        client = place.feed.client(place.has(self.subscriptions), run.credentials)
        number = run.journal.take_number()
        intake = Intake(number, place.feed, client, run.journal, run.clock, on_end=self._end)
        shown = redact_url(place.url)
        watch = self._watch = ConnectionLifecycle(intake, shown, run.writer, run.stop_requested, run.messages)
        self._tell_switch(intake, place)
        is_first = run.journal.counts.connections == 0
        opened = None
        try:
            if not await self._open(watch, place):
                return 0.0
            self.state = "recording"
            log.info("connection %d open to %s", number, shown)
            opened = self._opened = time.monotonic()
            run.opened.set()
            await watch.run()
        except ConnectError as error:
            if is_first and not run.stop_requested.is_set() and place is run.route.current and not run.route.has_choice:
                if not run.route.reason:
                    raise
                raise ConnectError(f"{error}; before, {run.route.reason}") from error
            log.warning("%s", error)
            run.journal.problem(str(error))
            self._reason = str(error)
        finally:
            watch.end()
            self._opened = None
            run.journal.counts.out_of_order += client.out_of_order
            if not watch.was_open:
                run.journal.return_number(number)
        return 0.0 if opened is None else time.monotonic() - opened

    def _tell_switch(self, intake: Intake, place: EndpointAddress) -> None:
        """Record that the next connection goes elsewhere, and what cannot be had there."""
        switch, self._switch = self._switch, None
        if switch is None:
            return
        time = intake.stamp()
        intake.event("failover", switch, time)
        left_out = [one for one in self.subscriptions if one not in place.has(self.subscriptions)]
        if left_out:
            notice = missing_notice(left_out)
            names = ", ".join(one.channel for one in left_out)
            intake.report([msgspec.structs.replace(notice, text=f"{place.feed.name} has no {names}")], time)

    async def _open(self, watch: ConnectionLifecycle, place: EndpointAddress) -> bool:
        """Open a connection, but do not keep a person who said stop waiting for a venue that does not answer."""
        opening = asyncio.ensure_future(self._connect(watch, place))
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

    async def _connect(self, watch: ConnectionLifecycle, place: EndpointAddress) -> None:
        await self._run.openings.turn()
        await self._run.connect(place.url, watch.attach, place.feed.headers(self._run.credentials))

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
