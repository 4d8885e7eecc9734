"""
What lies before a position of a timeline, read by the indexes: only blocks that may have what is looked for.

A place is how many lines of each recording are past, headers apart. Frames come in the order of the timeline: those of
recordings that follow each other one after another, those of recordings that overlap merged by steady time. That is the
latest wall time so far, since of several recordings none may have a clock that was set (`Timeline.is_in_wall_order`).
"""

from __future__ import annotations

import heapq
import itertools
import operator
from collections.abc import Collection, Iterator
from typing import Self

from ...feeds.venue import Key
from ...model import Frame, FrameInfo
from .past_file import Looks, PastFile, UnknownPastError
from .timeline import Timeline

__all__ = ["Looks", "Past", "Place", "UnknownPastError", "is_at_or_before"]

Place = tuple[int, ...]
"""How many lines of each recording are past."""

_by_time_and_file = operator.itemgetter(0, 1)


class Past:
    """
    The lines before a position. Use it in a `with` block, or close it.

    Args:
        timeline: The recordings.
        line: All lines before this one, counted over all recordings, are past.
        sure_time: A wall time in nanoseconds; all lines before it are past. Of several recordings, this is where the
            past ends that is told of here.

    Attributes:
        place: Where it ends.
        is_whole: Whether it has all lines before `line`; else the rest is to be read from `sure_time` on.

    Raises:
        UnknownPastError: If the indexes do not tell what is past, or in which order.

    """

    def __init__(self, timeline: Timeline, line: int, sure_time: int) -> None:
        indexes = timeline.indexes()
        self._files = [
            PastFile(number, path, index, timeline.describe)
            for number, (path, index) in enumerate(zip(timeline.paths, indexes, strict=True))
            if index is not None
        ]
        is_alone = len(indexes) == 1
        if is_alone and not self._files and (counted := timeline.counted_blocks()) is not None:
            self._files.append(PastFile(0, timeline.paths[0], counted[0], timeline.describe, counted[1]))
        if len(self._files) < len(indexes) or not (is_alone or timeline.is_in_wall_order):
            raise UnknownPastError("a recording has no index, or a clock that was set")
        self.is_whole = is_alone or line >= sum(file.lines for file in self._files)
        if self.is_whole:
            self.place: Place = tuple(min(line, file.lines) for file in self._files)
        elif not sure_time:
            raise UnknownPastError("the place is not known")
        else:
            with self:
                self.place = tuple(file.lines_before(sure_time) for file in self._files)
        self._files.sort(key=lambda file: file.span)
        spans = [file.span for file in self._files]
        self._overlap = any(before[1] >= after[0] for before, after in itertools.pairwise(spans))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the recordings."""
        for file in self._files:
            file.close()

    def may_have(self, channels: Collection[str], product: str) -> bool:
        """Return whether there may be frames of one of some channels, of any if there are none, and of a product."""
        return any(file.may_have(channels, product) for file in self._files)

    @property
    def beginning(self) -> Place:
        """The place before all lines."""
        return (0,) * len(self._files)

    def place_of_snapshot(self, key: Key) -> Place | None:
        """
        Return a place from which on the last snapshot of a key is read, and all after it; None if there is none.

        That is the beginning if there may be one in a recording whose index does not name what it has.
        """
        found = [(place, file) for file in self._files if (place := file.place_of_snapshot(key, self._end(file)))]
        if not found:
            return self.beginning if any(file.names_nothing for file in self._files) else None
        (time, start), its = max(found, key=lambda one: one[0][0])
        places = {file.number: start if file is its else file.lines_until(time) for file in self._files}
        return tuple(min(places[number], end) for number, end in enumerate(self.place))

    def frames_back(self, looks: Looks, until: Place) -> Iterator[tuple[FrameInfo, bytes]]:
        """
        Yield received frames from the last one back to a place, each that `looks` may mean, and others.

        Raises:
            UnknownPastError: If an index does not tell the truth.
            RecordingError: If the operating system reports an error.

        """
        files = self._files[::-1]
        back = [file.frames_back(until[file.number], self._end(file), looks, is_timed=self._overlap) for file in files]
        in_order = heapq.merge(*back, key=_by_time_and_file, reverse=True) if self._overlap else _one_by_one(back)
        return ((info, payload) for _, _, info, payload in in_order)

    def payloads_since(self, place: Place, looks: Looks) -> Iterator[list[bytes]]:
        """Yield the payloads of such frames in order, from a place on; it raises as `frames_back` does."""
        payloads = [
            file.payloads_since(place[file.number], self._end(file), looks, is_timed=self._overlap)
            for file in self._files
        ]
        in_order = heapq.merge(*payloads, key=_by_time_and_file) if self._overlap else _one_by_one(payloads)
        return (some for _, _, some in in_order)

    def frames_since(self, place: Place, looks: Looks) -> Iterator[tuple[FrameInfo, Frame]]:
        """Yield such frames in order, from a place on; it raises as `frames_back` does."""
        runs = [
            file.runs_since(place[file.number], self._end(file), looks, is_timed=self._overlap) for file in self._files
        ]
        in_order = heapq.merge(*runs, key=_by_time_and_file) if self._overlap else _one_by_one(runs)
        return (described for _, _, frames, infos in in_order for described in zip(infos, frames, strict=True))

    def place_at(self, time: int) -> Place:
        """Return a place before the first line at or after a wall time, to the block."""
        lines = {file.number: file.lines_until(time) for file in self._files}
        return tuple(min(lines[number], end) for number, end in enumerate(self.place))

    def _end(self, file: PastFile) -> int:
        return self.place[file.number]


_one_by_one = itertools.chain.from_iterable


def is_at_or_before(place: Place, other: Place) -> bool:
    """Return whether all that is past at a place is past at the other."""
    return all(lines <= most for lines, most in zip(place, other, strict=True))
