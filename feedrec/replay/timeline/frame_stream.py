"""
The frames of a timeline, read and decoded ahead of need.

Blocks are read, decompressed and merged in a thread, up to `BATCHES_AHEAD` of them before they are needed: zstd
releases the interpreter lock. Lines are decoded in the event loop, in steps that take well below a millisecond: a
thread that decodes would hold the lock, and so stop the event loop, for up to 5 ms at a time. A line is never split: a
frame of 5 MB takes 3 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from ...formats.several.merge import Batch
from ..clock.time_types import RecordedSteady
from .frame_batches import FrameBatch, FrameDecoder, in_steps, payload_size
from .lap_reader import LapReader
from .timeline import Timeline

__all__ = ["BATCHES_AHEAD", "RESERVE", "Ahead", "FrameSource", "FrameStream"]

BATCHES_AHEAD = 2
"""Batches of lines (about 1 MiB of text each) that are decompressed before they are needed."""

RESERVE = 8 << 20
"""Bytes of payload that are decoded before they are needed: two snapshots of a BTC-USD book, in 2026."""


class Ahead(NamedTuple):
    """
    The frames that are decoded ahead of need.

    Attributes:
        batches: The next ones, in order.
        wants_more: Whether more of them may be decoded.
        is_all: Whether there are no others.

    """

    batches: list[FrameBatch]
    wants_more: bool
    is_all: bool


class FrameSource(Protocol):
    """The frames of a timeline for one client, in order; an async context manager."""

    @property
    def is_ready(self) -> bool:
        """Whether `next_batch` returns at once."""

    async def next_batch(self) -> FrameBatch | None:
        """
        Return the next few frames; None at the end.

        Raises:
            RecordingError: If a recording is damaged; all that is good before that was returned.

        """

    def look_ahead(self) -> bool:
        """
        Decode a few frames that will be needed later. Call it when there are a few milliseconds to spare.

        Returns:
            Whether it did: there may be enough of them, or nothing to decode yet.

        """

    def ahead(self) -> Ahead:
        """Return what is decoded and still to be taken."""

    async def fill_reserve(self) -> None:
        """Look ahead as far as possible, but not for long: a feed begins with its largest frames."""

    async def __aenter__(self) -> Self:
        """Return itself."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close what it reads."""


class FrameStream:
    """
    The frames of a timeline, for one reader; see `FrameSource`. Close it, or its thread and its files stay open.

    Create it in the event loop that takes the frames.

    Args:
        timeline: What to read.
        start: It begins at the first line at or after this steady time; None for the timeline's own start.
        position: Lines before this position are left out of the first lap; see `FrameBatch`.

    Attributes:
        reserve: Bytes of payload to decode before they are needed.

    """

    def __init__(self, timeline: Timeline, start: RecordedSteady | None = None, position: int = 0) -> None:
        self.reserve = RESERVE
        self._timeline = timeline
        self._loop = asyncio.get_running_loop()
        self._reader = LapReader(timeline, start, position)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="feedrec-timeline")
        self._lines_ahead = deque(self._read() for _ in range(BATCHES_AHEAD))
        self._steps: Iterator[Batch] = iter(())
        self._decoder = FrameDecoder(
            timeline.paths,
            timeline.describe,
            timeline.end,
            timeline.report_jump,
            timeline.describe_all,
            timeline.continued(),
            () if start is None is timeline.start and not position else timeline.replacements(),
        )
        self._decoded: deque[FrameBatch] = deque()
        self._reserved = 0
        self._lap_given = 0
        self._lap_has_frames = False
        self._is_over = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def is_ready(self) -> bool:
        return bool(self._decoded)

    async def next_batch(self) -> FrameBatch | None:
        while not self._decoded:
            if self._decoder.damage is not None:
                raise self._decoder.damage
            if self._is_over:
                return None
            if self._decode_step():
                if not self._decoded:
                    await asyncio.sleep(0)  # there may be many lines without a frame
            else:
                await asyncio.wait({self._lines_ahead[0]})
                self._begin_lines()
        batch = self._decoded.popleft()
        self._reserved -= payload_size(batch.frames)
        self._lap_given = batch.lap
        return batch

    def look_ahead(self) -> bool:
        if not self._wants_more:
            return False
        if self._decode_step():
            return True
        lines = self._lines_ahead[0]
        if not lines.done() or lines.cancelled() or lines.exception():
            return False
        self._begin_lines()
        return not self._is_over

    def ahead(self) -> Ahead:
        return Ahead(list(self._decoded), self._wants_more, self._is_over or self._decoder.damage is not None)

    async def fill_reserve(self, patience: float = 0.2) -> None:
        """Look ahead as far as possible, for about `patience` seconds; see `FrameSource`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self._wants_more:
                    await asyncio.sleep(0)
                    if not self.look_ahead():
                        lines = self._lines_ahead[0]
                        await asyncio.wait({lines})
                        if lines.exception():
                            return

    async def close(self) -> None:
        """Stop the thread and close the files."""
        self._reader.stop()
        for lines in self._lines_ahead:
            if not lines.cancel() and not lines.cancelled():
                lines.exception()  # retrieved, or asyncio would log it
        closing = self._thread.submit(self._reader.close)
        self._thread.shutdown(wait=False)
        await asyncio.shield(asyncio.wrap_future(closing))  # a client that is ended twice closes its files all the same

    @property
    def _wants_more(self) -> bool:
        """Whether to decode more than was asked for: a bounded amount, and at most one lap ahead."""
        return (
            self._reserved < self.reserve
            and self._reader.laps_wanted <= self._lap_given + 1
            and self._decoder.damage is None
            and not self._is_over
        )

    def _read(self) -> asyncio.Future[Batch | None]:
        return self._loop.run_in_executor(self._thread, self._reader.next_batch)

    def _begin_lines(self) -> None:
        """Begin to decode the next lines that were read."""
        lines = self._lines_ahead[0].result()
        if lines is None:
            self._is_over = True
            return
        self._lines_ahead.popleft()
        self._lines_ahead.append(self._read())
        if lines.lap < self._reader.laps_wanted:
            return
        self._steps = in_steps(lines)
        if not lines.lines:
            self._end_lap()

    def _end_lap(self) -> None:
        self._steps = iter(())
        self._reader.laps_wanted += 1
        self._decoder.is_over = False
        self._is_over = not (self._timeline.loop and self._lap_has_frames)
        self._lap_has_frames = False
        if self._is_over:
            self._reader.stop()

    def _decode_step(self) -> bool:
        """Decode a few lines; return whether there were any."""
        step = next(self._steps, None)
        if step is None:
            return False
        batch = self._decoder.decode(step)
        if batch.frames:
            self._decoded.append(batch)
            self._reserved += payload_size(batch.frames)
            self._lap_has_frames = True
        if self._decoder.is_over:
            self._end_lap()
        elif self._decoder.damage is not None:
            self._steps = iter(())
        return True
