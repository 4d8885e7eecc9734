"""Lines that a recorder sends, to received frames: decoded once for all clients. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ...errors import LineError
from ...feeds.base import Feed
from ...formats.facts.repeats import Repeats
from ...formats.line.fast_path import ReceivedFrames
from ...formats.several.merge import Batch
from ...model import Event, Frame, FrameInfo, Record
from ..timeline.frame_batches import CONNECTIONS_PER_FILE, FrameBatch, in_steps

__all__ = ["LiveBatch", "LiveFrames"]

_FRAME_SIZE = 300  # bytes that a frame takes besides its payload


class LiveBatch(NamedTuple):
    """
    Received frames that came together.

    Attributes:
        number: That of the last LINES among them.
        frames: The frames, at least one, with what they are; their steady times are not known.
        size: Bytes that they take in memory, about.
        arrived: When they came, by the monotonic clock, in nanoseconds.

    """

    number: int
    frames: FrameBatch
    size: int
    arrived: int


class LiveFrames:
    """
    The frames of an endpoint, of one run of its feed after another, or of several feeds at once.

    Args:
        feed: Describes them; None for an endpoint of which nothing is known.
        clock: Returns the monotonic time in nanoseconds.

    Attributes:
        lost: How many lines could not be read.
        opened: When a connection was opened last, by the monotonic clock; None if none was.

    """

    def __init__(self, feed: Feed | None, clock: Callable[[], int]) -> None:
        self.lost = 0
        self.opened: int | None = None
        self._feed = feed
        self._clock = clock
        self._numbers = itertools.count()
        self._runs: dict[int, tuple[ReceivedFrames, Repeats]] = {}

    def begin_run(self, place: int) -> None:
        """Begin with another run of a feed, which is known by its place in the plan: its connections are others."""
        first = next(self._numbers) * CONNECTIONS_PER_FILE
        describe, describe_all = None, None
        if self._feed is not None:
            describe, describe_all = self._feed.describe, getattr(self._feed, "describe_all", None)
        self._runs[place] = ReceivedFrames(describe, first, describe_all=describe_all), Repeats((), first)

    def take(self, place: int, content: bytes, number: int) -> Iterator[LiveBatch]:
        """Yield the frames among lines, each with its line feed, of which `number` is the last number."""
        if place not in self._runs:
            self.begin_run(place)
        arrived = self._clock()
        lines = content.split(b"\n")
        del lines[-1]
        for step in in_steps(Batch(0, lines, [place] * len(lines))):
            frames, infos = self._decode(place, step.lines)
            if frames:
                size = sum(map(len, step.lines)) + _FRAME_SIZE * len(frames)
                yield LiveBatch(number, FrameBatch(number, number, frames, [], infos), size, arrived)

    def _decode(self, place: int, lines: Sequence[bytes]) -> tuple[list[Frame], Sequence[FrameInfo]]:
        received, repeats = self._runs[place]
        others: list[Record] = []
        places: list[int] = []
        try:
            frames, infos = received.decode_columns(lines, others, places)
        except LineError:
            if len(lines) == 1:
                self.lost += 1
                return [], []
            return self._decode_singly(place, lines)
        if others:
            self._note(others)
        return frames, repeats.without_repeats(frames, infos, others, places)

    def _decode_singly(self, place: int, lines: Sequence[bytes]) -> tuple[list[Frame], Sequence[FrameInfo]]:
        """Decode lines of which one cannot be read."""
        all_frames: list[Frame] = []
        all_infos: list[FrameInfo] = []
        for line in lines:
            frames, infos = self._decode(place, [line])
            all_frames += frames
            all_infos += infos
        return all_frames, all_infos

    def _note(self, others: Sequence[Record]) -> None:
        if any(isinstance(one, Event) and one.name == "open" for one in others):
            self.opened = self._clock()
