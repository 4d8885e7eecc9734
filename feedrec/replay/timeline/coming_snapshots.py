"""
Which recorded snapshots a client is about to get: as far as frames were decoded ahead of need, and then by the indexes.

A recording that is still being written is not waited for. What is not shown does not come.
"""

from __future__ import annotations

import asyncio
import itertools
from bisect import bisect_right
from collections.abc import Collection, Sequence
from typing import NamedTuple

from ...feeds.venue import SNAPSHOT_WAIT, Key
from ...formats.line.index import Index
from ..clock.time_types import RecordedSteady, RecordedWall, shift_of, wall_time
from .frame_batches import FrameBatch
from .frame_stream import FrameSource
from .timeline import Timeline

__all__ = ["LONG_PATIENCE", "PATIENCE", "ComingSnapshots", "FirstFrames", "Outlook", "shown_by_indexes"]

PATIENCE = 20
"""Milliseconds in which lines are decompressed, unless they are still to be recorded or the machine is busy."""

LONG_PATIENCE = 5000
"""The same where time stands meanwhile, and a busy machine must not make a difference."""


class Outlook(NamedTuple):
    """
    What a client has before it.

    Attributes:
        batch: The batch that is played.
        past: How many of its frames are past.
        now: The steady time that is now.
        source: What gives the batches after it; None if there are none.
        patience: Milliseconds to wait for what is not read yet.

    """

    batch: FrameBatch
    past: int
    now: RecordedSteady
    source: FrameSource | None
    patience: int = PATIENCE


class FirstFrames:
    """
    The next frame of each of some keys, looked for in batches of one lap, which are taken one after another. Pure.

    Args:
        wanted: The keys.
        until: The steady time after which nothing counts.

    Attributes:
        coming: The keys of which it is a snapshot.
        left: The keys of which there was none yet; empty once it is too late for one.

    """

    def __init__(self, wanted: Collection[Key], until: RecordedSteady) -> None:
        self.coming: set[Key] = set()
        self.left = set(wanted)
        self._until = until
        self._passed: set[tuple[str, tuple[str, ...]]] = set()

    def take(self, batch: FrameBatch) -> None:
        """Look at the frames of the next batch, from its first one on."""
        passed, left = self._passed, self.left
        count = bisect_right(batch.times, self._until)
        for info in itertools.islice(batch.infos, batch.first, count):
            what = info.channel, info.products
            if what in passed:
                continue
            passed.add(what)
            its = left.intersection((info.channel, product) for product in (*info.products, ""))
            left -= its
            if info.kind == "snapshot":
                self.coming |= its
        if count < len(batch.times):
            left.clear()


class ComingSnapshots:
    """
    Tells which snapshots come.

    Args:
        timeline: The recordings.

    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    async def find(self, wanted: Collection[Key], outlook: Outlook) -> set[Key]:
        """
        Return those of some keys whose next frame is a snapshot, recorded within `SNAPSHOT_WAIT` from now.

        Raises:
            RecordingError: If a recording cannot be read.

        """
        batch, past, now, source, patience = outlook
        if source is None:
            return set()
        until = RecordedSteady(now + SNAPSHOT_WAIT)
        for waits in (False, True):
            if waits:
                await _decode_more(source, patience)
            frames = FirstFrames(wanted, until)
            ahead = source.ahead()
            known = [batch._replace(first=past), *ahead.batches]
            same_lap = list(itertools.takewhile(lambda one: one.lap == batch.lap, known))
            for one in same_lap:
                frames.take(one)
                if not frames.left:
                    return frames.coming
                await asyncio.sleep(0)  # there may be many frames
            if ahead.is_all or len(same_lap) < len(known):
                return frames.coming
        return frames.coming | await asyncio.to_thread(self._by_indexes, frames.left, known[-1], until)

    def _by_indexes(self, wanted: Collection[Key], last: FrameBatch, until: RecordedSteady) -> set[Key]:
        """Look for snapshots after the last batch that is known, where times are what they seem."""
        timeline = self._timeline
        indexes = [index for index in timeline.indexes() if index is not None]
        if len(indexes) < len(timeline.paths) or timeline.has_stepped_clocks:
            return set()
        since = RecordedWall(last.frames[-1].time)
        latest = wall_time(until, shift_of(since, last.times[-1]))
        end = latest if timeline.end is None else min(latest, timeline.end - 1)
        return shown_by_indexes(indexes, wanted, last.end, since, end)


def shown_by_indexes(
    indexes: Sequence[Index], wanted: Collection[Key], position: int, since: int, until: int
) -> set[Key]:
    """
    Return the keys of which the indexes show a snapshot for certain after a place, and at a time or before.

    Args:
        indexes: Those of all recordings that make up a timeline.
        wanted: The keys.
        position: The number of lines before the place in all recordings together.
        since: The wall time in nanoseconds of the last frame before the place.
        until: The wall time.

    """
    shown: set[Key] = set()
    for index in indexes:
        line = 0
        for block in index.blocks:
            if block.first is not None and block.last is not None and since <= block.last <= until:
                for place in block.snapshots:
                    if line + place.line >= position if len(indexes) == 1 else block.first > since:
                        shown.update((place.channel, product) for product in (*place.products, ""))
            line += block.lines
    return shown.intersection(wanted)


async def _decode_more(source: FrameSource, patience: int) -> None:
    """Decode ahead as far as it may, if what it needs is there."""
    misses = 0
    while misses < patience and source.ahead().wants_more:
        did = source.look_ahead()
        misses += not did
        await asyncio.sleep(0 if did else 0.001)
