"""The level2 book of one product. The snapshot of BTC-USD is 5 MB and 46,000 levels (capture of 2026-08-09)."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..decoding import decoder_of
from ..state.book import Level, PriceLevelBook
from .frames import snapshot_head

__all__ = ["Book", "BookFrame", "decode_book_frame"]


class _Update(msgspec.Struct, gc=False):
    side: Literal["bid", "offer"]
    event_time: str
    price_level: str
    new_quantity: str


class _Event(msgspec.Struct, gc=False):
    type: str
    product_id: str
    updates: list[_Update]


class BookFrame(msgspec.Struct, gc=False):
    """A frame of level2; `client_id` is that key's value as JSON, empty if there is none."""

    events: list[_Event]
    client_id: msgspec.Raw = msgspec.Raw(b"")


decode_book_frame = decoder_of(BookFrame)
_encode = msgspec.json.Encoder().encode


class Book(PriceLevelBook):
    """One product's book; the venue spells each price, and zero, in one way only."""

    __slots__ = ("client_id", "event_time", "product")

    def __init__(self, product: str) -> None:
        super().__init__()
        self.product = product
        self.event_time = ""
        self.client_id = b""

    def change(self, updates: list[_Update], client_id: bytes) -> None:
        """Set and remove levels."""
        for update in updates:
            self.put(self.bids if update.side == "bid" else self.asks, update.price_level, update.new_quantity)
        if updates:
            self.event_time = updates[-1].event_time
        self.client_id = client_id

    def put(self, side: dict[str, Level], price: str, quantity: str) -> None:
        """Set a level, or remove it if its quantity is `0`; one whose price is not a number is left out."""
        if quantity == "0":
            side.pop(price, None)
            return
        try:
            float(price)
        except ValueError:
            return
        side[price] = (price, quantity)

    def snapshot(self, time: int) -> bytes:
        """Write the frame as the venue does: bids, then offers, the best first."""
        updates = [_Update("bid", self.event_time, price, quantity) for price, quantity in self.best_bids()]
        updates += [_Update("offer", self.event_time, price, quantity) for price, quantity in self.best_asks()]
        head = snapshot_head("l2_data", self.client_id, time)
        return b'%b"product_id":%b,"updates":%b}]}' % (head, _encode(self.product), _encode(updates))
