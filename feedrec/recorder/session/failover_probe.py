"""Probing whether the primary endpoint answers again while another one stands in for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from ...errors import ConnectError
from ...feeds.redaction import Address
from ..connection import CLOSE_TIMEOUT
from ..refusals import write_refusal
from .reconnect import ReconnectLoop
from .run_context import RunContext, headers_of

__all__ = ["return_to_primary"]

log = logging.getLogger("feedrec")


async def return_to_primary(context: RunContext, loops: Sequence[ReconnectLoop]) -> None:
    """
    Send all connections back to the primary endpoint as soon as it answers, whenever it was left; never ends.

    Args:
        context: What the connections of the run share.
        loops: Its connections. The first of them records the return.

    """
    selector = context.selector
    wait = 0.0
    while True:
        await selector.diverted.wait()
        await asyncio.sleep(max(selector.probes.next_delay(), wait))
        wait = 0.0
        try:
            await _reach_primary(context)
        except ConnectError as error:
            log.info("%s is still down: %s", selector.primary.feed.name, error)
            wait = error.retry_after
        else:
            event = selector.restore()
            for number, loop in enumerate(loops):
                loop.switch_endpoint(event if number == 0 else None)


async def _reach_primary(context: RunContext) -> None:
    """Open a connection to the primary, and close it; raise `ConnectError` if it cannot be opened."""
    primary = context.selector.primary
    await context.openings.turn()
    headers = headers_of(primary, context.credentials)
    try:
        connection = await context.connect(primary.url, lambda _: _IgnoringReceiver(), headers)
    except ConnectError as error:
        number = context.writer.take_number()
        write_refusal(context.writer, context.clock, number, error, Address(primary.url))
        context.writer.return_number(number)
        raise
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await connection.close()
    except TimeoutError:
        log.info("%s answers, but does not answer the close", primary.feed.name)
    finally:
        connection.transport.abort()  # as for recorded connections: close() of websockets 13 may wait for TLS
    await connection.wait_closed()


class _IgnoringReceiver:
    """Ignores what arrives on a connection that is closed at once; see `Receiver`."""

    def opened(self) -> None:
        """Ignore it."""

    def bytes_arrived(self) -> None:
        """Ignore it."""

    def message(self, payload: bytes, *, binary: bool) -> None:
        """Ignore it."""

    def texts(self, payloads: list[bytes]) -> None:
        """Ignore them."""

    def read_done(self) -> None:
        """Ignore it."""
