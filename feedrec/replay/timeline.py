"""
Recordings as frames in order, read ahead.

Blocks are read and unpacked by a thread, up to `BLOCKS_AHEAD` before they are needed: zstd releases the interpreter
lock. Lines are decoded by the event loop in steps that take well below a millisecond, since a thread that decodes would
keep the lock, and with it the event loop, for up to 5 ms at a time. A line is never cut: a frame of 5 MB takes 3 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import LineError, RecordingError, TruncatedRecordingError
from ..formats import RecordingReader, open_recording
from ..formats.received import ReceivedFrames
from ..formats.target import PART_SUFFIX
from ..model import Frame, Header, format_time

__all__ = ["BLOCKS_AHEAD", "FrameStream", "Timeline", "in_steps"]

BLOCKS_AHEAD = 2
"""Batches of lines (about 1 MiB of text each) that are unpacked before they are asked for."""

_STEP_LINES = 256
_STEP_SIZE = 1 << 18
_RESERVE = 8 << 20  # bytes of payload decoded before they are asked for: two snapshots of a BTC-USD book, today
_FOLLOW_INTERVAL = 0.05

_log = logging.getLogger("feedrec.replay")


class Timeline:
    """
    The received frames of a recording, in recorded order. Each client opens it for itself.

    Args:
        path: A recording; one that is still being written is followed until its recorder is gone.

    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._damage_told: set[str] = set()

    def read_header(self) -> Header:
        """
        Read the first line.

        Raises:
            RecordingError: If this is no recording that can be read.

        """
        with self.open_reader(threading.Event()) as reader:
            return reader.header

    def open(self) -> FrameStream:
        """Begin at the beginning. To be called in the event loop that will take the frames."""
        return FrameStream(self)

    def open_reader(self, stopped: threading.Event) -> RecordingReader:
        """Open the file; following it ends when `stopped` is set."""
        path = self.path
        if path.suffix == PART_SUFFIX and not path.exists() and path.with_suffix("").exists():
            path = path.with_suffix("")  # its recorder finished it meanwhile
        return open_recording(path, wait=lambda: not stopped.wait(_FOLLOW_INTERVAL))

    def tell_damage(self, damage: RecordingError) -> None:
        """Log that the recording ends too early: once, however many clients come across it."""
        text = str(damage)
        if text not in self._damage_told:
            self._damage_told.add(text)
            _log.warning("%s: replaying what is before it", text)


class FrameStream:
    """One reading of a timeline. Close it, or its thread and its file stay."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._loop = asyncio.get_running_loop()
        self._stopped = threading.Event()
        self._batches = self._read_batches()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="feedrec-timeline")
        self._ahead = deque(self._fetch() for _ in range(BLOCKS_AHEAD))
        self._steps: Iterator[list[bytes]] = iter(())
        self._frames = ReceivedFrames()
        self._reserve: deque[list[Frame]] = deque()
        self._reserved = 0
        self._damage: RecordingError | None = None
        self._last_time: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def next_frames(self) -> list[Frame]:
        """
        Give the next few frames; none at the end.

        Raises:
            RecordingError: If the recording is damaged; all that is good before that was given.

        """
        while not self._reserve:
            if self._damage is not None:
                raise self._damage
            lines = next(self._steps, None)
            if lines is not None:
                self._decode(lines)
            elif not await self._ahead[0]:
                return []
            else:
                self._begin_batch()
        frames = self._reserve.popleft()
        self._reserved -= _size(frames)
        return frames

    def look_ahead(self) -> bool:
        """
        Decode a few frames that will be asked for later. To be called when there are a few milliseconds to spare.

        Returns:
            Whether it did; there may be enough of them, or nothing to decode yet.

        """
        if self._reserved >= _RESERVE or self._damage is not None:
            return False
        lines = next(self._steps, None)
        if lines is not None:
            self._decode(lines)
            return True
        batch = self._ahead[0]
        if not batch.done() or batch.cancelled() or batch.exception() or not batch.result():
            return False
        self._begin_batch()
        return True

    async def fill_reserve(self, patience: float = 0.2) -> None:
        """Look ahead as far as may be, for at most about `patience` seconds: a feed begins with its largest frames."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while await self._has_more():
                    self.look_ahead()

    async def close(self) -> None:
        """Stop the thread and close the file."""
        self._stopped.set()
        for batch in self._ahead:
            if not batch.cancel() and not batch.cancelled():
                batch.exception()  # nobody will ask for it any more
        try:
            await self._loop.run_in_executor(self._thread, self._batches.close)
        finally:
            self._thread.shutdown(wait=False)

    def _fetch(self) -> asyncio.Future[list[bytes]]:
        return self._loop.run_in_executor(self._thread, self._next_batch)

    def _next_batch(self) -> list[bytes]:
        """In the thread: the next lines, none at the end."""
        return [] if self._stopped.is_set() else next(self._batches, [])

    def _read_batches(self) -> Generator[list[bytes], None, None]:
        """In the thread: all lines after the header."""
        with self._timeline.open_reader(self._stopped) as reader:
            try:
                yield from reader.batches()
            except TruncatedRecordingError as damage:
                self._timeline.tell_damage(damage)

    async def _has_more(self) -> bool:
        """Let others run, and wait until the thread has more lines; whether they shall be decoded now."""
        if self._reserved >= _RESERVE or self._damage is not None:
            return False
        await asyncio.sleep(0)
        batch = self._ahead[0]
        await asyncio.wait({batch})
        return not batch.exception() and bool(batch.result())

    def _begin_batch(self) -> None:
        self._steps = in_steps(self._ahead.popleft().result())
        self._ahead.append(self._fetch())

    def _decode(self, lines: list[bytes]) -> None:
        try:
            frames = self._frames.decode(lines)
        except LineError as error:
            good_until = "its beginning" if self._last_time is None else format_time(self._last_time)
            self._damage = RecordingError(self._timeline.path, f"{error} (soon after {good_until})")
            return
        if frames:
            self._reserve.append(frames)
            self._reserved += _size(frames)
            self._last_time = frames[-1].time


def _size(frames: list[Frame]) -> int:
    return sum(len(frame.payload) for frame in frames)


def in_steps(lines: list[bytes]) -> Iterator[list[bytes]]:
    """Cut lines into runs that are quick to decode: few lines, few bytes. A line that is large is a run by itself."""
    for start in range(0, len(lines), _STEP_LINES):
        run = lines[start : start + _STEP_LINES]
        if sum(map(len, run)) <= _STEP_SIZE:
            yield run
        else:
            yield from _small_runs(run)


def _small_runs(lines: list[bytes]) -> Iterator[list[bytes]]:
    start = size = 0
    for number, line in enumerate(lines):
        if number > start and size + len(line) > _STEP_SIZE:
            yield lines[start:number]
            start, size = number, 0
        size += len(line)
    yield lines[start:]
