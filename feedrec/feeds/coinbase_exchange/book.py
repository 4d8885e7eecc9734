"""
The level2 book of one product. A snapshot of BTC-USD is 1.1 MB in one frame (2026).

The venue writes some prices with more zeros than others (channels page), so they are compared by their value.
"""

from __future__ import annotations

from typing import Literal, Self

import msgspec

from ..decoding import decoder_of
from ..state.book import MANY, DumpedLevels, Level, PriceLevelBook, read_dumped
from .frames import venue_time

__all__ = ["Book", "BookFrame", "decode_book_frame"]


class BookFrame(msgspec.Struct, gc=False):
    """A frame of level2; a side that is neither is not understood."""

    product_id: str
    asks: list[Level] = []
    bids: list[Level] = []
    changes: list[tuple[Literal["buy", "sell"], str, str]] = []
    time: str = ""
    type: str = ""


class _Snapshot(msgspec.Struct, tag="snapshot", gc=False):
    product_id: str
    asks: list[Level]
    bids: list[Level]
    time: str


class _Dumped(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A book written down."""

    product: str
    time: str
    levels: DumpedLevels


decode_book_frame = decoder_of(BookFrame)
_encode = msgspec.json.Encoder().encode
_decode_dumped = msgspec.msgpack.Decoder(_Dumped).decode


class Book(PriceLevelBook):
    """
    One product's book.

    Args:
        frame: Its snapshot.

    """

    __slots__ = ("product", "time")

    def __init__(self, frame: BookFrame) -> None:
        super().__init__()
        self.product = frame.product_id
        self.time = frame.time
        for side, levels in ((self.asks, frame.asks), (self.bids, frame.bids)):
            self.put_all([side] * len(levels), [price for price, _ in levels], [size for _, size in levels])

    def update(self, frame: BookFrame) -> None:
        """Apply the changes of an update."""
        changes = frame.changes
        if len(changes) < MANY:
            for side, price, size in changes:
                self.put(self.asks if side == "sell" else self.bids, price, size)
        else:
            sides = [self.asks if side == "sell" else self.bids for side, _, _ in changes]
            self.put_all(sides, [price for _, price, _ in changes], [size for _, _, size in changes])
        self.time = frame.time or self.time

    @property
    def venue_time(self) -> str:
        """See `PriceLevelBook`."""
        return self.time

    def dump(self) -> bytes:
        """Write it down, for `load`."""
        return msgspec.msgpack.encode(_Dumped(self.product, self.time, self.dump_levels()))

    @classmethod
    def load(cls, product: str, data: bytes) -> Self:
        """Return the book of a product that was written down; raises as `read_dumped` does."""
        dumped = read_dumped(_decode_dumped, data, product)
        book = cls(BookFrame(product, time=dumped.time))
        book.load_levels(dumped.levels)
        return book

    def snapshot(self, time: int) -> bytes:
        """Return the frame as the venue writes it; a book without a time of its own has that of the subscription."""
        asks, bids = self.best_asks(), self.best_bids()
        return _encode(_Snapshot(self.product, asks, bids, self.time or venue_time(time)))
