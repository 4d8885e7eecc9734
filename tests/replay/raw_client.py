"""A WebSocket client that looks at bytes, and what runs a server beside it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, Self, TypeVar

from feedrec.model import Frame

from ..timing import HANG_TIMEOUT, wait_until

_REQUEST = (
    "GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{extra}\r\n"
)
_SUBSCRIBE = b"\x81\x82\0\0\0\0{}"
_CLOSE = b"\x88\x82\0\0\0\0\x03\xe8"

Message = tuple[int, bytes]
Result = TypeVar("Result")

CLOSE_1000 = (0x88, b"\x03\xe8")
CLOSE_1001 = (0x88, b"\x03\xe9")


class RawClient:
    """A WebSocket client that returns the first byte and the payload of every message, unchecked."""

    def __init__(
        self, port: int, *, extra: str = "", receive_buffer: int | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._port = port
        self._tls: dict[str, Any] = {} if tls is None else {"ssl": tls, "server_hostname": "localhost"}
        self._request = _REQUEST.format(extra=extra)
        self._receive_buffer = receive_buffer
        self.response = ""

    async def __aenter__(self) -> Self:
        sock = socket.socket()
        if self._receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self._port))
        limit = 1 << 16 if self._receive_buffer is None else 1 << 10
        self._reader, self._writer = await asyncio.open_connection(sock=sock, limit=limit, **self._tls)
        self._writer.write(self._request.encode())
        self.response = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.transport.abort()
        await asyncio.sleep(0)

    def send(self, message: bytes = _SUBSCRIBE) -> None:
        """Send a message: to begin with, the one that begins the replay."""
        self._writer.write(message)

    async def receive(self) -> Message:
        """Return the next message: its first byte, and its payload."""
        first, size = await self._reader.readexactly(2)
        if size == 126:
            size = int.from_bytes(await self._reader.readexactly(2))
        elif size == 127:
            size = int.from_bytes(await self._reader.readexactly(8))
        return first, await self._reader.readexactly(size)

    async def receive_all(self) -> list[Message]:
        """Subscribe, and return every message up to the close and with it; answer the close."""
        self.send()
        messages = [await self.receive()]
        while messages[-1][0] != 0x88:
            messages.append(await self.receive())
        self.send(_CLOSE)
        return messages


async def replayed_to_raw_client(port: int, tls: ssl.SSLContext | None = None) -> list[Message]:
    """Return all messages that a new client gets, the close the last of them."""
    async with RawClient(port, tls=tls) as client:
        return await client.receive_all()


def run(scenario: Coroutine[Any, Any, Result]) -> Result:
    """Run a scenario, and return its result; afterwards no thread of a timeline may be left."""
    result = asyncio.run(asyncio.wait_for(scenario, HANG_TIMEOUT))
    wait_until(lambda: not any(thread.name.startswith("feedrec-timeline") for thread in threading.enumerate()))
    return result


def as_messages(frames: Sequence[Frame]) -> list[tuple[int, bytes]]:
    return [(0x82 if frame.binary else 0x81, frame.payload) for frame in frames]
