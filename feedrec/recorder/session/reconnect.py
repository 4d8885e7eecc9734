"""One of the connections of a run, opened again and again until the run is over."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any

import msgspec

from ...errors import ConnectError, VenueError
from ...feeds import Subscription
from ...feeds.client_half.notices import missing_notice
from ...feeds.client_half.subscriptions import add_subscriptions, remove_subscriptions
from ...feeds.redaction import Address
from ..backoff import Backoff
from ..connection_lifecycle import ConnectionLifecycle
from ..connection_state import ConnectionState
from ..run_end import Outcome
from .failover import EndpointAddress
from .run_context import RunContext, headers_of
from .summary import RunState

__all__ = ["GOOD_CONNECTION", "ReconnectLoop"]

GOOD_CONNECTION = 15.0
"""
Seconds that a connection must last for the next reconnect to be quick again, and for refusals to be outages.

A feed may wait 10 seconds for its acks before it finds that it was served nothing: that is a refusal still.
"""

log = logging.getLogger("feedrec")


class ReconnectLoop:
    """
    Keeps one connection of a run open.

    Args:
        context: What it shares with the other connections of the run.
        subscriptions: What to ask for on it.
        backoff: Gives the delays between connections.

    Attributes:
        state: What it is doing; `IDLE` when everything was unsubscribed.
        subscriptions: What the next connection asks for.

    """

    def __init__(self, context: RunContext, subscriptions: Sequence[Subscription], backoff: Backoff) -> None:
        self.state = RunState.CONNECTING
        self.subscriptions = list(subscriptions)
        self._context = context
        context.connections += 1
        self._backoff = backoff
        self._connection: ConnectionLifecycle | None = None
        self._failures = 0
        self._has_lasted = False
        self._has_subscribed = bool(subscriptions)
        self._is_reopening = False
        self._switch: dict[str, Any] | None = None
        self._asked_to_wait = 0.0  # seconds, by the server that refused the last attempt
        self._wake = asyncio.Event()

    async def keep_open(self) -> None:
        """
        Record until the run ends.

        Raises:
            ConnectError: If the first connection of the whole run fails, and there is no failover left to try.

        """
        end, selector = self._context.end, self._context.selector
        while not end.has_begun:
            endpoint = selector.current
            seconds, reason = await self._record_connection(endpoint)
            if end.has_begun:
                return
            if self._is_reopening:
                self._is_reopening = False
                continue
            if not self._context.options.reconnect:
                end.end(Outcome.CONNECTION_LOST)
                return
            self._learn(endpoint, seconds, reason)
            if self._is_emptied:
                self.state = RunState.IDLE
                while self._is_emptied and not end.has_begun:
                    await self._sleep(None)
            elif endpoint is selector.current:
                delay = max(self._backoff.next_delay(), self._asked_to_wait)
                self.state = RunState.RECONNECTING
                log.info("connecting again in %.1f s", delay)
                await self._sleep(delay)

    async def subscribe(self, more: Sequence[Subscription]) -> None:
        """Ask for more, on the present connection and on all that follow."""
        before = self.subscriptions
        self.subscriptions, new = add_subscriptions(before, more)
        self._has_subscribed |= bool(self.subscriptions)
        if self.state is RunState.IDLE:
            self._wake.set()
        endpoint = self._context.selector.current
        new = endpoint.has(new)
        if not new or self._connection is None:
            return
        given_up = endpoint.feed.given_up_for(new, endpoint.has(before))
        if given_up:
            log.info("the venue takes this on a new connection only: opening one")
            await self._connection.unsubscribe(given_up)
            self._is_reopening = True
            self.interrupt()
        else:
            await self._connection.subscribe(new)

    async def unsubscribe(self, gone: Sequence[Subscription]) -> None:
        """Ask for no more of what of it is subscribed here, now and on all connections that follow."""
        self.subscriptions, dropped = remove_subscriptions(self.subscriptions, gone)
        dropped = self._context.selector.current.has(dropped)
        if dropped and self._connection is not None:
            await self._connection.unsubscribe(dropped)

    def switch_endpoint(self, event: dict[str, Any] | None) -> None:
        """
        Go to the endpoint that is selected now.

        Args:
            event: The keys of the `failover` event to record with the next connection; None if another loop does.

        """
        self._switch = event or self._switch
        self._failures = 0
        self._backoff.reset()
        self.interrupt()

    def interrupt(self) -> None:
        """Close the connection, or wait no longer for the next one."""
        self._wake.set()
        if self._connection is not None:
            self._connection.close()

    def drop(self) -> None:
        """Close the connection without waiting for the venue's goodbye."""
        self.interrupt()
        if self._connection is not None:
            self._connection.drop()

    def resume_reading(self) -> None:
        """Read on, if reading is paused."""
        if self._connection is not None:
            self._connection.resume_reading()

    @property
    def _is_emptied(self) -> bool:
        """Whether all that was ever subscribed was unsubscribed; a raw feed may have nothing to subscribe to."""
        return self._has_subscribed and not self.subscriptions

    def _learn(self, endpoint: EndpointAddress, seconds: float, reason: str) -> None:
        """Learn from a connection that ended, or could not be opened; one that was left for another says nothing."""
        selector = self._context.selector
        if seconds >= GOOD_CONNECTION:
            self._has_lasted = True
            self._failures = 0
            self._backoff.reset()
            selector.lasted()
        elif endpoint is selector.current:
            self._failures += 1
            event = selector.divert(self._failures, reason)
            if event is not None:
                self.switch_endpoint(event)

    async def _sleep(self, delay: float | None) -> None:
        """Wait, but no longer than until there is something to do."""
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._wake.wait()

    async def _record_connection(self, endpoint: EndpointAddress) -> tuple[float, str]:
        """Record one connection from open to close; return the seconds that it was open, or why it could not be."""
        context, writer = self._context, self._context.writer
        self.state = RunState.CONNECTING
        self._asked_to_wait = 0.0
        context.served_nothing.discard(self)
        wanted = endpoint.has(self.subscriptions)
        client = endpoint.feed.client(wanted, context.credentials)
        number, address = writer.take_number(), Address(endpoint.url)
        connection = self._connection = ConnectionLifecycle(
            number, endpoint.feed, client, address, writer, context.clock, context.messages, self._refused
        )
        if context.options.resync:
            connection.resync(wanted)
        self._record_switch(connection, endpoint)
        is_first = writer.counts.connections == 0
        try:
            if await connection.open(self._connect(connection, endpoint)):
                self.state = RunState.RECORDING
                log.info("connection %d open to %s", number, address.shown)
                context.opened.set()
                await connection.run()
        except ConnectError as error:
            if is_first and self._is_final(endpoint):
                if not context.selector.reason:
                    raise
                raise ConnectError(f"{error}; before, {context.selector.reason}") from error
            log.warning("%s", error)
            writer.problem(str(error))
            self._asked_to_wait = error.retry_after
            return 0.0, str(error)
        finally:
            connection.end()
            if writer.watch is not None:
                writer.watch.remove_connection(number)
            writer.counts.out_of_order += client.out_of_order
            if connection.state is ConnectionState.FAILED:
                writer.return_number(number)
        return connection.seconds_open, ""

    def _is_final(self, endpoint: EndpointAddress) -> bool:
        """Whether a first connection that fails ends the run: nothing else ends it, and no other endpoint is left."""
        selector = self._context.selector
        return not (self._context.end.has_begun or selector.has_alternative) and endpoint is selector.current

    def _record_switch(self, connection: ConnectionLifecycle, endpoint: EndpointAddress) -> None:
        """Record that the next connection goes to another endpoint, and what cannot be had there."""
        event, self._switch = self._switch, None
        if event is None:
            return
        connection.event("failover", event)
        left_out = [one for one in self.subscriptions if one not in endpoint.has(self.subscriptions)]
        if left_out:
            notice = missing_notice(left_out)
            names = ", ".join(one.channel for one in left_out)
            connection.report([msgspec.structs.replace(notice, text=f"{endpoint.feed.name} has no {names}")])

    async def _connect(self, connection: ConnectionLifecycle, endpoint: EndpointAddress) -> None:
        context = self._context
        await context.openings.turn()
        await context.connect(endpoint.url, connection.attach, headers_of(endpoint, context.credentials))

    def _refused(self, error: VenueError, is_about_all: bool) -> None:  # noqa: FBT001
        """
        End the run, unless other connections have what this one was refused.

        A venue that refuses what it served before has an outage, and is tried again.
        """
        context, connection = self._context, self._connection
        if is_about_all:
            context.served_nothing.add(self)
            if len(context.served_nothing) < context.connections:
                log.warning("the other connections of the run go on")
                return
        if connection is not None and (self._has_lasted or connection.seconds_open >= GOOD_CONNECTION):
            connection.drop()
        else:
            context.end.end(Outcome.REFUSED, error)
