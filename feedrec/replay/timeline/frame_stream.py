"""
One reading of a timeline, ahead of need.

Blocks are read, unpacked and merged by a thread, up to `BATCHES_AHEAD` before they are needed: zstd releases the
interpreter lock. Lines are decoded by the event loop in steps that take well below a millisecond, since a thread that
decodes would keep the lock, and with it the event loop, for up to 5 ms at a time. A line is never cut: a frame of 5 MB
takes 3 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from ...formats.several.merge import Batch
from ...model import Frame
from .frame_batches import FrameBatch, FrameDecoder, in_steps
from .timeline import Timeline

__all__ = ["BATCHES_AHEAD", "FrameStream"]

BATCHES_AHEAD = 2
"""Batches of lines (about 1 MiB of text each) that are unpacked before they are asked for."""

_RESERVE = 8 << 20  # bytes of payload decoded before they are asked for: two snapshots of a BTC-USD book, today


class FrameStream:
    """
    One playing of a timeline. Close it, or its thread and its file stay.

    To be made in the event loop that will take the frames.

    Args:
        timeline: What to play.
        start: A time in nanoseconds: it begins at the first line at or after it; None for the timeline's own start.

    """

    def __init__(self, timeline: Timeline, start: int | None = None) -> None:
        self._timeline = timeline
        self._start = start
        self._loop = asyncio.get_running_loop()
        self._stopped = threading.Event()
        self._laps_over = 0
        self._batches = self._read_laps()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="feedrec-timeline")
        self._ahead = deque(self._fetch() for _ in range(BATCHES_AHEAD))
        self._steps: Iterator[Batch] = iter(())
        self._decoder = FrameDecoder(timeline.paths, timeline.describe, timeline.end)
        self._reserve: deque[FrameBatch] = deque()
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

    async def next_run(self) -> FrameBatch | None:
        """
        Give the next few frames; None at the end.

        Raises:
            RecordingError: If a recording is damaged; all that is good before that was given.

        """
        while not self._reserve:
            if self._decoder.damage is not None:
                raise self._decoder.damage
            if self._is_over:
                return None
            if self._decode_step():
                if not self._reserve:
                    await asyncio.sleep(0)  # there may be many lines without a frame
            else:
                await asyncio.wait({self._ahead[0]})
                self._begin_batch()
        run = self._reserve.popleft()
        self._reserved -= _size(run.frames)
        self._lap_given = run.lap
        return run

    def look_ahead(self) -> bool:
        """
        Decode a few frames that will be asked for later. To be called when there are a few milliseconds to spare.

        Returns:
            Whether it did; there may be enough of them, or nothing to decode yet.

        """
        if not self._wants_more:
            return False
        if self._decode_step():
            return True
        batch = self._ahead[0]
        if not batch.done() or batch.cancelled() or batch.exception():
            return False
        self._begin_batch()
        return not self._is_over

    async def fill_reserve(self, patience: float = 0.2) -> None:
        """Look ahead as far as may be, for at most about `patience` seconds: a feed begins with its largest frames."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self._wants_more:
                    await asyncio.sleep(0)
                    if not self.look_ahead():
                        batch = self._ahead[0]
                        await asyncio.wait({batch})
                        if batch.exception():
                            return

    async def close(self) -> None:
        """Stop the thread and close the files."""
        self._stopped.set()
        for batch in self._ahead:
            if not batch.cancel() and not batch.cancelled():
                batch.exception()  # nobody will ask for it any more
        try:
            await self._loop.run_in_executor(self._thread, self._batches.close)
        finally:
            self._thread.shutdown(wait=False)

    @property
    def _wants_more(self) -> bool:
        """Whether to decode more than was asked for: not without bound, however short a lap is."""
        return (
            self._reserved < _RESERVE
            and self._laps_over <= self._lap_given + 1
            and self._decoder.damage is None
            and not self._is_over
        )

    def _fetch(self) -> asyncio.Future[Batch | None]:
        return self._loop.run_in_executor(self._thread, self._next_batch)

    def _next_batch(self) -> Batch | None:
        """In the thread: the next lines, None at the end."""
        return None if self._stopped.is_set() else next(self._batches, None)

    def _read_laps(self) -> Generator[Batch, None, None]:
        """In the thread: all lines of every lap, and at the end of each a batch without any."""
        for lap in itertools.count() if self._timeline.loop else range(1):
            with contextlib.closing(self._timeline.read_lap(self._stopped, None if lap else self._start)) as batches:
                for batch in batches:
                    if self._laps_over > lap:
                        break
                    yield batch._replace(lap=lap)
            yield Batch(0, [], [], lap)

    def _begin_batch(self) -> None:
        batch = self._ahead[0].result()
        if batch is None:
            self._is_over = True
            return
        self._ahead.popleft()
        self._ahead.append(self._fetch())
        if batch.lap < self._laps_over:
            return
        self._steps = in_steps(batch)
        if not batch.lines:
            self._end_lap()

    def _end_lap(self) -> None:
        self._steps = iter(())
        self._laps_over += 1
        self._decoder.is_over = False
        self._is_over = not (self._timeline.loop and self._lap_has_frames)
        self._lap_has_frames = False
        if self._is_over:
            self._stopped.set()

    def _decode_step(self) -> bool:
        """Decode a few lines; whether there were any."""
        step = next(self._steps, None)
        if step is None:
            return False
        run = self._decoder.decode(step)
        if run.frames:
            self._reserve.append(run)
            self._reserved += _size(run.frames)
            self._lap_has_frames = True
        if self._decoder.is_over:
            self._end_lap()
        elif self._decoder.damage is not None:
            self._steps = iter(())
        return True


def _size(frames: list[Frame]) -> int:
    return sum(len(frame.payload) for frame in frames)
