"""The WebSocket connection of one client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from websockets.asyncio.server import ServerConnection

__all__ = ["ReplayConnection"]


class ReplayConnection(ServerConnection):
    """
    A connection of the library, and who is told that it is made and lost.

    Attributes:
        on_made: Called with it when a client has connected, before the handshake.
        on_lost: Called with it when the client is gone.

    """

    on_made: Callable[[ReplayConnection], object]
    on_lost: Callable[[ReplayConnection], object]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.on_made(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.on_lost(self)
