"""
A venue that sends numbered frames, to any number of clients, each from the first one on.

    python -m soak.venue RATE COUNT [SIZE]      prints its URL

RATE is frames per second, 0 for as fast as the client reads; SIZE is that of a frame in bytes. After COUNT frames it is
silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
import time

from benchmarks.recording.blaster import listen, shake_hands
from feedrec.replay.client.sending.wire import message

__all__ = ["USUAL_SIZE", "number_of", "payload"]

USUAL_SIZE = 500
"""Bytes of a frame, about."""

_DIGITS = 9  # after spaces, since JSON has no numbers with leading zeros
_PAYLOAD = b'{"channel":"heartbeats","sequence_num":%9d,"events":[{"ids":[%b],"pad":"%b"}]}'
_IDS = 4  # different in each frame, so that a recording compresses about as one of a book does
_NUMBER_AT = _PAYLOAD.index(b"%")
_IDS_AT = _PAYLOAD.index(b"[%b]") + 1 + _DIGITS - len(b"%9d")
_CHUNK = 100_000  # bytes in a write, about
_TICK = 0.01
_CLOSE = 0x88


def payload(number: int, size: int = USUAL_SIZE) -> bytes:
    """Return the frame of a number."""
    return _PAYLOAD % (number, _ids(number), _pad(size))


def number_of(frame: bytes) -> int:
    """Return the number of a frame."""
    return int(frame[_NUMBER_AT : _NUMBER_AT + _DIGITS])


def _ids(number: int) -> bytes:
    seed = number * 0x9E3779B97F4A7C15
    return b",".join(b"1%015d" % ((seed >> shift) % 10**15) for shift in range(_IDS))


@functools.cache
def _pad(size: int) -> bytes:
    return b"".join(b"%d," % (number * number * 7919 % 99991) for number in range(size // 6))[:size]


class _Messages:
    """Makes WebSocket messages of frames: all is prepared but what differs."""

    def __init__(self, size: int) -> None:
        one = message(payload(0, size))
        self.at_once = max(1, _CHUNK // len(one))
        self._layout = bytearray(one * self.at_once)
        first = one.index(payload(0, size))
        self._places = [number * len(one) + first for number in range(self.at_once)]
        self._size = len(one)

    def of(self, start: int, count: int) -> bytes:
        """Return the messages of at most `at_once` frames."""
        layout = self._layout
        for place, number in zip(self._places, range(start, start + count), strict=False):
            layout[place + _NUMBER_AT : place + _NUMBER_AT + _DIGITS] = b"%9d" % number
            ids = _ids(number)
            layout[place + _IDS_AT : place + _IDS_AT + len(ids)] = ids
        return bytes(layout[: count * self._size])


async def serve(rate: float, count: int, size: int) -> None:
    """Send to each client, after its first message."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await shake_hands(reader, writer)
            await reader.read(65536)
            await _send(writer)
            while (said := await reader.read(65536)) and said[0] != _CLOSE:
                pass
        writer.close()

    async def _send(writer: asyncio.StreamWriter) -> None:
        messages, sent, started = _Messages(size), 0, time.monotonic()
        while sent < count:
            due = count if not rate else min(count, int((time.monotonic() - started) * rate))
            if due <= sent:
                await asyncio.sleep(_TICK)
                continue
            part = min(due - sent, messages.at_once)
            writer.write(messages.of(sent, part))
            await writer.drain()
            sent += part

    await listen(handle)


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else USUAL_SIZE))
