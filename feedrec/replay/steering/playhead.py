"""The place up to which the timeline of all clients is played, over all endpoints."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from ..clock.silences import Silences
from ..clock.time_types import RecordedSteady, RecordedWall, Shift, shift_of
from ..timeline.batch_window import Place
from ..timeline.frame_batches import FrameBatch
from ..timeline.frame_stream import FrameSource
from ..timeline.shared_timeline import SharedTimeline
from .limit import Limit
from .merged_frames import Track, pass_frames

__all__ = ["Entrance", "Playhead", "Reached"]


Reached = tuple[FrameBatch, int] | RecordedSteady | None
"""A batch and how many of its frames are past; the steady time before which all frames are; None for the beginning."""


class Entrance(NamedTuple):
    """
    Where a client begins to read a timeline, to begin right behind the last frame that is past.

    Attributes:
        place: Where it opens the timeline.
        skip: How many of the first frames there are past.
        last: The limit right after the last frame before the place; None if nothing depends on it.
        time: The steady time of the last frame that is past, of any timeline; None if there is none.
        before: A batch right before the place, which is past, where nobody knows when another frame comes; else None.

    """

    place: Place
    skip: int = 0
    last: Limit | None = None
    time: RecordedSteady | None = None
    before: FrameBatch | None = None


class Playhead:
    """
    Reads the timelines of all endpoints, and counts how many of their frames, merged by steady time, are past.

    Clients that are close to it share its reading.

    Args:
        timelines: The timelines, one an endpoint.
        start: The steady time at which it begins; None for their beginning.
        silences: Learns from it what takes no time; None if nobody need learn it from here.
        is_live: Whether the next frame may still have to be recorded, so that clients begin without it.

    Attributes:
        passed: How many frames it has passed.
        time: The steady time of the last one, or else `start`.
        first: The steady time of the first one that it passes; None if it is not known.
        owes: It is still to pass what is before this steady time; None if it owes nothing.
        stopped: The last stop at which it was; see `Stage`.

    """

    def __init__(
        self,
        timelines: Sequence[SharedTimeline],
        start: RecordedSteady | None = None,
        silences: Silences | None = None,
        *,
        is_live: bool = False,
    ) -> None:
        self.passed = 0
        self.time = start
        self.first: RecordedSteady | None = None
        self.owes: RecordedSteady | None = None
        self.stopped = RecordedSteady(-1)
        self._start = start
        self._silences = silences
        self._is_live = is_live
        self._told = RecordedSteady(-1)  # the steady time up to which it has told of frames
        self._timelines = timelines
        self._tracks = [Track() for _ in timelines]
        self._sources: list[FrameSource] = []
        self._open = contextlib.AsyncExitStack()

    async def fill(self) -> bool:
        """
        Have the next frame known of every timeline; return whether there is any.

        Raises:
            RecordingError: If a recording is damaged there.

        """
        if not self._sources:
            for timeline in self._timelines:
                self._sources.append(await self._open.enter_async_context(timeline.open(self._start)))
        for track, source in zip(self._tracks, self._sources, strict=True):
            if track.must_read:
                track.go_on(await source.next_batch())
        self.first = self.next_time if self.first is None else self.first
        if self._silences is not None and self._silences.longest is not None:
            self._tell(self._silences)
        return not all(track.is_over for track in self._tracks)

    def pass_known(self, most: int | None = None, until: RecordedSteady | None = None) -> int:
        """Pass frames as `pass_frames` does, as far as `fill` has made them known; return how many."""
        passed = pass_frames(self._tracks, most, until)
        if passed:
            self.passed += passed
            self.time = max(last.time for track in self._tracks if (last := track.last) is not None)
        return passed

    def _tell(self, silences: Silences) -> None:
        """Tell of the frames of all timelines that are known since last time, up to where it must read on."""
        ends = [track.times[-1] for track in self._tracks if not track.is_over]
        until = min(ends, default=max((track.times[-1] for track in self._tracks if track.times), default=self._told))
        if until > self._told:
            news = {time for track in self._tracks for time in track.between(self._told, until)}
            self._told = until
            if news:
                silences.take(sorted(news))

    async def catch_up(self) -> None:
        """Pass what it owes; raises as `fill` does."""
        while self.owes is not None and await self.fill():
            self.pass_known(until=self.owes)
            if not self.must_read:
                break
        self.owes = None

    async def close(self) -> None:
        """Let go of the timelines."""
        await self._open.aclose()

    @property
    def must_read(self) -> bool:
        """Whether it must read on to know its next frame."""
        return any(track.must_read for track in self._tracks)

    @property
    def next_time(self) -> RecordedSteady | None:
        """The steady time of the next frame; None if it is not known, or there is none."""
        return min((track.times[track.past] for track in self._tracks if track.past < len(track.times)), default=None)

    @property
    def known_until(self) -> RecordedSteady:
        """The steady time of the first frame after which it must read on, where `fill` says that there is one."""
        return min(track.times[-1] for track in self._tracks if not track.is_over)

    def reached(self, number: int) -> Reached:
        """Return how far a timeline is played."""
        track = self._tracks[number]
        return self._start if track.batch is None else (track.batch, track.past)

    @property
    def shift(self) -> Shift:
        """The shift of the next frame, or of the last one."""
        for track in self._tracks:
            if (batch := track.batch) is not None:
                number = min(track.past, len(batch.frames) - 1)
                return shift_of(RecordedWall(batch.frames[number].time), batch.times[number])
        return Shift(0)

    def limits(self, time: RecordedSteady) -> list[Limit]:
        """Return the limit of each timeline, where time stands at `time`, at or after the last frame that is past."""
        found = [track.last for track in self._tracks]
        return [last if last is not None and last.time == time else Limit(time) for last in found]

    def entrance(self, number: int) -> Entrance:
        """Return where a client of a timeline begins now."""
        track = self._tracks[number]
        batch = track.batch
        if batch is None:
            return Entrance(Place(self._start), time=self.time)
        if track.past == len(batch.times):
            place = Place(batch.times[-1], batch.end)
            if self._is_live:
                return Entrance(place, 0, track.last_before_batch, self.time, batch)
            return Entrance(place, 0, track.last, self.time)
        place = Place(batch.times[0] if batch.start else None, batch.start)
        return Entrance(place, track.past, track.last_before_batch, self.time)
