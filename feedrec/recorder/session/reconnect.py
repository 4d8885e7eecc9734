"""One of the connections of a run, opened again and again until the run is over."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import logging
from collections.abc import Sequence
from typing import Any

import msgspec

from ...errors import ConnectError, VenueError
from ...feeds import Subscription
from ...feeds.client_half.notices import missing_notice
from ...feeds.client_half.subscriptions import add_subscriptions, remove_subscriptions
from ..backoff import Backoff
from ..run_end import Outcome
from .failover import EndpointAddress
from .handover.reasons import age_limit
from .handover.replacing import replace_connection
from .run_connection import RunConnection
from .run_context import RunContext
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
        self._present: RunConnection | None = None
        self._successor: RunConnection | None = None  # takes the place of the present one, or has just done so
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
            connection = await self._next_connection()
            seconds, reason = await self._record(connection)
            if end.has_begun:
                break
            if self._is_reopening or self._successor is not None:
                continue
            if not self._context.options.reconnect:
                end.end(Outcome.CONNECTION_LOST)
                return
            self._learn(connection.endpoint, seconds, reason)
            if self._is_emptied:
                self.state = RunState.IDLE
                while self._is_emptied and not end.has_begun:
                    await self._sleep(None)
            elif connection.endpoint is selector.current:
                delay = max(self._backoff.next_delay(), self._asked_to_wait)
                self.state = RunState.RECONNECTING
                log.info("connecting again in %.1f s", delay)
                await self._sleep(delay)
        if self._successor is not None:
            await self._successor.end()

    async def subscribe(self, more: Sequence[Subscription]) -> None:
        """Ask for more, on the present connection and on all that follow."""
        before = self.subscriptions
        self.subscriptions, new = add_subscriptions(before, more)
        self._has_subscribed |= bool(self.subscriptions)
        if self.state is RunState.IDLE:
            self._wake.set()
        endpoint = self._context.selector.current
        new = endpoint.has(new)
        if not new or self._present is None:
            return
        given_up = endpoint.feed.given_up_for(new, endpoint.has(before))
        if given_up:
            log.info("the venue takes this on a new connection only: opening one")
            await self._present.lifecycle.unsubscribe(given_up)
            self._is_reopening = True
            self.interrupt()
            return
        for connection in self._connections:
            await connection.lifecycle.subscribe(new)

    async def unsubscribe(self, gone: Sequence[Subscription]) -> None:
        """Ask for no more of what of it is subscribed here, now and on all connections that follow."""
        self.subscriptions, dropped = remove_subscriptions(self.subscriptions, gone)
        dropped = self._context.selector.current.has(dropped)
        for connection in self._connections if dropped else ():
            await connection.lifecycle.unsubscribe(dropped)

    def switch_endpoint(self, event: dict[str, Any] | None) -> None:
        """
        Go to the endpoint that is selected now: a connection that is open is left when another one has taken its place.

        Args:
            event: The keys of the `failover` event to record with the next connection; None if another loop does.

        """
        self._switch = event or self._switch
        self._failures = 0
        self._backoff.reset()
        present = self._present
        if present is None or present.task.done() or not present.opened.is_set():
            self.interrupt()
        elif present.endpoint != self._context.selector.current:
            present.leaving.ask("another endpoint")
        else:
            self._record_switch(present)

    def interrupt(self) -> None:
        """Close what is open, or wait no longer for the next connection."""
        self._wake.set()
        for connection in self._connections:
            connection.lifecycle.close()

    def drop(self) -> None:
        """Close it without waiting for the venue's goodbye."""
        self.interrupt()
        for connection in self._connections:
            connection.lifecycle.drop()

    def resume_reading(self) -> None:
        """Read on, if reading is paused."""
        for connection in self._connections:
            connection.lifecycle.resume_reading()

    @property
    def _connections(self) -> list[RunConnection]:
        """The present connection, and the one that takes its place, as far as there are any."""
        return [one for one in (self._present, self._successor) if one is not None]

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

    async def _next_connection(self) -> RunConnection:
        """Return what comes next: the successor of the last connection, or a new one."""
        successor, self._successor = self._successor, None
        if successor is not None and self._is_reopening:
            await successor.end()
            successor = None
        self._is_reopening = False
        self._context.served_nothing.discard(self)
        if successor is None:
            self.state = RunState.CONNECTING
            self._asked_to_wait = 0.0
            successor = self._begun()
        self._present = successor
        return successor

    def _begun(self, replaces: RunConnection | None = None) -> RunConnection:
        """Begin to open a connection to the endpoint that is selected now."""
        number = None if replaces is None else replaces.number
        context, endpoint = self._context, self._context.selector.current
        connection = RunConnection(context, endpoint, self.subscriptions, self._refused, number)
        if replaces is None:
            self._record_switch(connection)
        return connection.start(functools.partial(self._opened, connection))

    def _opened(self, connection: RunConnection) -> None:
        """Take note that a connection is open."""
        self.state = RunState.RECORDING
        if connection is self._successor:
            self._record_switch(connection)

    async def _record(self, connection: RunConnection) -> tuple[float, str]:
        """Record a connection to its end; return the seconds that it was open, or why it could not be."""
        leaving = asyncio.create_task(self._leave(connection))
        try:
            await asyncio.wait({connection.task, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                leaving.result()
            await asyncio.wait({connection.task})
            connection.task.result()
        except ConnectError as error:
            if connection.is_first and self._is_final(connection.endpoint):
                if not self._context.selector.reason:
                    raise
                raise ConnectError(f"{error}; before, {self._context.selector.reason}") from error
            log.warning("%s", error)
            self._context.writer.problem(str(error))
            self._asked_to_wait = error.retry_after
            return 0.0, str(error)
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
        return connection.lifecycle.seconds_open, ""

    async def _leave(self, connection: RunConnection) -> None:
        """Wait until a connection is to be left; then have another one take its place, or reopen it."""
        await connection.opened.wait()
        context, backoff = self._context, copy.copy(self._backoff)
        age = age_limit(context.max_age_at(connection.endpoint), context.uniform())
        while not connection.task.done():
            left = None if age is None else max(0.0, age - connection.lifecycle.seconds_open)
            await connection.leaving.wait(left)
            if not context.may_replace(self.subscriptions):
                log.info("connection %d is left for %s", connection.number, connection.leaving.reason)
                self._is_reopening = True
                connection.lifecycle.close()
                return
            async with context.replacing:
                self._successor = self._begun(connection)
                if await replace_connection(connection, self._successor):
                    return
                self._successor = None
            self._stay_if_switched_back(connection)
            await asyncio.sleep(backoff.next_delay())

    def _stay_if_switched_back(self, connection: RunConnection) -> None:
        """Stay at the present endpoint if the other one cannot be had after all."""
        selector = self._context.selector
        if connection.endpoint == selector.current:
            return
        self._failures += 1
        event = selector.divert(self._failures, "")
        if event is None:
            return
        connection.leaving.withdraw()
        was_recorded, self._switch = self._switch is None, None
        if was_recorded:  # that all connections go to the other endpoint, with one that did
            connection.lifecycle.event("failover", event)

    def _is_final(self, endpoint: EndpointAddress) -> bool:
        """Whether a first connection that fails ends the run: nothing else ends it, and no other endpoint is left."""
        selector = self._context.selector
        return not (self._context.end.has_begun or selector.has_alternative) and endpoint is selector.current

    def _record_switch(self, connection: RunConnection) -> None:
        """Record that a connection goes to another endpoint, and what cannot be had there."""
        event, self._switch = self._switch, None
        if event is None:
            return
        endpoint = connection.endpoint
        connection.lifecycle.event("failover", event)
        left_out = [one for one in self.subscriptions if one not in endpoint.has(self.subscriptions)]
        if left_out:
            notice = missing_notice(left_out)
            names = ", ".join(one.channel for one in left_out)
            text = f"{endpoint.feed.name} has no {names}"
            connection.lifecycle.report([msgspec.structs.replace(notice, text=text)])

    def _refused(self, connection: RunConnection, error: VenueError, is_about_all: bool) -> None:  # noqa: FBT001
        """
        End the run, unless other connections have what this one was refused.

        A venue that refuses what it served before has an outage, and is tried again.
        """
        context = self._context
        if connection is not self._present:  # the present one has what its successor is refused
            connection.lifecycle.drop()
            return
        if is_about_all:
            context.served_nothing.add(self)
            if len(context.served_nothing) < context.connections:
                log.warning("the other connections of the run go on")
                return
        if self._has_lasted or connection.lifecycle.seconds_open >= GOOD_CONNECTION:
            connection.lifecycle.drop()
        else:
            context.end.end(Outcome.REFUSED, error)
