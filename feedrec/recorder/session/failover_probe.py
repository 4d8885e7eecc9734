"""Looking whether the primary endpoint answers again while another one stands in for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from ...errors import ConnectError
from ..connection import CLOSE_TIMEOUT
from .reconnect import ReconnectLoop, RunContext

__all__ = ["return_to_primary"]

log = logging.getLogger("feedrec")


async def return_to_primary(run: RunContext, loops: Sequence[ReconnectLoop]) -> None:
    """
    Have all connections go back to the primary endpoint as soon as it answers, whenever it was left; never ends.

    Args:
        run: The run.
        loops: Its connections. The first of them records that they go back.

    """
    route = run.route
    while True:
        await route.diverted.wait()
        await asyncio.sleep(route.probes.next_delay())
        if await _answers(run):
            switch = route.restore()
            for number, loop in enumerate(loops):
                loop.turn(switch if number == 0 else None)


async def _answers(run: RunContext) -> bool:
    """Open a connection to the primary, and close it."""
    feed, url, _ = run.route.primary
    await run.openings.turn()
    try:
        connection = await run.connect(url, lambda _: _Unheard(), feed.headers(run.credentials))
    except ConnectError as error:
        log.info("%s is still down: %s", feed.name, error)
        return False
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await connection.close()
    except TimeoutError:
        log.info("%s answers, but not the close", feed.name)
    finally:
        connection.transport.abort()  # for the reason given where recorded connections are closed
    await connection.wait_closed()
    return True


class _Unheard:
    """Takes what arrives on a connection that is closed at once; see `Receiver`."""

    def opened(self) -> None:
        """Let it go."""

    def bytes_arrived(self) -> None:
        """Let it go."""

    def message(self, payload: bytes, *, binary: bool) -> None:
        """Let it go."""

    def read_done(self) -> None:
        """Let it go."""
