"""Probing whether the primary endpoint answers again while another one stands in for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from ...errors import ConnectError
from ..connection import CLOSE_TIMEOUT
from .reconnect import ReconnectLoop, RunContext, headers_of

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
    while True:
        await selector.diverted.wait()
        await asyncio.sleep(selector.probes.next_delay())
        if await _answers(context):
            event = selector.restore()
            for number, loop in enumerate(loops):
                loop.switch_endpoint(event if number == 0 else None)


async def _answers(context: RunContext) -> bool:
    """Open a connection to the primary, and close it."""
    primary = context.selector.primary
    await context.openings.turn()
    try:
        connection = await context.connect(
            primary.url, lambda _: _IgnoringReceiver(), headers_of(primary, context.credentials)
        )
    except ConnectError as error:
        log.info("%s is still down: %s", primary.feed.name, error)
        return False
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await connection.close()
    except TimeoutError:
        log.info("%s answers, but does not answer the close", primary.feed.name)
    finally:
        connection.transport.abort()  # as for recorded connections: close() of websockets 13 may wait for TLS
    await connection.wait_closed()
    return True


class _IgnoringReceiver:
    """Ignores what arrives on a connection that is closed at once; see `Receiver`."""

    def opened(self) -> None:
        """Ignore it."""

    def bytes_arrived(self) -> None:
        """Ignore it."""

    def message(self, payload: bytes, *, binary: bool) -> None:
        """Ignore it."""

    def read_done(self) -> None:
        """Ignore it."""
