"""Recordings in recorded order: what is read of them, and from where."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ...errors import RecordingError, TruncatedRecordingError
from ...formats import Recording, open_recording
from ...formats.facts.repeats import replacements_in
from ...formats.file.opening import under_current_name
from ...formats.line.index import Index, IndexedBlock
from ...formats.line.steady_clock import Jump, SteadyClock
from ...formats.places.url_path import place_of
from ...formats.several.clocks import beginning_of, clock_at_place, is_stepped, starting_clocks
from ...formats.several.continued import continued_files
from ...formats.several.inputs import Input, inspect_recording
from ...formats.several.merge import Merge, Source
from ...model import TIME_LIMIT, DescribeAll, FrameInfo, format_time, parse_time
from ..clock.time_types import RecordedSteady
from .frame_batches import FrameBatch, FrameDecoder, in_steps
from .unchanged_files import UnchangedFiles

__all__ = ["AFTER_ALL", "Beginning", "Timeline", "already_stopped", "inspect_recordings"]

AFTER_ALL = 1 << 62
"""A position after any line: more lines than there can be."""

_FOLLOW_INTERVAL = 0.05
_PAUSE = 1e-6  # seconds; measured: other threads wait for 0.9 ms at most, with a sleep of 0 for 2.2, with none for 7

_inputs: UnchangedFiles[Input] = UnchangedFiles()

_log = logging.getLogger("feedrec.replay")


class Beginning(NamedTuple):
    """
    How a recording begins.

    Attributes:
        file: What its first lines say.
        clock: Its steady clock as of its first line.
        first: The steady time of that line, as text, or an earlier time.

    """

    file: Input
    clock: SteadyClock
    first: bytes


class Timeline:
    """
    The received frames of recordings, in recorded order.

    Several recordings are merged by steady time, including those that follow each other, as rotated files do. Frames
    with equal times are in the order of the recordings as given, then in that of their lines. Connections of the n-th
    recording, counted from 0, are numbered from n * `CONNECTIONS_PER_FILE`.

    Args:
        paths: The recordings; one that is still being written is followed until its recorder is gone.
        start: First wall time, inclusive, in nanoseconds: everything before the first line at or after it is left out.
        end: Last wall time, exclusive, in nanoseconds: it ends at the first received frame at or after it.
        loop: Whether to start over at the end, forever; a timeline without any frame in range still ends.
        describe: Describes a text frame; pure, and it never raises.
        describe_all: Describes several, as `describe` does; None to call that for each.
        files: What `inspect_recordings` says of them; None to look at them when that is needed.

    Attributes:
        start: See above.
        end: See above.
        damage: What was found so far of recordings that are cut off; everything before that is played.

    """

    def __init__(
        self,
        paths: Sequence[Path | str],
        *,
        start: int | None = None,
        end: int | None = None,
        loop: bool = False,
        describe: Callable[[bytes], FrameInfo] | None = None,
        describe_all: DescribeAll | None = None,
        files: list[Input] | None = None,
    ) -> None:
        if not paths:
            raise ValueError("a timeline needs a recording")
        self.paths = [place_of(path) for path in paths]
        self.loop = loop
        self.describe = describe
        self.describe_all = describe_all
        self.start = start
        self.end = end
        self._start = None if start is None else format_time(max(start, 0)).encode()
        self.damage: list[RecordingError] = []
        self._reported: set[str] = set()
        self._jumps: set[int] = set()  # recordings whose jump was reported
        self._indexes: list[Index | None] | None = None
        self._counted: list[IndexedBlock] = []
        self._beginnings: list[Beginning] | None = None
        self._files = files
        self._lock = threading.RLock()

    def indexes(self) -> list[Index | None]:
        """Return the index of each recording; None for a recording without one."""
        with self._lock:
            if self._indexes is None:
                self._indexes = [_read_index(path) for path in self.paths]
            return self._indexes

    def replacements(self) -> list[list[tuple[int, int]]]:
        """Return of each recording which connections were to take the place of which, as far as an index says so."""
        return [[] if index is None else replacements_in(index) for index in self.indexes()]

    def counted_blocks(self) -> tuple[Index, bytes] | None:
        """
        Return the blocks of a recording that has no index, as it is now; see `Recording.counted_blocks`.

        Returns:
            An index that names no channel, and the lines after the last block; None if there are several recordings, or
            the one is not such a file.

        """
        if len(self.paths) > 1:
            return None
        with self._lock, under_current_name(self.paths[0], open_recording) as reader:
            counted = reader.counted_blocks(self._counted)
            if counted is None:
                return None
            self._counted, rest = counted
            return Index({"": [""]}, list(self._counted)), rest

    def scan(
        self, until: int, stopped: threading.Event, since: int = 0, start: int = 0, *, waits: bool = True
    ) -> Iterator[FrameBatch]:
        """
        Read everything between two positions once more, in the thread that iterates, a small batch at a time.

        Positions count from the very beginning, wherever the timeline starts; its end and its laps do not matter.

        Args:
            until: The position, as in a `FrameBatch`.
            stopped: Ends it when set.
            since: The position to begin at.
            start: A wall time in nanoseconds; frames before it need not be given, and blocks of them are not read.
            waits: Whether a recording that grows is followed up to the position, which then must have been reached.

        Raises:
            RecordingError: If a recording is damaged; everything good before that has been given.

        """
        decoder = FrameDecoder(self.paths, self.describe, known=self.replacements() if since or start else ())
        first = format_time(start).encode() if start else None
        with contextlib.closing(self.read_batches(first, stopped if waits else already_stopped())) as merged:
            for lines in merged:
                for step in in_steps(lines):
                    room, skip = until - step.start, max(0, since - step.start)
                    if room <= 0 or stopped.is_set():
                        return
                    if skip >= len(step.lines):
                        continue
                    part = slice(skip, room)
                    piece = step._replace(start=step.start + skip, lines=step.lines[part], files=step.files[part])
                    batch = decoder.decode(piece)
                    if batch.frames:
                        yield batch
                    if decoder.damage is not None:
                        raise decoder.damage
                if lines.start + len(lines.lines) >= until:
                    return

    def end_position(self) -> int:
        """
        Return a position after the last frame that is played, and before the next one.

        Raises:
            RecordingError: If a recording cannot be read.

        """
        return AFTER_ALL if self.end is None else self.position_at(self.end)

    def position_at(self, time: int) -> int:
        """
        Return the position of the first line at or after a wall time in nanoseconds; one after all lines if none is.

        Raises:
            RecordingError: If a recording cannot be read.

        """
        with contextlib.closing(self.read_batches(format_time(time).encode(), already_stopped())) as rest:
            first = next(rest, None)
        return AFTER_ALL if first is None else first.start

    def beginnings(self) -> list[Beginning]:
        """Return how each recording begins, for which all of them are looked at once."""
        with self._lock:
            if self._beginnings is None:
                files, self._files = self._files or inspect_recordings(self.paths), None
                clocks = starting_clocks(files)
                found = [Beginning(file, *beginning_of(file, clock)) for file, clock in zip(files, clocks, strict=True)]
                if not all(file.first for file in files):
                    return found  # one that has no line yet will have one
                self._beginnings = found
            return self._beginnings

    def continued(self) -> set[int]:
        """Return the numbers of the recordings that go on from another one of them."""
        if len(self.paths) == 1:
            return set()
        return continued_files([one.file.header for one in self.beginnings()])

    @property
    def is_in_wall_order(self) -> bool:
        """Whether all lines with a wall time before that of a line are before it, those of the same recording apart."""
        return len(self.paths) == 1 or not self.has_stepped_clocks

    @property
    def has_stepped_clocks(self) -> bool:
        """Whether the wall clock of any recording seems to have been set."""
        return any(self._are_stepped())

    def report_jump(self, number: int, jump: Jump) -> None:
        """Log that time jumps in a recording, once."""
        if number not in self._jumps:
            self._jumps.add(number)
            self._report(f"{self.paths[number]}: {jump}")

    def read_lap(self, stopped: threading.Event, start: RecordedSteady | None = None) -> Merge:
        """Return all lines from a steady time on, or from the timeline's start; see `read_batches`."""
        if start is None:
            return self.read_batches(self._start, stopped)
        first = format_time(min(max(start, 0), TIME_LIMIT - 1)).encode()
        return Merge(self._sources(stopped, first), first, by_wall=False, pause=partial(time.sleep, _PAUSE))

    def read_batches(self, start: bytes | None, stopped: threading.Event) -> Merge:
        """Return all lines from a wall time on, given as text; following a file ends when `stopped` is set."""
        return Merge(self._sources(stopped, start), start, pause=partial(time.sleep, _PAUSE))

    def _are_stepped(self) -> list[bool]:
        """Return for each recording whether its wall clock seems to have been set."""
        files = zip(self.beginnings(), self.indexes(), strict=True)
        return [is_stepped(one.file, one.clock, index) for one, index in files]

    def _sources(self, stopped: threading.Event, start: bytes | None) -> list[Source]:
        stepped = [False for _ in self.paths] if start is None else self._are_stepped()  # which reads the indexes
        return [
            Source(
                number,
                one.first,
                partial(self._open, self.paths[number], stopped),
                partial(self._open_at, number, stopped),
                one.clock,
                its,
            )
            for number, (one, its) in enumerate(zip(self.beginnings(), stepped, strict=True))
        ]

    def _open(self, path: Path, stopped: threading.Event) -> _WholeBlocks:
        """Open one recording."""
        return _WholeBlocks(_follow(path, stopped), self._report_damage)

    def _open_at(self, number: int, stopped: threading.Event, start: bytes) -> tuple[int, SteadyClock, _WholeBlocks]:
        """Open one recording for reading from about a time on; see `Source`."""
        one = self.beginnings()[number]
        reader = _follow(self.paths[number], stopped)
        try:
            passed = reader.seek(parse_time(start.decode()))
            clock = clock_at_place(reader, one.clock, one.file.reading) if passed else one.clock.copy()
        except BaseException:
            reader.close()
            raise
        return passed, clock, _WholeBlocks(reader, self._report_damage)

    def _report_damage(self, damage: RecordingError) -> None:
        """Note and log that a recording ends too early."""
        if str(damage) not in self._reported:
            self.damage.append(damage)
        self._report(f"{damage}: replaying everything before that")

    def _report(self, text: str) -> None:
        """Log something about a recording: once, however many clients read it."""
        if text not in self._reported:
            self._reported.add(text)
            _log.warning("%s", text)


def inspect_recordings(paths: Sequence[Path | str]) -> list[Input]:
    """
    Read the beginning of each recording, with its header.

    Raises:
        RecordingError: If one of them cannot be read.

    """
    return [_inspect(place_of(path)) for path in paths]


def _inspect(path: Path) -> Input:
    return _inputs.find([path], partial(inspect_recording, partial(under_current_name, path, open_recording)))


class _WholeBlocks:
    """
    The blocks of lines of a recording, as far as they are whole.

    Args:
        reader: The recording; `close` closes it.
        on_cut: Called if the recording is cut off, which is not an error here.

    """

    def __init__(self, reader: Recording, on_cut: Callable[[RecordingError], object]) -> None:
        self._reader = reader
        self._blocks = reader.batches()
        self._on_cut = on_cut

    def __next__(self) -> list[bytes]:
        try:
            return next(self._blocks)
        except TruncatedRecordingError as damage:
            self._on_cut(damage)
            raise StopIteration from None

    def close(self) -> None:
        self._reader.close()


def already_stopped() -> threading.Event:
    """Return what ends the following of recordings at once: what is still to be recorded does not matter."""
    stopped = threading.Event()
    stopped.set()
    return stopped


def _follow(path: Path, stopped: threading.Event) -> Recording:
    """Open a recording; following it while it grows ends when `stopped` is set."""
    following = partial(open_recording, wait=lambda: not stopped.wait(_FOLLOW_INTERVAL))
    return under_current_name(path, following)


def _read_index(path: Path) -> Index | None:
    with under_current_name(path, open_recording) as reader:
        return reader.index
