"""A venue that speaks TLS behind the proxy: all passes as without, and what is wrong with TLS is one line."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import InvalidStatus

from feedrec.recorder import RecordingProxy

from ..venue import events, payloads, run, sent, until
from .through import LIMIT, client, closed, echo

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[str]:
    """Give the address of a server that need not speak TLS."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"wss://localhost:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


@contextlib.asynccontextmanager
async def secure(tls: ssl.SSLContext, path: Path, host: str = "localhost") -> AsyncIterator[RecordingProxy]:
    async with serve(echo, "127.0.0.1", 0, ssl=tls, max_size=LIMIT) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with RecordingProxy(f"wss://{host}:{port}", path) as proxy:
            yield proxy


def test_every_message_passes_both_ways_and_so_does_the_close(path: Path, trusted_tls: ssl.SSLContext) -> None:
    messages: list[str | bytes] = ["text", '{ "a" : 1.50 }', b"\x00\xff", "", os.urandom(1 << 20)]

    async def talk() -> list[str | bytes]:
        async with secure(trusted_tls, path) as proxy, client(proxy) as websocket:
            got = []
            for message in messages:
                await websocket.send(message)
                got.append(await websocket.recv())
            await websocket.close(4000, "bye")
        return got

    assert run(talk()) == messages
    as_bytes = [one.encode() if isinstance(one, str) else one for one in messages]
    assert payloads(path) == as_bytes
    assert [frame.payload for frame in sent(path)][:4] == as_bytes[:4]  # the last one is too long to be searched
    (opened,), (ended,) = events(path, "open"), events(path, "close")
    assert opened.details["url"].startswith("wss://localhost:")
    assert ended.details == {"code": 4000, "reason": "bye", "by": "client"}


def test_a_venue_that_closes_reaches_the_client(path: Path, trusted_tls: ssl.SSLContext) -> None:
    async def handler(websocket: ServerConnection) -> None:
        await websocket.send("last")
        await websocket.close(1012, "so long")

    async def talk() -> tuple[str | bytes, tuple[int, str]]:
        async with serve(handler, "127.0.0.1", 0, ssl=trusted_tls) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with RecordingProxy(f"wss://localhost:{port}", path) as proxy, client(proxy) as websocket:
                return await websocket.recv(), await closed(websocket)

    assert run(talk()) == ("last", (1012, "so long"))


async def refusal(proxy: RecordingProxy) -> str:
    """Give what a client is told that gets no connection."""
    with pytest.raises(InvalidStatus) as caught:
        await client(proxy)
    assert caught.value.response.status_code == 502
    return bytes(caught.value.response.body or b"").decode()


def test_a_certificate_that_is_not_trusted_is_one_line(
    path: Path, server_tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    """For the client and in the log; there is no recording, and no traceback."""

    async def talk() -> str:
        async with secure(server_tls, path) as proxy:
            return await refusal(proxy)

    said = run(talk())
    assert "its certificate is not trusted (self-signed certificate); SSL_CERT_FILE names a file of" in said
    assert said.count("\n") == 1
    (line,) = (record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)
    assert line == f"a client was refused: {said.rstrip()}"
    assert list(path.parent.iterdir()) == []


def test_a_certificate_for_another_host_is_named(path: Path, trusted_tls: ssl.SSLContext) -> None:
    async def talk() -> str:
        async with secure(trusted_tls, path, "127.0.0.1") as proxy:
            return await refusal(proxy)

    assert "IP address mismatch, certificate is not valid for '127.0.0.1'" in run(talk())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the server does not speak TLS: its address may be a ws:// one"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "the TLS handshake failed: "),  # an alert: handshake_failure (RFC 8446, 6)
        (b"", "the server closed the connection without answering"),
    ],
)
def test_what_is_no_tls_is_said_in_words(path: Path, answer: bytes, said: str) -> None:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    async def talk() -> str:
        async with listening(reply) as url, RecordingProxy(url, path) as proxy:
            return await refusal(proxy)

    assert said in run(talk())


@pytest.mark.parametrize("is_sudden", [False, True])
def test_an_end_amid_the_tls_handshake_leaves_nothing_behind(path: Path, *, is_sudden: bool) -> None:
    """The venue took the connection, and says nothing: the proxy ends, or the client leaves, all the same."""
    asked, left = asyncio.Event(), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        asked.set()
        while await reader.read(1 << 16):
            pass
        left.set()
        writer.close()

    async def talk() -> None:
        async with listening(say_nothing) as url, RecordingProxy(url, path) as proxy:
            waiting = asyncio.ensure_future(connect(proxy.url).__aenter__())
            await asked.wait()
            if is_sudden:
                proxy.stop_now()
            else:
                waiting.cancel()
                await until(lambda: not proxy._relays)
            await proxy.close()
            await left.wait()
            await asyncio.gather(waiting, return_exceptions=True)

    run(talk())
    assert list(path.parent.iterdir()) == []
