"""Lines to batches of received frames, in steps of well below a millisecond. Pure: no file, no thread, no loop."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ...errors import LineError, RecordingError
from ...formats.line.fast_path import ReceivedFrames
from ...formats.several.merge import Batch
from ...model import Frame, FrameInfo, format_time

__all__ = ["CONNECTIONS_PER_FILE", "FrameBatch", "FrameDecoder", "in_steps", "payload_size"]

CONNECTIONS_PER_FILE = 1_000_000
"""Connections of the n-th recording, counted from 0, are numbered from n times this on."""

_STEP_LINES = 256
_STEP_SIZE = 1 << 18


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
        infos: What the feed's `describe` says of each frame; empty if the timeline has none.
        lap: How often the timeline was played before.
        first: Number of the first frame to play; those before it are past, for a client that joined here.

    """

    start: int
    end: int
    frames: list[Frame]
    infos: list[FrameInfo]
    lap: int = 0
    first: int = 0


def payload_size(frames: Iterable[Frame]) -> int:
    """Add up the bytes of payload."""
    return sum(len(frame.payload) for frame in frames)


class FrameDecoder:
    """
    Decodes the lines of recordings.

    Args:
        paths: The recordings.
        describe: Tells what a text frame is.
        end: Time in nanoseconds at which to stop, exclusive.

    Attributes:
        is_over: Whether a received frame at or after `end` was found; decode nothing more then.
        damage: Set when an invalid line was found; decode nothing more then.

    """

    def __init__(
        self, paths: Sequence[Path], describe: Callable[[bytes], FrameInfo] | None = None, end: int | None = None
    ) -> None:
        self.is_over = False
        self.damage: RecordingError | None = None
        self._paths = paths
        self._end = end
        self._last_time: int | None = None
        self._received = [ReceivedFrames(describe, number * CONNECTIONS_PER_FILE) for number in range(len(paths))]

    def decode(self, step: Batch) -> FrameBatch:
        """Return the frames of some lines up to the end, or up to damage; there may be none."""
        end = self._end
        try:
            frames, infos = self._decode(step)
        except LineError:
            batch = self._decode_singly(step)
        else:
            if end is not None and any(frame.time >= end for frame in frames):
                batch = self._decode_singly(step)
            else:
                batch = FrameBatch(step.start, step.start + len(step.lines), frames, infos, step.lap)
        if batch.frames:
            self._last_time = batch.frames[-1].time
        return batch

    def _decode(self, step: Batch) -> tuple[list[Frame], list[FrameInfo]]:
        lines, files = step.lines, step.files
        if files.count(files[0]) == len(files):
            return self._received[files[0]].decode(lines)
        frames: list[Frame] = []
        infos: list[FrameInfo] = []
        for file, group in itertools.groupby(zip(files, lines, strict=True), operator.itemgetter(0)):
            more_frames, more_infos = self._received[file].decode([line for _, line in group])
            frames += more_frames
            infos += more_infos
        return frames, infos

    def _decode_singly(self, step: Batch) -> FrameBatch:
        """Decode line by line, to stop at the right one."""
        frames: list[Frame] = []
        infos: list[FrameInfo] = []
        position = step.start
        for line, file in zip(step.lines, step.files, strict=True):
            try:
                more_frames, more_infos = self._received[file].decode([line])
            except LineError as error:
                last_time = frames[-1].time if frames else self._last_time
                good_until = "its beginning" if last_time is None else format_time(last_time)
                self.damage = RecordingError(self._paths[file], f"{error} (soon after {good_until})")
                break
            if self._end is not None and any(frame.time >= self._end for frame in more_frames):
                self.is_over = True
                break
            frames += more_frames
            infos += more_infos
            position += 1
        return FrameBatch(step.start, position, frames, infos, step.lap)


def in_steps(batch: Batch) -> Iterator[Batch]:
    """Cut lines into steps that are quick to decode: few lines, few bytes. A large line is a step of its own."""
    start, lines, files, lap = batch
    for first in range(0, len(lines), _STEP_LINES):
        some = lines[first : first + _STEP_LINES]
        if sum(map(len, some)) <= _STEP_SIZE:
            yield Batch(start + first, some, files[first : first + len(some)], lap)
        else:
            for begin, end in _small_ranges(some):
                yield Batch(start + first + begin, some[begin:end], files[first + begin : first + end], lap)


def _small_ranges(lines: list[bytes]) -> list[tuple[int, int]]:
    ranges = []
    start = size = 0
    for number, line in enumerate(lines):
        if number > start and size + len(line) > _STEP_SIZE:
            ranges.append((start, number))
            start, size = number, 0
        size += len(line)
    return [*ranges, (start, len(lines))]
