"""One connection of a run, from the attempt to open it to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from ...errors import ConnectError, VenueError
from ...feeds import Acceptance, Subscription
from ...feeds.redaction import Address
from ..connection_lifecycle import ConnectionLifecycle
from ..connection_state import ConnectionState
from ..refusals import write_refusal
from .failover import EndpointAddress
from .handover.reasons import Leaving
from .run_context import RunContext, headers_of

__all__ = ["RunConnection"]

log = logging.getLogger("feedrec")


class RunConnection:
    """
    One connection of a run; `start` opens it.

    Args:
        context: What the connections of the run share.
        endpoint: Where it goes.
        subscriptions: What to ask for, of which the endpoint may lack some.
        on_refusal: Called with this when the venue refuses for good; the flag is that of `Notice.is_about_all`.
        replaces: Number of the connection whose place it is to take; None for none.

    Attributes:
        number: Its number in the recording.
        endpoint: As given.
        lifecycle: The connection itself.
        leaving: Whether it is to be left.
        opened: Set once it is open.
        task: Opens and records it; raises `ConnectError` if it cannot be opened.
        is_first: Whether none had been open before in this run.

    """

    def __init__(
        self,
        context: RunContext,
        endpoint: EndpointAddress,
        subscriptions: Sequence[Subscription],
        on_refusal: Callable[[RunConnection, VenueError, bool], object],
        replaces: int | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.leaving = Leaving()
        self.opened = asyncio.Event()
        self.is_first = context.writer.counts.connections == 0
        self.task: asyncio.Task[None]
        self._context, self._replaces = context, replaces
        wanted = endpoint.has(subscriptions)
        self._client = endpoint.feed.client(wanted, context.credentials)
        self._address = Address(endpoint.url)
        self.number = context.writer.take_number(replaces)
        self.lifecycle = ConnectionLifecycle(
            self.number,
            endpoint.feed,
            self._client,
            self._address,
            context.writer,
            context.clock,
            context.messages,
            lambda error, is_about_all: on_refusal(self, error, is_about_all),
        )
        if context.options.resync:
            self.lifecycle.resync(wanted)
        if context.writer.checks is not None:
            context.writer.checks.follow(self.number, self.lifecycle.report)
        self.lifecycle.notices.on_leave = self.leaving.ask

    @property
    def acceptance(self) -> Acceptance | None:
        """What the venue accepted, once that is settled; see `FeedClient`."""
        return self._client.acceptance

    def start(self, on_open: Callable[[], object]) -> RunConnection:
        """Begin to open it; `on_open` is called once it is open, before anything is subscribed."""
        self.task = asyncio.create_task(self._record(on_open))
        return self

    async def end(self) -> str:
        """
        Close it, and wait until it has ended; return why it could not be opened, or nothing.

        Raises:
            Exception: Whatever a defect of the recorder raised.

        """
        self.lifecycle.close()
        await asyncio.wait({self.task})
        try:
            self.task.result()
        except ConnectError as error:
            return str(error)
        return ""

    async def _record(self, on_open: Callable[[], object]) -> None:
        lifecycle, context = self.lifecycle, self._context
        try:
            if await lifecycle.open(self._connect()):
                log.info("connection %d open to %s", self.number, self._address.shown)
                context.opened.set()
                self.opened.set()
                on_open()
                await lifecycle.run()
        except ConnectError as error:
            if lifecycle.state is ConnectionState.CONNECTING:
                write_refusal(context.writer, context.clock, self.number, error, self._address, self._replaces)
            raise
        finally:
            lifecycle.end()
            if context.writer.watch is not None:
                context.writer.watch.remove_connection(self.number)
            context.writer.counts.out_of_order += self._client.out_of_order
            if lifecycle.state is ConnectionState.FAILED:
                context.writer.return_number(self.number)

    async def _connect(self) -> None:
        context, endpoint = self._context, self.endpoint
        await context.openings.turn()
        await context.connect(endpoint.url, self.lifecycle.attach, headers_of(endpoint, context.credentials))
