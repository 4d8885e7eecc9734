"""A connection to nobody: what is written is kept, and how the client reads is told beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from websockets.protocol import State

from feedrec.replay.client.connection import ReplayConnection


class FakeConnection:
    """
    An open connection.

    Args:
        waiting: Bytes that wait for the client to read.

    Attributes:
        written: What each write was.
        on_write: Called with each write.
        has_stopped_reading: Whether the client was given up.
        closing: Whether the transport is on its way to be closed.
        waits_for: Down to how many bytes it was last waited for.

    """

    def __init__(self, waiting: int = 0) -> None:
        self.written: list[bytes] = []
        self.on_write: Callable[[bytes], object] = lambda _: None
        self.has_stopped_reading = False
        self.closing = False
        self.extensions: list[object] = []
        self.state = State.OPEN
        self.waiting = waiting
        self.waits_for: int | None = None
        self._has_read = asyncio.Event()

    def as_connection(self) -> ReplayConnection:
        """Be taken for a real one."""
        return cast(ReplayConnection, self)

    @property
    def protocol(self) -> FakeConnection:
        return self

    @property
    def transport(self) -> FakeConnection:
        return self

    @property
    def paused(self) -> bool:
        return bool(self.waiting)

    def is_closing(self) -> bool:
        return self.closing

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.on_write(data)

    def read_all(self) -> None:
        """Have the client read everything."""
        self.waiting = 0
        self._has_read.set()

    def stop_reading(self) -> None:
        """Have the client given up."""
        self.has_stopped_reading = True
        self._has_read.set()

    async def written_down_to(self, size: int) -> None:
        self.waits_for = size
        await self._has_read.wait()

    async def all_written(self) -> None:
        await self.written_down_to(0)
