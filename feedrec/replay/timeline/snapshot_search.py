"""Where to begin reading to know the state of a market, according to the indexes of the recordings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ...feeds.venue import Key
from ...formats.line.index import Index

__all__ = ["latest_snapshots"]


def latest_snapshots(indexes: Sequence[Index | None], wanted: Collection[Key], position: int, sure_time: int) -> int:
    """
    Find the latest time from which the recordings have a snapshot of everything wanted before a position.

    What the recordings lack altogether is not looked for.

    Args:
        indexes: Those of the recordings that make up a timeline; None for a recording without one.
        wanted: Channels and products; for all products of a channel (an empty one) no snapshot is found.
        position: The number of lines before it in all recordings together.
        sure_time: A time in nanoseconds; all lines before it are before the position.

    Returns:
        The time in nanoseconds; 0 if everything must be read.

    """
    known = [index for index in indexes if index is not None]
    if len(known) < len(indexes):
        return 0
    starts: dict[Key, int] = {}
    for index in known:
        for key, first in _snapshots(index, position if len(known) == 1 else None, sure_time):
            starts[key] = max(first, starts.get(key, first))
    there = [(channel, product) for channel, product in wanted if _is_somewhere(known, channel, product)]
    return min((starts.get(key, 0) for key in there), default=0)


def _is_somewhere(indexes: Sequence[Index], channel: str, product: str) -> bool:
    return any(not product or product in index.products.get(channel, ()) for index in indexes)


def _snapshots(index: Index, position: int | None, sure_time: int) -> Iterator[tuple[Key, int]]:
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
