"""How a venue closes the connection of a client."""

from __future__ import annotations

import contextlib

from websockets.frames import CloseCode

from ...feeds.venue import Close
from .connection import ReplayConnection
from .sending.outlet import ClientEnded, Outlet

__all__ = ["disconnect"]


async def disconnect(connection: ReplayConnection, outlet: Outlet, dismissal: Close) -> None:
    """Close a connection as the venue does: after what the outlet was given before, or without a close frame."""
    if dismissal.code == CloseCode.ABNORMAL_CLOSURE:
        with contextlib.suppress(ClientEnded):
            await outlet.drain_all()
        connection.drop()
    else:
        await connection.close(dismissal.code, dismissal.reason)
