"""
Messages to the transport of one client: here payloads become bytes on the wire.

Messages are collected and handed over in one write of whole WebSocket messages, bypassing `send()`. That is several
times as fast, and safe next to what the library itself writes (pongs, a close): the connection keeps the order.
Nothing is written unless the connection is open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from websockets.protocol import State

from ....feeds.venue import Message, Pieces
from ...clock.time_types import RecordedSteady, RecordedWall
from ...results import Outcome
from ..connection import TRANSPORT_LIMIT, ReplayConnection
from ..crowd import Crowd
from .restamping import Restamping
from .wire import message_header

__all__ = ["ClientEnded", "Outlet"]

_BATCH_SIZE = 1 << 18
_LARGE = 1 << 16  # a payload of this size or more is written separately: joining would copy it
_DEFLATED_BATCH_SIZE = 1 << 15  # compressing blocks the event loop


class ClientEnded(Exception):  # noqa: N818  not an error: a client may leave
    """Nothing more can be sent to this client."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome: Outcome = outcome


class Outlet:
    """
    Sends messages to one client.

    Args:
        connection: The client's connection.
        deflate: Whether to compress, if the client offered it.
        crowd: Says how much may wait for the client to read.
        restamping: Moves the times in text messages; None to leave them.

    Attributes:
        restamping: See above.
        size: Bytes of payload handed over so far.
        takes_runs: Whether it takes messages as bytes on the wire, which `add_run` does.

    """

    def __init__(
        self, connection: ReplayConnection, *, deflate: bool, crowd: Crowd, restamping: Restamping | None = None
    ) -> None:
        self._connection = connection
        self.restamping = restamping
        self._deflate = deflate and bool(connection.protocol.extensions)
        self._crowd = crowd
        self.takes_runs = not self._deflate and restamping is None  # what clients share has the same times for all
        self._batch_size = _DEFLATED_BATCH_SIZE if self._deflate else _BATCH_SIZE
        self.size = 0
        self._parts: list[bytes] = []
        self._large: Sequence[bytes | memoryview] = ()
        self._messages: list[tuple[bytes, bool]] = []
        self._held = 0

    def add(self, payload: Message, *, binary: bool) -> bool:
        """
        Add a message to the next write.

        Returns:
            Whether enough is collected for a write: hand over before adding more.

        Raises:
            ClientEnded: As for `hand_over`, which is called first if a large message is already waiting.

        """
        return self._collect(self._stamped(payload, binary=binary), binary=binary)

    def be_at(self, steady: RecordedSteady, wall: RecordedWall) -> None:
        """Be at a moment, of which the next messages are; see `Restamping`."""
        if self.restamping is not None:
            self.restamping.be_at(steady, wall)

    def _stamped(self, payload: Message, *, binary: bool) -> Message:
        """Return a message as it goes out."""
        return payload if binary or self.restamping is None else self.restamping.restamped(payload)

    def _collect(self, payload: Message, *, binary: bool) -> bool:
        """Add a message as it is to the next write; see `add`."""
        if self._large:
            self.hand_over()
        size = len(payload)
        self._held += size
        if self._deflate:
            self._messages.append((bytes(payload), binary))
        elif size < _LARGE:
            whole = payload if isinstance(payload, bytes) else bytes(payload)
            self._parts += (message_header(size, binary=binary), whole)
        else:
            self._parts.append(message_header(size, binary=binary))
            self._large = payload.pieces if isinstance(payload, Pieces) else (payload,)
            return True
        return self._held >= self._batch_size

    def add_run(self, data: bytes, size: int) -> None:
        """Add messages as they are on the wire, none of them large, with so many bytes of payload to the next write."""
        if data:  # else a client that is sent nothing for hours would gather what is not there
            self._parts.append(data)
        self._held += size

    @property
    def is_clear(self) -> bool:
        """Whether what is handed over now goes straight to the transport of a client that is there."""
        connection = self._connection
        is_behind = bool(self._large) or connection.paused or connection.waiting > TRANSPORT_LIMIT
        is_open = connection.protocol.state is State.OPEN and not connection.transport.is_closing()
        return is_open and not is_behind

    def hand_over(self) -> None:
        """
        Hand all added messages to the transport.

        Raises:
            ClientEnded: If the connection is no longer open.

        """
        self.check_open()
        connection = self._connection
        if self._deflate:
            for payload, binary in self._messages:
                (connection.protocol.send_binary if binary else connection.protocol.send_text)(payload)
            connection.write(b"".join(connection.protocol.data_to_send()))
            self._messages.clear()
        else:
            connection.write(b"".join(self._parts))
            self._parts.clear()
            for piece in self._large:
                connection.write(piece)
            self._large = ()
        self.size += self._held
        self._held = 0

    def check_open(self) -> None:
        """
        Check that messages can be handed over.

        Raises:
            ClientEnded: If the connection is no longer open.

        """
        self._check()
        if self._connection.protocol.state is not State.OPEN or self._connection.transport.is_closing():
            raise ClientEnded("client left")

    async def drain(self) -> None:
        """
        Let other tasks run, and wait until the client has read enough for more to be written.

        Raises:
            ClientEnded: If it read nothing within the write deadline: its connection was aborted then.

        """
        await asyncio.sleep(0)
        connection = self._connection
        if connection.waiting > (limit := self._crowd.write_limit):
            await connection.written_down_to(limit // 4)
        self._check()

    async def drain_all(self) -> None:
        """
        Wait until the operating system has every byte, so that closing the socket loses none.

        Raises:
            ClientEnded: As for `drain`.

        """
        await self._connection.all_written()
        self._check()

    async def flush(self) -> None:
        """Wait until the operating system has everything that was handed over, or the client is gone."""
        await self._connection.flushed()

    def _check(self) -> None:
        if self._connection.has_stopped_reading:
            raise ClientEnded("stopped reading")
