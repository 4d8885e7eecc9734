"""How the connection of a client is closed."""

from __future__ import annotations

import contextlib

from websockets.frames import CloseCode

from ...feeds.venue import Close
from .connection import ReplayConnection
from .crowd import Crowd
from .sending.outlet import ClientEnded, Outlet

__all__ = ["Parting"]


class Parting:
    """
    Closes the connection of a client.

    Args:
        connection: The connection.
        outlet: What takes its messages.
        crowd: Says how long it may take in the end.

    """

    def __init__(self, connection: ReplayConnection, outlet: Outlet, crowd: Crowd) -> None:
        self._connection = connection
        self._outlet = outlet
        self._crowd = crowd

    async def disconnect(self, dismissal: Close) -> None:
        """Close it as the venue does: after what was sent before, or without a close frame."""
        if dismissal.code == CloseCode.ABNORMAL_CLOSURE:
            with contextlib.suppress(ClientEnded):
                await self._outlet.drain_all()
            self._connection.drop()
        else:
            await self._connection.close(dismissal.code, dismissal.reason)

    async def close(self, code: CloseCode, reason: str = "") -> None:
        """Close it within a bounded time, whatever the client does."""
        await self._connection.close_within(self._crowd.patience_at_stop, code, reason)
