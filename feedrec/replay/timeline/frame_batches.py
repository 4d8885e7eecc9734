"""Lines to batches of received frames, in steps of well below a millisecond. Pure: no file, no thread, no loop."""

from __future__ import annotations

import itertools
import operator
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, cast

from ...errors import LineError, RecordingError
from ...formats.facts.repeats import Repeats
from ...formats.line.fast_path import ReceivedFrames
from ...formats.line.steady_clock import Jump, SteadyClock
from ...formats.several.merge import Batch
from ...model import DescribeAll, Frame, FrameInfo, Record, format_time
from ..clock.time_types import RecordedSteady

__all__ = ["CONNECTIONS_PER_FILE", "FrameBatch", "FrameDecoder", "in_steps", "payload_size"]

CONNECTIONS_PER_FILE = 1_000_000
"""Connections of the n-th recording, counted from 0, are numbered from n times this on."""

_STEP_LINES = 256  # which `columns.py` looks at together
_STEP_SIZE = 1 << 18

_payload = operator.attrgetter("payload")


class FrameBatch(NamedTuple):
    """
    A few received frames that follow each other.

    A position is the number of lines before it in all recordings together, headers apart. Positions are counted from
    the very beginning, wherever a timeline starts, and mean the same in every reading of the same recordings. Lines
    that lie between two batches hold no received frame.

    Attributes:
        start: Position of its first line.
        end: Position after its last line.
        frames: The received frames among those lines, at least one.
        times: The steady time of each frame; it never decreases within a lap.
        infos: What the feed's `describe` says of each frame; empty if the timeline has none.
        lap: How often the timeline was played before.
        first: Number of the first frame to play; those before it are past, for a client that joined here.
        lines: The position of the line of each frame.

    """

    start: int
    end: int
    frames: list[Frame]
    times: list[RecordedSteady]
    infos: Sequence[FrameInfo]
    lap: int = 0
    first: int = 0
    lines: Sequence[int] = ()


def payload_size(frames: Iterable[Frame]) -> int:
    """Add up the bytes of payload."""
    return sum(map(len, map(_payload, frames)))


class _Group(NamedTuple):
    """
    Lines of one recording that follow each other.

    They are its number, received frames, their descriptions, the others, the numbers of frames before each of those,
    and how many frames were left out at the beginning.
    """

    file: int
    frames: list[Frame]
    infos: Sequence[FrameInfo]
    others: list[Record]
    places: list[int]
    left_out: int = 0

    def lines(self) -> list[int]:
        """Return the number of the line of each frame, from 0."""
        places, left_out = self.places, self.left_out
        return [number + left_out + bisect_right(places, number) for number in range(len(self.frames))]

    @property
    def size(self) -> int:
        """How many lines they are."""
        return self.left_out + len(self.frames) + len(self.others)


class FrameDecoder:
    """
    Decodes the lines of recordings.

    Args:
        paths: The recordings.
        describe: Tells what a text frame is.
        end: Wall time in nanoseconds at which to stop, exclusive.
        on_jump: Called with the number of a recording in which time jumps, and where.
        describe_all: Tells what several text frames are, as `describe` does; None to call that for each.
        continued: Numbers of recordings of which the state that they begin with is left out: it was told before.
        known: What to know of each recording before its lines; see `Repeats`.

    Attributes:
        is_over: Whether a received frame at or after `end` was found; decode nothing more then.
        damage: Set when an invalid line was found; decode nothing more then.

    """

    def __init__(
        self,
        paths: Sequence[Path],
        describe: Callable[[bytes], FrameInfo] | None = None,
        end: int | None = None,
        on_jump: Callable[[int, Jump], object] = lambda number, jump: None,  # noqa: ARG005
        describe_all: DescribeAll | None = None,
        continued: Collection[int] = (),
        known: Sequence[Sequence[tuple[int, int]]] = (),
    ) -> None:
        self.is_over = False
        self.damage: RecordingError | None = None
        self._paths = paths
        self._end = end
        self._on_jump = on_jump
        self._last_time: int | None = None
        self._received = [
            ReceivedFrames(describe, number * CONNECTIONS_PER_FILE, describe_all=describe_all)
            for number in range(len(paths))
        ]
        self._repeats = self._new_repeats(known)
        self._clocks = [SteadyClock() for _ in paths]
        self._latest = 0
        self._lap = 0
        self._continued = continued
        self._at_state = set(continued)  # those of which nothing but the state may have been read yet

    def decode(self, step: Batch) -> FrameBatch:
        """Return the frames of some lines up to the end, or up to damage; there may be none."""
        if step.lap != self._lap:
            self._lap, self._latest = step.lap, 0
            self._at_state = set(self._continued)
            self._repeats = self._new_repeats()
        for file, clock in step.clocks.items():
            self._clocks[file] = clock.copy()
        end = self._end
        position = step.start + len(step.lines)
        try:
            groups = self._decode(step)
        except LineError:
            groups, position = self._decode_singly(step)
        else:
            if end is not None and any(frame.time >= end for group in groups for frame in group.frames):
                groups, position = self._decode_singly(step)
        return self._batch(step, groups, position)

    def _decode(self, step: Batch) -> list[_Group]:
        lines, files = step.lines, step.files
        if files.count(files[0]) == len(files):
            return [self._decode_group(files[0], lines)]
        return [
            self._decode_group(file, [line for _, line in group])
            for file, group in itertools.groupby(zip(files, lines, strict=True), operator.itemgetter(0))
        ]

    def _decode_group(self, file: int, lines: Sequence[bytes]) -> _Group:
        others: list[Record] = []
        places: list[int] = []
        group = _Group(file, *self._received[file].decode_columns(lines, others, places), others, places)
        return self._without_state(group) if file in self._at_state else group

    def _without_state(self, group: _Group) -> _Group:
        """Leave out the synthetic frames before the first that the venue sent."""
        file, frames, infos, others, places, _ = group
        first = next((number for number, frame in enumerate(frames) if not frame.synthetic), len(frames))
        if first < len(frames):
            self._at_state.discard(file)
        places = [max(0, place - first) for place in places]
        return _Group(file, frames[first:], infos[first:], others, places, first)

    def _new_repeats(self, known: Sequence[Sequence[tuple[int, int]]] = ()) -> list[Repeats]:
        count = len(self._paths)
        return [Repeats(some, file * CONNECTIONS_PER_FILE) for file, some in enumerate(known or [()] * count)]

    def _decode_singly(self, step: Batch) -> tuple[list[_Group], int]:
        """Decode line by line, to stop at the right one; return the position after the last."""
        groups: list[_Group] = []
        for line, file in zip(step.lines, step.files, strict=True):
            try:
                group = self._decode_group(file, [line])
            except LineError as error:
                last_time = next((one.frames[0].time for one in reversed(groups) if one.frames), self._last_time)
                good_until = "its beginning" if last_time is None else format_time(last_time)
                self.damage = RecordingError(self._paths[file], f"{error} (soon after {good_until})")
                break
            if self._end is not None and any(frame.time >= self._end for frame in group.frames):
                self.is_over = True
                break
            groups.append(group)
        return groups, step.start + len(groups)

    def _times(self, group: _Group) -> list[int]:
        """Return the steady times of the frames of a group."""
        clock = self._clocks[group.file]
        times, _ = clock.take_decoded(group.frames, group.others, group.places)
        if clock.jump is not None:
            self._on_jump(group.file, clock.jump)
        return times

    def _without_repeats(self, group: _Group) -> _Group:
        file, frames, infos, others, places, _ = group
        again = self._repeats[file].without_repeats(frames, infos, others, places)
        return group if again is infos else group._replace(infos=again)

    def _batch(self, step: Batch, groups: Sequence[_Group], position: int) -> FrameBatch:
        """Return the frames of all groups with their steady times."""
        infos: Sequence[FrameInfo]
        groups = [self._without_repeats(group) for group in groups]  # now, since what was decoded may be so once more
        if len(groups) == 1:
            frames, infos, times = groups[0].frames, groups[0].infos, self._times(groups[0])
        else:
            frames, infos, times = [], [info for group in groups for info in group.infos], []
            for group in groups:
                frames += group.frames
                times += self._times(group)
        if times:
            if times[0] < self._latest or (len(groups) > 1 and sorted(times) != times):
                times = list(itertools.accumulate(times, max, initial=self._latest))[1:]
            self._latest = times[-1]
            self._last_time = frames[-1].time
        lines = range(step.start, position) if len(frames) == position - step.start else _lines(step.start, groups)
        return FrameBatch(
            step.start, position, frames, cast("list[RecordedSteady]", times), infos, step.lap, lines=lines
        )


def _lines(start: int, groups: Sequence[_Group]) -> list[int]:
    """Return the position of each frame of some groups of which the first begins at one."""
    lines: list[int] = []
    for group in groups:
        lines += [start + number for number in group.lines()]
        start += group.size
    return lines


def in_steps(batch: Batch) -> Iterator[Batch]:
    """Cut lines into steps that are quick to decode: few lines, few bytes. A large line is a step of its own."""
    start, lines, files, lap, clocks = batch
    for first in range(0, len(lines), _STEP_LINES):
        some = lines[first : first + _STEP_LINES]
        is_small = sum(map(len, some)) <= _STEP_SIZE
        for begin, end in [(0, len(some))] if is_small else _small_ranges(some):
            place = first + begin
            step = Batch(start + place, some[begin:end], files[place : first + end], lap)
            yield step if place else step._replace(clocks=clocks)


def _small_ranges(lines: list[bytes]) -> list[tuple[int, int]]:
    ranges = []
    start = size = 0
    for number, line in enumerate(lines):
        if number > start and size + len(line) > _STEP_SIZE:
            ranges.append((start, number))
            start, size = number, 0
        size += len(line)
    return [*ranges, (start, len(lines))]
