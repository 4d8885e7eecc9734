"""
What recordings tell of the market, in order, with what is missing: what the exports of prices and trades are made of.

1. A book is known from a snapshot on, until frames of its product or its connection are missing, or its connection
   ends. Nothing is told of a book that is not known. When its next snapshot comes, a `Gap` stands before that.
2. Each trade is told once, by its number. Those with which the venue begins are told only where they are later than
   the last one that was told: a gap that they fill is none. The very first ones are from before the recording.
3. Where two connections bring the same, each thing is told once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from ..feeds.market.told import Told

__all__ = ["Gap", "Item", "MarketStream", "Of"]

Of = Literal["book", "trades"]
"""What frames are missing of."""


class Gap(msgspec.Struct, frozen=True, gc=False):
    """
    A time of which a recording lacks frames.

    Attributes:
        product: The product.
        of: What is missing.
        reason: The event that told so: `gap`, `reset`, `close`, `lost` ...
        start: The last time at which everything was there, by the recorder's clock.
        end: When it is whole again, by that clock; the time of the last line if it never is.

    """

    product: str
    of: Of
    reason: str
    start: int
    end: int


class Item(NamedTuple):
    """
    Something that is told.

    Attributes:
        time: When the frame was received, by the recorder's clock, in nanoseconds; for a gap, its end.
        told: What it says.

    """

    time: int
    told: Told | Gap


class MarketStream:
    """What recordings tell; see the module. Iterate it once."""

    def __iter__(self) -> Iterator[Item]:
        """Yield what is told, in the order of the recordings."""
        raise NotImplementedError
