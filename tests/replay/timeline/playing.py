"""Playing a timeline to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from feedrec.model import Frame
from feedrec.replay.timeline.frame_batches import FrameBatch
from feedrec.replay.timeline.frame_stream import FrameStream
from feedrec.replay.timeline.timeline import Timeline


def batches_of(timeline: Timeline, limit: int | None = None) -> list[FrameBatch]:
    """Play a timeline, at most so many batches of it, looking ahead after each."""

    async def read() -> list[FrameBatch]:
        batches: list[FrameBatch] = []
        async with FrameStream(timeline) as stream:
            while (limit is None or len(batches) < limit) and (batch := await stream.next_batch()):
                batches.append(batch)
                stream.look_ahead()
        return batches

    return asyncio.run(read())


def frames_in(batches: Iterable[FrameBatch]) -> list[Frame]:
    """Return the frames of all batches."""
    return [frame for batch in batches for frame in batch.frames]
