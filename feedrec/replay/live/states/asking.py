"""The end of the serving process: it asks for states, and has clients wait until they are known."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from ....feeds.venue import Key
from .state_messages import StateRequest, encoded, read_answer

__all__ = ["AsOf", "Ask", "States"]

_LIMIT = 1 << 20  # bytes that are read ahead
_PIECE = 1 << 18  # bytes that are taken at once
_PAUSE = 0.1  # seconds until the process is looked for again


class AsOf(NamedTuple):
    """
    Snapshots.

    Attributes:
        number: All LINES up to this number are in them, and none after it.
        snapshots: What a new subscriber of each key gets first; None where there is none yet.

    """

    number: int
    snapshots: Mapping[Key, bytes | None]


Ask = Callable[[int, Collection[Key], int, int], Awaitable[AsOf]]
"""What `States.ask` does."""


class _Asked(NamedTuple):
    keys: frozenset[Key]
    time: int
    after: int
    answer: asyncio.Future[AsOf]


class States:
    """
    Asks the process that knows the states. That one may end and come again at any time: then it is asked once more.

    Of one feed there is one request at a time. Who asks meanwhile shares the next one, so that many clients who come
    together cost as much as one.

    Args:
        path: The local socket at which it listens, or will.

    """

    def __init__(self, path: Path | str) -> None:
        self._path = str(path)
        self._waiting: dict[int, list[_Asked]] = {}  # not asked yet
        self._asked: dict[int, tuple[list[Key], list[_Asked]]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    async def ask(self, feed: int, keys: Collection[Key], time: int, after: int) -> AsOf:
        """
        Return snapshots of a feed as of now, however long it takes until they are known. It can be cancelled.

        Args:
            feed: The feed, by its place in the plan; those with the same endpoint are one.
            keys: Channels and products.
            time: What to stamp snapshots with, in nanoseconds; a later time where somebody else asked, too.
            after: The number of the last LINES that were received: the snapshots are not older than that.

        """
        asked = _Asked(frozenset(keys), time, after, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(feed, []).append(asked)
        if self._task is None:
            self._task = asyncio.create_task(self._talk())
        self._send(feed)
        return await asked.answer

    async def close(self) -> None:
        """End all waiting, by cancelling it."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for asked in [*self._waiting.values(), *(some for _, some in self._asked.values())]:
            for one in asked:
                one.answer.cancel()

    async def _talk(self) -> None:
        """Have a connection, again and again."""
        while True:
            with contextlib.suppress(OSError, EOFError, ValueError):
                reader, self._writer = await asyncio.open_unix_connection(self._path, limit=_LIMIT)
                try:
                    for feed in list(self._waiting):
                        self._send(feed)
                    while True:
                        await self._hear(reader)
                finally:
                    self._lose()
            await asyncio.sleep(_PAUSE)

    def _send(self, feed: int) -> None:
        """Ask for what waits, if nothing about that feed is being asked."""
        if self._writer is None or feed in self._asked:
            return
        some = [one for one in self._waiting.pop(feed, []) if not one.answer.done()]
        if some:
            keys = sorted(frozenset().union(*(one.keys for one in some)))
            self._asked[feed] = keys, some
            time, after = max(one.time for one in some), max(one.after for one in some)
            self._writer.write(encoded(StateRequest(feed, keys, time, after)))

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        """Take an answer."""
        line = await reader.readline()
        if not line:
            raise EOFError
        answer = read_answer(line)
        keys, some = self._asked.get(answer.feed, ((), ()))
        if not some or len(answer.sizes) != len(keys):
            raise ValueError("nobody has asked that")
        found = dict[Key, bytes | None]()
        for key, size in zip(keys, answer.sizes, strict=True):
            found[key] = None if size is None else await _read(reader, size)
        del self._asked[answer.feed]
        for one in some:
            if not one.answer.done():
                one.answer.set_result(AsOf(answer.number, {key: found[key] for key in one.keys}))
        self._send(answer.feed)

    def _lose(self) -> None:
        """Have everything that was not answered be asked again."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        for feed, (_, some) in self._asked.items():
            self._waiting[feed] = [*some, *self._waiting.get(feed, [])]
        self._asked.clear()


async def _read(reader: asyncio.StreamReader, size: int) -> bytes:
    """
    Read so many bytes; raises EOFError if there are fewer.

    Megabytes are not copied at once, which would hold up the event loop: a `BytesIO` gives what it has as it is.
    """
    taken = io.BytesIO()
    while left := size - taken.tell():
        piece = await reader.read(min(left, _PIECE))
        if not piece:
            raise EOFError
        taken.write(piece)
    return taken.getvalue()
