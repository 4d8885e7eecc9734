"""
A venue that sends as fast as the client reads: messages are prepared in advance, and only sequence numbers change.

    python -m benchmarks.recording.blaster FRAMES REPEATS [RATE]     prints its URL; FRAMES has one payload per line

With a rate, frames are sent one by one, so many per second, evenly spaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from feedrec.replay.client.sending.wire import message

_DIGITS = 8
_FIRST = 10 ** (_DIGITS - 1)
_NUMBER = re.compile(rb'"sequence_num":(\d+)')
_CLOSE_1000 = b"\x88\x02\x03\xe8"


def numbered(payloads: list[bytes], repeats: int) -> Iterator[bytes]:
    """Yield the messages of all payloads, `repeats` times over, with sequence numbers that never repeat."""
    layout = bytearray()
    places = []
    for payload in payloads:
        laid_out = message(_NUMBER.sub(b'"sequence_num":' + b"0" * _DIGITS, payload, count=1))
        places.append(len(layout) + laid_out.index(b'"sequence_num":') + len(b'"sequence_num":'))
        layout += laid_out
    number = _FIRST
    for _ in range(repeats):
        for place in places:
            layout[place : place + _DIGITS] = b"%d" % number
            number += 1
        yield bytes(layout)


def paced(payloads: list[bytes], repeats: int, rate: int) -> Iterator[bytes]:
    """Yield the messages one by one, each when it is due."""
    due = time.perf_counter()
    number = _FIRST
    for _ in range(repeats):
        for payload in payloads:
            yield message(_NUMBER.sub(b'"sequence_num":%d' % number, payload, count=1))
            number += 1
            due += 1 / rate
            time.sleep(max(0.0, due - time.perf_counter()))  # there is nothing else to do in this process


async def serve(payloads: list[bytes], repeats: int, rate: int = 0) -> None:
    """Send everything to each client after its first message, then close."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await shake_hands(reader, writer)
            await reader.read(65536)
            for chunk in paced(payloads, repeats, rate) if rate else numbered(payloads, repeats):
                writer.write(chunk)
                await writer.drain()
            writer.write(_CLOSE_1000)
            await reader.read(65536)  # the reply to our close
        writer.close()

    await listen(handle)


async def listen(handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
    """Print the URL of a free port, and handle each connection to it, for ever."""
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


async def shake_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept a WebSocket, without compression."""
    protocol = ServerProtocol()
    while protocol.state is State.CONNECTING:
        protocol.receive_data(await reader.read(65536))
        for request in protocol.events_received():
            if isinstance(request, Request):
                protocol.send_response(protocol.accept(request))
        writer.writelines(protocol.data_to_send())


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]).read_bytes().splitlines(), *map(int, sys.argv[2:])))
