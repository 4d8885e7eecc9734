"""
A venue whose frames say which they are, evenly spaced: `python -m benchmarks.serving.live_venue RATE`.

It prints its URL. Each client gets the demo's frames, snapshots first, and then its updates over and over, each with a
number in `client_id`, which also is its sequence number.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import time
from collections.abc import Iterator

from feedrec.replay.client.sending.wire import message

from ..material import frames, updates
from ..recording.blaster import listen, shake_hands

__all__ = ["numbered_frames"]

_HEAD = b'{"channel":"'
_SEQUENCE = b'"sequence_num":'


def numbered_frames() -> Iterator[bytes]:
    """Yield frames without end."""
    payloads = itertools.chain([frame.payload for frame in frames()], itertools.cycle(updates()))
    for number, payload in enumerate(payloads):
        channel, _, rest = payload.removeprefix(_HEAD).partition(b'"')
        before, _, after = rest.partition(_SEQUENCE)
        after = after.lstrip(b"0123456789")
        yield b'%b%b","client_id":"%d"%b%b%d%b' % (_HEAD, channel, number, before, _SEQUENCE, number, after)


async def serve(rate: int) -> None:
    """Send to each client, after its first message, until it is gone."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await shake_hands(reader, writer)
            await reader.read(65536)
            due = time.perf_counter()
            for payload in numbered_frames():
                writer.write(message(payload))
                due += 1 / rate
                time.sleep(max(0.0, due - time.perf_counter()))  # noqa: ASYNC251  there is nothing else to do
                await writer.drain()
                if writer.is_closing():
                    break
        writer.close()

    await listen(handle)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
