"""Where to begin reading in order to know the state of a market, by what the indexes of the recordings tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ...feeds.venue import Key
from ...formats.line.index import Index

__all__ = ["latest_snapshots"]


def latest_snapshots(indexes: Sequence[Index | None], wanted: Collection[Key], position: int, sure_time: int) -> int:
    """
    Find a time from which on the recordings hold a snapshot of all that is wanted, before some position.

    What is nowhere in the recordings is not looked for.

    Args:
        indexes: Those of the recordings that make up a timeline; None for one without.
        wanted: Channels and products; of all products of a channel (an empty one) it cannot be told.
        position: Number of lines before it in all recordings together.
        sure_time: A time in nanoseconds before which all lines are before that position.

    Returns:
        The time in nanoseconds; 0 if reading must begin at the beginning.

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
    """Give what snapshots there are before a position, each with the earliest time of its block."""
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
