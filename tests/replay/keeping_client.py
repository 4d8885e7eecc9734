"""A client that keeps what it was sent until it is read: with websockets 13, what is unread at a close is dropped."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_plainly
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

__all__ = ["KeepingConnection", "connect"]


class KeepingConnection(ClientConnection):
    """Keeps text messages, however many."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: asyncio.Queue[str | None] = asyncio.Queue()

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
            self._kept.put_nowait(bytes(event.data).decode())
        else:
            super().process_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._kept.put_nowait(None)

    async def recv(self, decode: bool | None = None) -> Any:  # noqa: ARG002, FBT001  as the library has it
        message = await self._kept.get()
        if message is None:
            self._kept.put_nowait(None)
            raise self.protocol.close_exc
        return message


connect = partial(connect_plainly, create_connection=KeepingConnection)
