"""A server of which each connection is met by a front: HTTP is answered, WebSockets get back what they say."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from feedrec.admission.allowed_hosts import AllowedHosts
from feedrec.admission.handshakes import Handshakes
from feedrec.admission.library_log import library_log
from feedrec.front.front import Front
from feedrec.front.fronts import Fronts, HttpLimits
from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.replay.tls.tls_handshake import TlsHandshake

from ..timing import HANG_TIMEOUT, scaled

Answer = Callable[[HttpRequest], Awaitable[HttpAnswer]]

HANDSHAKE = (
    b"GET /feed HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
HELLO = b"\x81\x85\0\0\0\0hello"
HELLO_BACK = b"\x81\x05hello"

PATIENT = HttpLimits(
    head_time=HANG_TIMEOUT,
    body_time=HANG_TIMEOUT,
    idle_time=HANG_TIMEOUT,
    write_deadline=HANG_TIMEOUT,
    linger_time=HANG_TIMEOUT,
)
"""Limits of which none is reached in a test that is not about them."""


async def echo(request: HttpRequest) -> HttpAnswer:
    """Say what was asked."""
    text = f"{request.method} {request.target} {len(request.body)}"
    return HttpAnswer(200, text.encode() + b" " + request.body[:20], "text/plain")


class _Connection(ServerConnection):
    def __init__(self, handshakes: Handshakes[Any], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._handshakes = handshakes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._handshakes.begin(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._handshakes.end(self)


class FrontServer:
    """
    The server.

    Attributes:
        failures: How many answers failed.
        lost: What broke connections that were no WebSockets.

    """

    def __init__(self, answer: Answer, limits: HttpLimits, max_waiting: int, tls: ssl.SSLContext | None) -> None:
        self.failures = 0
        self.lost: list[Exception | None] = []
        self._tls = tls
        self.handshakes: Handshakes[Any] = Handshakes(
            AllowedHosts(),
            paths=[],
            has_path=lambda _: True,
            venue_refusal=lambda *_: None,
            max_clients=100,
            max_waiting=max_waiting,
            log=logging.getLogger("feedrec.test"),
        )
        self.fronts = Fronts(
            answer,
            self.handshakes,
            on_failed=self._fail,
            on_lost=self.lost.append,
            url=lambda: f"ws://127.0.0.1:{self.port}",
            log=logging.getLogger("feedrec.test"),
            limits=limits,
        )
        self._server: Server | None = None

    async def start(self) -> None:
        self._server = await serve(
            self._speak,
            "127.0.0.1",
            0,
            process_request=self._admit,
            logger=library_log(),
            compression=None,
            ping_interval=None,
            create_connection=self._make_front,  # type: ignore[arg-type]
        )
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def close(self, patience: float = 0.0) -> None:
        assert self._server is not None
        await self.fronts.close(self._server, patience)

    def _make_front(self, *args: Any, **options: Any) -> Front | TlsHandshake:
        front = Front(self.fronts, partial(_Connection, self.handshakes, *args, **options))
        if self._tls is None:
            return front
        end = self.handshakes.end
        return TlsHandshake(front, self._tls, HANG_TIMEOUT, self.handshakes.begin, lambda one, _: end(one))

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        refusal = self.handshakes.refusal(connection, request)
        return None if refusal is None else connection.respond(refusal.status, refusal.reason)

    async def _speak(self, connection: ServerConnection) -> None:
        while not self.fronts.is_closing:
            try:
                async with asyncio.timeout(scaled(0.05)):
                    message = await connection.recv()
                await connection.send(message)
            except TimeoutError:
                continue
            except ConnectionClosed:
                break

    def _fail(self) -> None:
        self.failures += 1


@asynccontextmanager
async def serving(
    answer: Answer = echo,
    limits: HttpLimits = PATIENT,
    max_waiting: int = 100,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[FrontServer]:
    """Run a server."""
    server = FrontServer(answer, limits, max_waiting, tls)
    await server.start()
    try:
        yield server
    finally:
        await server.close()
        assert not server.handshakes.are_here


class Peer:
    """A client that looks at bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def stop_reading(self) -> None:
        """Read no more than has come by now."""
        cast(asyncio.Transport, self.writer.transport).pause_reading()

    async def head(self) -> str:
        """Return the head of the next answer, without the empty line."""
        return (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")[:-4]

    async def answer(self, *, has_body: bool = True) -> tuple[int, bytes]:
        """Return status and body of the next answer."""
        head = await self.head()
        size = next((line for line in head.lower().split("\r\n") if line.startswith("content-length:")), "x: 0")
        body = await self.reader.readexactly(int(size.partition(":")[2])) if has_body else b""
        return int(head.split(" ")[1]), body

    async def rest(self) -> bytes:
        """Return what comes until the server closes, in either way."""
        data = b""
        try:
            while piece := await self.reader.read(1 << 16):
                data += piece
        except ConnectionError:
            pass
        return data

    async def talk(self) -> None:
        """Check that this is a WebSocket now."""
        assert (await self.head()).startswith("HTTP/1.1 101 ")
        assert await self.reader.readexactly(len(HELLO_BACK)) == HELLO_BACK


@asynccontextmanager
async def peer_of(port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """Connect to a server."""
    options: dict[str, Any] = {} if tls is None else {"ssl": tls, "server_hostname": "localhost"}
    peer = Peer(*await asyncio.open_connection("127.0.0.1", port, **options))
    try:
        yield peer
    finally:
        peer.writer.transport.abort()


async def ask(port: int, tls: ssl.SSLContext | None = None) -> None:
    """Check that somebody else is served, both ways."""
    async with peer_of(port, tls) as peer:
        peer.send(b"GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert await peer.answer() == (200, b"GET /other 0 ")
        peer.send(HANDSHAKE + HELLO)
        await peer.talk()


def run(scenario: Any) -> Any:
    """Run a scenario."""
    return asyncio.run(asyncio.wait_for(scenario, HANG_TIMEOUT))
