"""A connection to nobody: what is written is kept, and how the client reads is told beforehand."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import cast

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State


class FakeConnection:
    """
    An open connection.

    Args:
        unread: Bytes that the client has not taken yet, each time that is asked; after that, it takes everything.

    Attributes:
        written: What each write was.
        on_write: Called with each write.
        is_aborted: Whether the server gave the client up.
        closing: Whether the transport is on its way to be closed.

    """

    def __init__(self, unread: Iterable[int] = ()) -> None:
        self.written: list[bytes] = []
        self.on_write: Callable[[bytes], object] = lambda _: None
        self.is_aborted = False
        self.closing = False
        self.extensions: list[object] = []
        self.state = State.OPEN
        self._unread = deque(unread)

    def as_connection(self) -> ServerConnection:
        """Be taken for a real one."""
        return cast(ServerConnection, self)

    @property
    def protocol(self) -> FakeConnection:
        return self

    @property
    def transport(self) -> FakeConnection:
        return self

    def is_closing(self) -> bool:
        return self.closing

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.on_write(data)

    def abort(self) -> None:
        self.is_aborted = True

    def get_write_buffer_size(self) -> int:
        return self._unread.popleft() if self._unread else 0

    async def drain(self) -> None:
        if self._unread:
            await asyncio.Event().wait()
