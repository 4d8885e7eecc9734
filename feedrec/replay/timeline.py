"""
Recordings as frames in order, read ahead.

Blocks are read, unpacked and merged by a thread, up to `BATCHES_AHEAD` before they are needed: zstd releases the
interpreter lock. Lines are decoded by the event loop in steps that take well below a millisecond, since a thread that
decodes would keep the lock, and with it the event loop, for up to 5 ms at a time. A line is never cut: a frame of 5 MB
takes 3 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import DamagedRecordingError, RecordingError, TruncatedRecordingError
from ..formats import Recording, open_recording
from ..formats.index import Index
from ..formats.merge import Batch, Blocks, Source, merge
from ..formats.received import time_texts
from ..formats.target import PART_SUFFIX
from ..model import Frame, FrameInfo, Header, format_time, parse_time
from .runs import Run, RunDecoder, in_steps

__all__ = ["BATCHES_AHEAD", "FrameStream", "Timeline"]

BATCHES_AHEAD = 2
"""Batches of lines (about 1 MiB of text each) that are unpacked before they are asked for."""

_RESERVE = 8 << 20  # bytes of payload decoded before they are asked for: two snapshots of a BTC-USD book, today
_FOLLOW_INTERVAL = 0.05
_PAUSE = 1e-6  # seconds; measured: other threads wait for 0.9 ms at most, with a sleep of 0 for 2.2, with none for 7

_log = logging.getLogger("feedrec.replay")


class Timeline:
    """
    The received frames of recordings, in recorded order. Each client opens it for itself.

    Several recordings are merged by time; those that follow each other, as rotated files do, are a case of that. Where
    times are equal, the order is that of the recordings as given, then that of their lines. Connections of the n-th
    recording, counted from 0, are numbered from n * `CONNECTIONS_PER_FILE` on.

    Args:
        paths: The recordings; one that is still being written is followed until its recorder is gone.
        start: First time, inclusive, in nanoseconds: what stands before the first line at or after it is left out.
        end: Last time, exclusive, in nanoseconds: it ends at the first received frame at or after it.
        loop: Whether it begins again at its end, for ever. Without any frame in range it ends all the same.
        describe: Tells what a text frame is; pure, and it never raises.

    """

    def __init__(
        self,
        paths: Sequence[Path | str],
        *,
        start: int | None = None,
        end: int | None = None,
        loop: bool = False,
        describe: Callable[[bytes], FrameInfo] | None = None,
    ) -> None:
        if not paths:
            raise ValueError("a timeline needs a recording")
        self.paths = [Path(path) for path in paths]
        self.loop = loop
        self.describe = describe
        self.end = end
        self._start = None if start is None else format_time(max(start, 0)).encode()
        self._first_times: dict[int, bytes] = {}
        self._damage_told: set[str] = set()
        self._indexes: list[Index | None] | None = None
        self._index_lock = threading.Lock()

    def read_headers(self) -> list[Header]:
        """
        Read the first line of each recording.

        Raises:
            RecordingError: If one of them is no recording that can be read.

        """
        headers = []
        for path in self.paths:
            with open_recording(_path_now(path)) as reader:
                headers.append(reader.header)
        return headers

    def open(self, start: int | None = None) -> FrameStream:
        """
        Begin at the beginning, or at the first line at or after a time in nanoseconds.

        To be called in the event loop that will take the frames.
        """
        return FrameStream(self, start)

    def indexes(self) -> list[Index | None]:
        """Give the index of each recording; None for one that has none."""
        with self._index_lock:
            if self._indexes is None:
                self._indexes = [_read_index(path) for path in self.paths]
            return self._indexes

    def scan(self, until: int, stopped: threading.Event, since: int = 0, start: int = 0) -> Iterator[Run]:
        """
        Read everything between two positions once more, in the thread that iterates, a small run at a time.

        Positions count from the very beginning, wherever the timeline starts; there is no end and there are no laps.

        Args:
            until: The position, as in a `Run`: one that was reached, or a recording that grows is waited for.
            stopped: Ends it when set.
            since: The position to begin at.
            start: A time in nanoseconds before which nothing need be given: what is known to be so is not read.

        Raises:
            RecordingError: If a recording is damaged; all that is good before that was given.

        """
        decoder = RunDecoder(self.paths, self.describe)
        first = format_time(start).encode() if start else None
        with contextlib.closing(self.read_batches(first, stopped)) as batches:
            for batch in batches:
                for step in in_steps(batch):
                    room, skip = until - step.start, max(0, since - step.start)
                    if room <= 0 or stopped.is_set():
                        return
                    if skip >= len(step.lines):
                        continue
                    part = slice(skip, room)
                    piece = step._replace(start=step.start + skip, lines=step.lines[part], files=step.files[part])
                    run = decoder.decode(piece)
                    if run.frames:
                        yield run
                    if decoder.damage is not None:
                        raise decoder.damage
                if batch.start + len(batch.lines) >= until:
                    return

    def read_lap(self, stopped: threading.Event, start: int | None = None) -> Generator[Batch, None, None]:
        """Give all lines from a time on, or from that of the timeline; following a file ends when `stopped` is set."""
        return self.read_batches(self._start if start is None else format_time(start).encode(), stopped)

    def read_batches(self, start: bytes | None, stopped: threading.Event) -> Generator[Batch, None, None]:
        """Give all lines from a time on, given as text; following a file ends when `stopped` is set."""
        return merge(self._sources(stopped), start, pause=partial(time.sleep, _PAUSE))

    def _sources(self, stopped: threading.Event) -> list[Source]:
        return [
            Source(
                number,
                self._first_time(number),
                partial(self._read_blocks, path, stopped),
                partial(self._read_blocks_from, path, stopped),
            )
            for number, path in enumerate(self.paths)
        ]

    def _first_time(self, number: int) -> bytes:
        """Give the time of the first line of a recording as text; a time before it as long as there is none."""
        if len(self.paths) == 1:
            return b""
        if number not in self._first_times:
            with open_recording(_path_now(self.paths[number])) as reader:
                try:
                    lines = next(reader.batches(), [])
                except DamagedRecordingError:  # to be raised, or told, when the merge comes to it
                    lines = []
                if not lines:
                    return format_time(reader.header.created).encode()
                self._first_times[number] = time_texts(lines[:1])[0]
        return self._first_times[number]

    def _read_blocks(self, path: Path, stopped: threading.Event) -> Blocks:
        """Read one recording; that it is cut off is told, and no error."""
        yield from self._blocks_of(_follow(path, stopped))

    def _read_blocks_from(self, path: Path, stopped: threading.Event, start: bytes) -> tuple[int, Blocks]:
        """Read one recording from about a time on; see `Source`."""
        reader = _follow(path, stopped)
        return reader.seek(parse_time(start.decode())), self._blocks_of(reader)

    def _blocks_of(self, reader: Recording) -> Blocks:
        with reader:
            try:
                yield from reader.batches()
            except TruncatedRecordingError as damage:
                self._tell_damage(damage)

    def _tell_damage(self, damage: RecordingError) -> None:
        """Log that a recording ends too early: once, however many clients come across it."""
        text = str(damage)
        if text not in self._damage_told:
            self._damage_told.add(text)
            _log.warning("%s: replaying what is before it", text)


class FrameStream:
    """One playing of a timeline. Close it, or its thread and its file stay."""

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
        self._decoder = RunDecoder(timeline.paths, timeline.describe, timeline.end)
        self._reserve: deque[Run] = deque()
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

    async def next_run(self) -> Run | None:
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


def _follow(path: Path, stopped: threading.Event) -> Recording:
    """Open a recording; following it while it grows ends when `stopped` is set."""
    return open_recording(_path_now(path), wait=lambda: not stopped.wait(_FOLLOW_INTERVAL))


def _read_index(path: Path) -> Index | None:
    with open_recording(_path_now(path)) as reader:
        return reader.index


def _path_now(path: Path) -> Path:
    """Give the name that a recording has now: its recorder may have finished it meanwhile."""
    if path.suffix == PART_SUFFIX and not path.exists() and path.with_suffix("").exists():
        return path.with_suffix("")
    return path


def _size(frames: list[Frame]) -> int:
    return sum(len(frame.payload) for frame in frames)
