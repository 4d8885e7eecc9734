"""Both ends of a conversation over real sockets: a plain client of the replay, and a recorder that records from it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.credentials import Credentials
from feedrec.formats import create_recording
from feedrec.model import NANOSECONDS, Header
from feedrec.recorder import Limits, RecordingSession
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.clock import RecordingClock
from feedrec.recorder.session.run_options import RunOptions
from feedrec.replay import ReplayOptions, ReplayServer

from ..timing import FACTOR, HANG_TIMEOUT, MS, scaled

__all__ = ["Parsed", "Visitor", "clock_off_by", "session_with", "venue", "visit"]

Parsed = dict[str, Any]

QUIET = 10 * MS
"""Seconds without a message, several times in a row, after which none is expected; see `Visitor.hear_all`."""

QUIET_TIMES = 15


@contextlib.asynccontextmanager
async def venue(recording: Path | Sequence[Path], **options: Any) -> AsyncIterator[ReplayServer]:
    """Replay a recording, four times as fast at most, to clients that may stay after its end."""
    chosen = {"port": 0, "speed": 4 / FACTOR, "settle": 0.02, "at_end": "hold", **options}
    async with ReplayServer(recording, ReplayOptions(**chosen)) as server:
        yield server


class Visitor:
    """A client that says what the documentation says, and reads what comes."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, kind: str = "subscribe", **fields: Any) -> None:
        """Send one message."""
        await self.connection.send(json.dumps({"type": kind, **fields}))

    async def hear(self, count: int) -> list[Parsed]:
        """Read so many messages."""
        async with asyncio.timeout(HANG_TIMEOUT):
            return [json.loads(await self.connection.recv()) for _ in range(count)]

    async def hear_one(self) -> Parsed:
        (message,) = await self.hear(1)
        return message

    async def hear_until(self, **fields: Any) -> list[Parsed]:
        """Read up to a message that has these fields."""
        heard: list[Parsed] = []
        async with asyncio.timeout(HANG_TIMEOUT):
            while not heard or not _has(heard[-1], fields):
                heard.append(json.loads(await self.connection.recv()))
        return heard

    async def hear_all(self) -> list[Parsed]:
        """
        Read until nothing more comes for a moment, or the connection is closed.

        The moment is one of many turns of the event loop that the venue shares, not of the clock alone: where a busy
        machine stops the process for longer than that, what the venue sends next is still heard.
        """
        heard: list[Parsed] = []
        silent = 0
        with contextlib.suppress(ConnectionClosed):
            while silent < QUIET_TIMES:
                try:
                    async with asyncio.timeout(QUIET):
                        heard.append(json.loads(await self.connection.recv()))
                    silent = 0
                except TimeoutError:
                    silent += 1
        return heard

    async def is_open(self) -> bool:
        """Tell whether the other end still answers."""
        async with asyncio.timeout(HANG_TIMEOUT):
            await (await self.connection.ping())
        return True

    async def closed(self) -> tuple[int | None, str | None]:
        """Wait for the close; give its code and reason."""
        async with asyncio.timeout(HANG_TIMEOUT):
            await self.connection.wait_closed()
        return self.connection.protocol.close_code, self.connection.protocol.close_reason


def _has(message: Any, fields: Parsed) -> bool:
    return isinstance(message, dict) and all(message.get(name) == value for name, value in fields.items())


@contextlib.asynccontextmanager
async def visit(url: str) -> AsyncIterator[Visitor]:
    """Connect as a plain client."""
    async with connect(url, max_size=None, max_queue=1 << 16) as connection:
        yield Visitor(connection)


def clock_off_by(seconds: float) -> RecordingClock:
    """Give a recorder's clock that is wrong, to the venue's mind."""
    return RecordingClock(wall=lambda: time.time_ns() + round(seconds * NANOSECONDS))


def session_with(
    url: str,
    path: Path,
    endpoint: str,
    *subscriptions: Subscription,
    key: Credentials | None = None,
    clock: RecordingClock | None = None,
    frames: int | None = None,
    duration: float = 60,
    options: RunOptions | None = None,
) -> RecordingSession:
    """Give a session that records what is subscribed, connects again at once, and ends after so many frames."""
    return RecordingSession(
        find_feed(endpoint),
        url,
        subscriptions,
        create_recording(path, Header(endpoint)),
        credentials=key,
        limits=Limits(scaled(duration), frames),
        options=options,
        clock=clock,
        backoff=Backoff(first=0.01, cap=0.02),
    )
