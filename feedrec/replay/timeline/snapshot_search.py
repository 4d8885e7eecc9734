"""Where to begin reading to know the state of a market, according to the indexes of the recordings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ...feeds.venue import Key
from ...formats.line.index import Index

__all__ = ["latest_snapshots"]


def latest_snapshots(
    indexes: Sequence[Index | None],
    wanted: Collection[Key],
    position: int,
    sure_time: int,
    last_tells: Collection[str] = (),
) -> int:
    """
    Find the latest time from which the recordings have a snapshot of everything wanted before a position.

    What the recordings lack altogether is not looked for.

    Args:
        indexes: Those of the recordings that make up a timeline; None for a recording without one.
        wanted: Channels and products; for all products of a channel (an empty one) no snapshot is found.
        position: The number of lines before it in all recordings together.
        sure_time: A time in nanoseconds; all lines before it are before the position.
        last_tells: Channels without products of which the last frame tells everything: any frame is a snapshot of them.

    Returns:
        The time in nanoseconds; 0 if everything must be read.

    """
    known = [index for index in indexes if index is not None]
    if len(known) < len(indexes):
        return 0
    starts: dict[Key, int] = {}
    for index in known:
        for key, first in _snapshots(index, position if len(known) == 1 else None, sure_time, last_tells):
            starts[key] = max(first, starts.get(key, first))
    sought = [key for key in wanted if key[0] not in last_tells or _has_frames(known, key[0])]
    if not sought and wanted:
        return sure_time
    return min((starts.get(key, 0) for key in sought if _is_somewhere(known, *key)), default=0)


def _has_frames(indexes: Sequence[Index], channel: str) -> bool:
    return any(channel in channels for index in indexes for block in index.blocks for channels in block.frames.values())


def _is_somewhere(indexes: Sequence[Index], channel: str, product: str) -> bool:
    return any(not product or product in index.products.get(channel, ()) for index in indexes)


def _snapshots(
    index: Index, position: int | None, sure_time: int, last_tells: Collection[str]
) -> Iterator[tuple[Key, int]]:
    """Return the snapshots before a position, each with the earliest time of its block."""
    line = 0
    latest = 0
    for block in index.blocks:
        latest = max(latest, block.last or 0)
        for place in block.snapshots:
            is_past = latest < sure_time or (position is not None and line + place.line < position)
            if is_past and block.first is not None:
                for product in place.products:
                    yield (place.channel, product), block.first
        line += block.lines
        is_past = latest < sure_time or (position is not None and line <= position)
        if is_past and block.first is not None:
            for channel in last_tells:
                if any(channel in channels for channels in block.frames.values()):
                    yield (channel, ""), block.first
