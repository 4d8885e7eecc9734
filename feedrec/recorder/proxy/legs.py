"""The two WebSockets of a relay: one to the client, one to the venue."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import Event, State

from ..connection import ReceivingConnection, RecordedConnection

__all__ = ["ClientLeg", "Leg", "VenueLeg"]


def _ignore() -> None:
    pass


class Leg(ReceivingConnection):
    """
    What both have in common: they say when they end, and when they take no more.

    Attributes:
        ended: Set when the peer has sent its close, or the connection is lost.
        on_full: Called when the peer does not read: what is written from now on stays in memory.
        on_room: Called when it reads again.

    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.ended = asyncio.Event()
        self.on_full: Callable[[], object] = _ignore
        self.on_room: Callable[[], object] = _ignore

    @property
    def is_open(self) -> bool:
        """Whether messages may be sent."""
        return self.protocol.state is State.OPEN

    @property
    def close_received(self) -> Close | None:
        """The close that the peer sent first; None if it was lost, or answered ours."""
        protocol = self.protocol
        return protocol.close_rcvd if protocol.close_rcvd_then_sent or protocol.close_sent is None else None

    def send_payload(self, payload: bytes, *, binary: bool) -> None:
        """Send a message as it is, compressed if that was agreed; text may be anything."""
        if self.is_open:
            send = self.protocol.send_binary if binary else self.protocol.send_text
            send(payload)
            self.send_data()

    def read(self, *, on: bool) -> None:
        """Read from the peer, or let it wait."""
        if not self.transport.is_closing():
            self.transport.resume_reading() if on else self.transport.pause_reading()

    def drop(self) -> None:
        """Cut it off without a close; one that is not connected yet, as amid its TLS handshake, needs nothing."""
        if hasattr(self, "transport"):
            self.transport.abort()

    async def end_as(self, close: Close | None, patience: float) -> None:
        """
        End as the other side ended.

        Args:
            close: What was received there; None if that was lost: then this one is cut off too, once all is written.
            patience: Seconds for the peer to take what waits for it, and to answer.

        """
        self.read(on=True)  # the answer to a close would never be seen
        if close is None:
            self.transport.close()
        elif self.is_open:
            has_code = close.code != CloseCode.NO_STATUS_RCVD
            self.protocol.send_close(close.code if has_code else None, close.reason)
            self.send_data()
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(patience):
                await self.wait_closed()
        self.transport.abort()

    # Methods that the library calls, or that asyncio calls

    def process_event(self, event: Event) -> None:
        super().process_event(event)
        if isinstance(event, Frame) and event.opcode is Opcode.CLOSE:
            self.ended.set()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.ended.set()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.on_full()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.on_room()


class ClientLeg(Leg, ServerConnection):
    """
    The side of a client.

    Attributes:
        on_made: Called with it when its handshake is here, before that is read.
        on_lost: Called with it when the client is gone.

    """

    on_made: Callable[[ClientLeg], object]
    on_lost: Callable[[ClientLeg], object]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.on_made(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.on_lost(self)


class VenueLeg(Leg, RecordedConnection):
    """The side of the venue."""
