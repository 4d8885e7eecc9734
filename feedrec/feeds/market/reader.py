"""What reads from frames what they tell of the market."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ...model import FrameInfo
from ..base import Feed
from .told import Told

__all__ = ["ChannelReaders", "MarketReader", "ReadFrame", "market_reader_of"]

ReadFrame = Callable[[bytes], Sequence[Told] | None]
"""Reads frames of one channel, as `MarketReader.read` does; it may raise ValueError for one that is not understood."""


class MarketReader(Protocol):
    """
    Reads what received frames tell of the market; pure, and never raises.

    Attributes:
        exchange: The name of the exchange in the data of tardis.dev, which other tools share.
        book_channel: The channel of books, as frames are described.

    """

    exchange: str
    book_channel: str

    def read(self, info: FrameInfo, payload: bytes) -> Sequence[Told] | None:
        """
        Return what a frame tells, in its order: nothing if its channel tells nothing of this kind.

        Returns:
            None if the frame is one of those that do, but is not understood.

        """
        ...


class ChannelReaders(MarketReader):
    """
    Reads the frames of each channel by a function of its own; see `MarketReader`.

    Attributes:
        by_channel: The functions, by the channel as frames are described.

    """

    by_channel: Mapping[str, ReadFrame]

    def read(self, info: FrameInfo, payload: bytes) -> Sequence[Told] | None:
        """Return what a frame tells; see `MarketReader`."""
        read = self.by_channel.get(info.channel)
        if read is None:
            return ()
        try:
            return read(payload)
        except ValueError:
            return None


def market_reader_of(feed: Feed) -> MarketReader | None:
    """Return what a feed's method `market_reader` makes; None if it has no such method, which it need not have."""
    make = getattr(feed, "market_reader", None)
    reader: MarketReader | None = None if make is None else make()
    return reader
