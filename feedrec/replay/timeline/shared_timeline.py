"""
A timeline that clients read together.

Clients that are close to each other share a reading: there, the recordings are read, decompressed and decoded once.
A client that falls further behind the others than their window, or joins before its beginning, goes on in another
reading that has what it needs, or in one of its own. Nobody waits for anybody. The more readings there are, the less
each of them holds in memory.
"""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Self

from ..clock.time_types import RecordedSteady
from .batch_window import BatchWindow, Cursor, Place
from .frame_batches import FrameBatch
from .frame_stream import RESERVE, Ahead, FrameSource, FrameStream
from .timeline import Timeline

__all__ = ["WINDOW", "SharedTimeline"]

WINDOW = 16 << 20
"""Bytes of payload by which a client may be behind the others of its reading."""

_ALL_WINDOWS = 128 << 20  # bytes of payload that all readings hold together, if that leaves each of them enough
_LEAST_WINDOW = 1 << 20

_log = logging.getLogger("feedrec.replay")


class SharedTimeline:
    """
    A timeline that clients read together.

    Args:
        timeline: The timeline. One that is looped is read by each client alone.
        window: Bytes of payload by which a client may be behind the others.
        keeps_beginning: Whether clients begin at the beginning, whenever they come: it is kept for them.

    """

    def __init__(self, timeline: Timeline, window: int = WINDOW, *, keeps_beginning: bool = False) -> None:
        self._timeline = timeline
        self._window = window
        self._keeps_beginning = keeps_beginning
        self._readings: list[_Reading] = []

    def open(self, start: RecordedSteady | None) -> FrameSource:
        """
        Open it for one client, in the event loop that takes the frames.

        Args:
            start: It begins at the first frame at or after this time; None for the timeline's own start.

        """
        return self.open_at(Place(start))

    def open_at(self, place: Place) -> FrameSource:
        """Open it for one client at a place; see `open`."""
        return _SharedFrames(self, *(self._join(place) or self._read(place)))

    def go_on(self, place: Place) -> tuple[_Reading, Cursor]:
        """Let a client that was cut loose go on elsewhere."""
        joined = self._join(place)
        if joined is None:
            _log.info("a client is more than %d MiB behind the others: it reads on alone", self._window >> 20)
        return joined or self._read(place)

    def _join(self, place: Place) -> tuple[_Reading, Cursor] | None:
        """Join a reading that has what follows a place; None if there is none."""
        for reading in self._readings if not self._timeline.loop else ():
            cursor = reading.window.join_at(place)
            if cursor is not None:
                return reading, cursor
        return None

    async def leave(self, reading: _Reading, cursor: Cursor) -> None:
        """Close a reading when its last client leaves."""
        reading.window.leave(cursor)
        if reading in self._readings and not reading.window.has_cursors:
            self._readings.remove(reading)
            self._share()
            await reading.stream.close()

    def _read(self, place: Place) -> tuple[_Reading, Cursor]:
        reading = _Reading(self._timeline, place, self._window)
        cursor = reading.window.join_at(place)
        if cursor is None:
            raise AssertionError("a reading begins where it begins")
        self._readings.append(reading)
        self._share()
        return reading, cursor

    def _share(self) -> None:
        """Divide what may be held among the readings."""
        count = max(1, len(self._readings))
        share = min(self._window, max(_LEAST_WINDOW, _ALL_WINDOWS // count))
        for reading in self._readings:
            reading.window.limit = share
            reading.window.keep = share if self._keeps_beginning and not self._timeline.loop else 0
            reading.stream.reserve = min(RESERVE, share // 2)


class _Reading:
    """
    One stream, read on by whichever client needs the next batch first.

    Attributes:
        stream: The stream.
        window: What has been read, for the clients that are behind.

    """

    def __init__(self, timeline: Timeline, place: Place, window: int) -> None:
        self.stream = FrameStream(timeline, *place)
        self.window = BatchWindow(place, window)
        self._in_use = asyncio.Lock()
        self._was_filled = False
        self._has_begun = False

    async def fill_reserve(self) -> None:
        """Fill the reserve of the stream once, before its first batch is taken: later, one may be awaited for long."""
        if self._has_begun:
            return
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
                self._has_begun = True
                if self.window.is_at_end(cursor):  # else another client has read on meanwhile
                    decoded = await self.stream.next_batch()
                    if decoded is None:
                        return None
                    self.window.append(decoded)
            if cursor.skips_to is not None:
                await asyncio.sleep(0)  # there may be many frames to skip
        return batch


class _SharedFrames:
    """The frames of a timeline for one client; see `FrameSource`."""

    def __init__(self, timeline: SharedTimeline, reading: _Reading, cursor: Cursor) -> None:
        self._timeline = timeline
        self._reading = reading
        self._cursor = cursor

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._timeline.leave(self._reading, self._cursor)

    @property
    def is_ready(self) -> bool:
        reading, cursor = self._reading, self._cursor
        return not cursor.is_cut_loose and (not reading.window.is_at_end(cursor) or reading.stream.is_ready)

    async def next_batch(self) -> FrameBatch | None:
        if self._cursor.is_cut_loose:
            left, cursor = self._reading, self._cursor
            self._reading, self._cursor = self._timeline.go_on(cursor.place)
            await self._timeline.leave(left, cursor)
        return await self._reading.next_batch(self._cursor)

    def look_ahead(self) -> bool:
        return self._reading.look_ahead()

    def ahead(self) -> Ahead:
        if self._cursor.is_cut_loose:
            return Ahead([], wants_more=False, is_all=False)
        ahead = self._reading.stream.ahead()
        return ahead._replace(batches=[*self._reading.window.ahead(self._cursor), *ahead.batches])

    async def fill_reserve(self) -> None:
        await self._reading.fill_reserve()
