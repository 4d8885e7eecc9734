"""An application and its venue, with a recording proxy between them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from feedrec.recorder import ProxyOptions, RecordingProxy

Handler = Callable[[ServerConnection], Awaitable[None]]

LIMIT = 64 << 20


async def echo(websocket: ServerConnection) -> None:
    """Give back what comes, in messages of the same kind."""
    with contextlib.suppress(ConnectionClosed):
        async for message in websocket:
            await websocket.send(message)


@contextlib.asynccontextmanager
async def proxied(
    path: Path, handler: Handler = echo, proxy_options: ProxyOptions | None = None, **options: Any
) -> AsyncIterator[RecordingProxy]:
    """Have a venue of the library behind a proxy; options are those of `serve`."""
    async with serve(handler, "127.0.0.1", 0, max_size=LIMIT, **options) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with RecordingProxy(f"ws://127.0.0.1:{port}", path, proxy_options) as proxy:
            yield proxy


def client(proxy: RecordingProxy, target: str = "", **options: Any) -> connect:
    """Connect an application to the proxy."""
    return connect(proxy.url + target, max_size=LIMIT, **options)


async def closed(websocket: Any) -> tuple[int, str]:
    """Wait for the end of a connection; return code and reason."""
    await asyncio.wait_for(websocket.wait_closed(), 60)
    return websocket.protocol.close_code, websocket.protocol.close_reason
