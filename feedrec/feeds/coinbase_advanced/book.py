"""The level2 book of one product. The snapshot of BTC-USD is 5 MB and 46,000 levels (capture of 2026-08-09)."""

from __future__ import annotations

from typing import Literal, Self

import msgspec

from ..decoding import decoder_of
from ..state.book import MANY, DumpedLevels, PriceLevelBook, read_dumped
from .frames import snapshot_head

__all__ = ["Book", "BookFrame", "Update", "decode_book_frame"]


_AskSide = Literal["offer", "ask"]


class Update(msgspec.Struct, gc=False):
    """A level; the side of asks is `offer` (capture of 2026-08-09), or `ask`, as elsewhere."""

    side: Literal["bid", "offer", "ask"]
    event_time: str
    price_level: str
    new_quantity: str


class _Event(msgspec.Struct, gc=False):
    type: str
    product_id: str
    updates: list[Update]


class BookFrame(msgspec.Struct, gc=False):
    """A frame of level2; `client_id` is that key's value as JSON, empty if there is none."""

    events: list[_Event]
    client_id: msgspec.Raw = msgspec.Raw(b"")
    channel: str = ""


decode_book_frame = decoder_of(BookFrame)
_encode = msgspec.json.Encoder().encode


class _Dumped(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A book written down."""

    product: str
    ask_side: _AskSide
    event_time: str
    client_id: bytes
    levels: DumpedLevels


_decode = msgspec.msgpack.Decoder(_Dumped).decode


def _decode_dumped(data: bytes) -> _Dumped:
    dumped = _decode(data)
    if dumped.client_id:
        msgspec.json.decode(dumped.client_id)  # it stands in the frame as it is
    return dumped


class Book(PriceLevelBook):
    """One product's book, whose snapshot calls the asks what they were called last."""

    __slots__ = ("ask_side", "client_id", "event_time", "product")

    def __init__(self, product: str) -> None:
        super().__init__()
        self.product = product
        self.ask_side: _AskSide = "offer"
        self.event_time = ""
        self.client_id = b""

    def change(self, updates: list[Update], client_id: bytes) -> None:
        """Set and remove levels."""
        bids, asks = self.bids, self.asks
        if len(updates) < MANY:
            for update in updates:
                self.put(bids if update.side == "bid" else asks, update.price_level, update.new_quantity)
        else:
            sides = [bids if update.side == "bid" else asks for update in updates]
            prices = [update.price_level for update in updates]
            self.put_all(sides, prices, [update.new_quantity for update in updates])
        if updates:
            self.event_time = updates[-1].event_time
            for update in reversed(updates):  # bids come first
                if update.side != "bid":
                    self.ask_side = update.side
                    break
        self.client_id = client_id

    @property
    def venue_time(self) -> str:
        """See `PriceLevelBook`."""
        return self.event_time

    def dump(self) -> bytes:
        """Write it down, for `load`."""
        dumped = _Dumped(self.product, self.ask_side, self.event_time, self.client_id, self.dump_levels())
        return msgspec.msgpack.encode(dumped)

    @classmethod
    def load(cls, product: str, data: bytes) -> Self:
        """Return the book of a product that was written down; raises as `read_dumped` does."""
        dumped = read_dumped(_decode_dumped, data, product)
        book = cls(product)
        book.ask_side, book.event_time, book.client_id = dumped.ask_side, dumped.event_time, dumped.client_id
        book.load_levels(dumped.levels)
        return book

    def snapshot(self, time: int) -> bytes:
        """Write the frame as the venue does: bids, then asks, the best first."""
        updates = [Update("bid", self.event_time, price, quantity) for price, quantity in self.best_bids()]
        updates += [Update(self.ask_side, self.event_time, price, quantity) for price, quantity in self.best_asks()]
        head = snapshot_head("l2_data", self.client_id, time)
        return b'%b"product_id":%b,"updates":%b}]}' % (head, _encode(self.product), _encode(updates))
