"""
One reading of a timeline for all clients that share one time.

The recordings are read, decompressed and decoded once. A client that falls more than `WINDOW` behind the others reads
on alone, and so does a client that joins before the beginning of the window of decoded batches. Nobody waits for
either.
"""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Self

from ..clock.time_types import RecordedSteady
from .batch_window import BatchWindow, Cursor, Place
from .frame_batches import FrameBatch
from .frame_stream import FrameSource, FrameStream
from .timeline import Timeline

__all__ = ["WINDOW", "SharedTimeline"]

WINDOW = 16 << 20
"""Bytes of payload by which a client may be behind the others."""

_log = logging.getLogger("feedrec.replay")


class SharedTimeline:
    """
    A timeline that clients read together.

    Args:
        timeline: The timeline; it is not looped.
        window: Bytes of payload by which a client may be behind the others.

    """

    def __init__(self, timeline: Timeline, window: int = WINDOW) -> None:
        self._timeline = timeline
        self._window = window
        self._reading: _Reading | None = None

    def open(self, start: RecordedSteady | None) -> FrameSource:
        """
        Open it for one client, in the event loop that takes the frames.

        Args:
            start: It begins at the first frame at or after this steady time; None for the timeline's own start.

        """
        if self._reading is None:
            self._reading = _Reading(self._timeline, start, self._window)
        cursor = self._reading.window.join(start)
        if cursor is None:
            return FrameStream(self._timeline, start)
        return _SharedFrames(self, self._reading, cursor)

    def read_alone(self, place: Place) -> FrameStream:
        """Let a client that was cut loose read on alone."""
        _log.info("a client is more than %d MiB behind the others: it reads on alone", self._window >> 20)
        return FrameStream(self._timeline, *place)

    async def leave(self, reading: _Reading, cursor: Cursor) -> None:
        """Close a reading when its last client leaves."""
        reading.window.leave(cursor)
        if self._reading is reading and not reading.window.has_cursors:
            self._reading = None
            await reading.stream.close()


class _Reading:
    """
    One stream, read on by whichever client needs the next batch first.

    Attributes:
        stream: The stream.
        window: What has been read, for the clients that are behind.

    """

    def __init__(self, timeline: Timeline, start: RecordedSteady | None, window: int) -> None:
        self.stream = FrameStream(timeline, start)
        self.window = BatchWindow(start, window)
        self._in_use = asyncio.Lock()
        self._was_filled = False

    async def fill_reserve(self) -> None:
        """Fill the reserve of the stream once, before its first batch is taken."""
        async with self._in_use:
            if not self._was_filled:
                self._was_filled = True
                await self.stream.fill_reserve()

    def look_ahead(self) -> bool:
        """Look ahead in the stream, unless a client waits for it."""
        return not self._in_use.locked() and self.stream.look_ahead()

    async def next_batch(self, cursor: Cursor) -> FrameBatch | None:
        """Return the next batch of a cursor that is not cut loose; None at the end."""
        while (batch := self.window.take(cursor)) is None:
            async with self._in_use:
                if self.window.is_at_end(cursor):  # else another client has read on meanwhile
                    decoded = await self.stream.next_batch()
                    if decoded is None:
                        return None
                    self.window.append(decoded)
            if cursor.skips_to is not None:
                await asyncio.sleep(0)  # there may be many frames to skip
        return batch


class _SharedFrames:
    """The frames of a reading for one client; see `FrameSource`."""

    def __init__(self, timeline: SharedTimeline, reading: _Reading, cursor: Cursor) -> None:
        self._timeline = timeline
        self._reading = reading
        self._cursor = cursor
        self._own: FrameStream | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._own is not None:
            await self._own.close()
        await self._timeline.leave(self._reading, self._cursor)

    async def next_batch(self) -> FrameBatch | None:
        if self._own is None and self._cursor.is_cut_loose:
            self._own = self._timeline.read_alone(self._cursor.place)
        return await (self._reading.next_batch(self._cursor) if self._own is None else self._own.next_batch())

    def look_ahead(self) -> bool:
        return self._reading.look_ahead() if self._own is None else self._own.look_ahead()

    async def fill_reserve(self) -> None:
        await self._reading.fill_reserve()
