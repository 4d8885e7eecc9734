"""An HTTP server made of bytes, for what asks one."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple


class Asked(NamedTuple):
    """A request as it arrived."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of a header."""
        return next((value for key, value in self.headers if key.lower() == name), None)


Answer = Callable[[Asked], bytes | Awaitable[bytes]]


class RestServer:
    """
    Answers each request with the bytes that a function returns; none: the connection is closed.

    Attributes:
        asked: All requests so far.
        url: Where it is.

    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.url = ""

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests of one connection until it is closed."""
        try:
            while True:
                asked = await _read(reader)
                self.asked.append(asked)
                answer = self.answer(asked)
                data = answer if isinstance(answer, bytes) else await answer
                writer.write(data)
                await writer.drain()
                if not data:
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in head[1:] if line)]
    asked = Asked(method, target, headers, b"")
    if asked.header("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return asked._replace(body=body)
    return asked._replace(body=await reader.readexactly(int(asked.header("content-length") or 0)))


def answered(
    body: bytes = b"", *headers: str, status: str = "200 OK", kind: str = "application/json", size: int | None = None
) -> bytes:
    """Return an answer; `size` is the length that it claims, None for the true one."""
    length = f"Content-Length: {len(body) if size is None else size}"
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", length, *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def chunked(*pieces: bytes) -> bytes:
    """Return an answer in chunks."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))


@contextlib.asynccontextmanager
async def rest_server(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[RestServer]:
    """Serve while the block lasts."""
    server = RestServer(answer)
    tasks: set[asyncio.Task[None]] = set()

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await server.serve_one(reader, writer)
        finally:
            tasks.discard(task)

    listening = await asyncio.start_server(serve_one, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    server.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        listening.close()
        left = set(tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
