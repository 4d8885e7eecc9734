"""
Times for what the venue gives none: snapshots of the books of Coinbase Exchange before 2026.

A snapshot was made before the product's next change. So it has the time at which it was received, or that of the next
change if that is earlier; whatever comes in between waits with it. If no change comes for some seconds, it has the
former.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from ..feeds.market.told import BookChanges, Ticker, Told
from ..model import NANOSECONDS
from .continuity import BookLost, Gap

__all__ = ["Item", "with_times"]

_MOST_WAITING = 500_000
"""Levels that wait until the time of a snapshot is known, in some 75 MB; any other item counts as one."""

_LONGEST_WAIT = 5 * NANOSECONDS


class Item(NamedTuple):
    """
    Something that is told.

    Attributes:
        time: When the frame was received, by the recorder's clock, in nanoseconds; for a gap, when that was known.
        told: What it says. Trades with `is_snapshot` were made before the recording began.

    """

    time: int
    told: Told | Gap | BookLost


def with_times(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items in their order, those without a time of the venue with one; see the module."""
    waiting: list[Item] = []
    size = 0
    untimed: dict[str, int] = {}  # by product, the place of its snapshot in `waiting`
    for item in items:
        time, told = item
        if isinstance(told, BookChanges):
            if told.time == 0 and told.is_snapshot:
                untimed[told.product] = len(waiting)
            elif untimed and (place := untimed.pop(told.product, None)) is not None:
                waiting[place] = _timed(waiting[place], told.time)
            elif told.time and not waiting:  # nearly always
                yield item
                continue
        if not waiting and not untimed:
            yield _timed(item)
            continue
        waiting.append(item)
        size += len(told.prices) + 1 if isinstance(told, BookChanges) else 1
        if not untimed or size > _MOST_WAITING or time - waiting[0].time > _LONGEST_WAIT:
            yield from map(_timed, waiting)
            waiting, untimed, size = [], {}, 0
    yield from map(_timed, waiting)


def _timed(item: Item, latest: int = 0) -> Item:
    """Return an item with a time of the venue: that at which it was received, or one that is earlier."""
    time, told = item
    if not isinstance(told, BookChanges | Ticker) or told.time:
        return item
    return Item(time, msgspec.structs.replace(told, time=min(time, latest or time)))
