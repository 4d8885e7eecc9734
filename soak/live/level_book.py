"""A book of Advanced Trade, as anyone makes one of level2: sizes by price, each as it stands in the message."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

__all__ = ["BookEvent", "LevelBook", "book_event"]


class _Level(msgspec.Struct, gc=False):
    side: str
    price_level: str
    new_quantity: str


class BookEvent(msgspec.Struct, gc=False):
    """What one frame of level2 says: `snapshot` or `update`, of a product."""

    type: str
    product_id: str
    updates: list[_Level]


class _BookFrame(msgspec.Struct, gc=False):
    events: list[BookEvent]


_decode = msgspec.json.Decoder(_BookFrame).decode


def book_event(payload: bytes) -> BookEvent:
    """
    Return what a frame of level2 says.

    Raises:
        ValueError: If it does not say one thing of one product.

    """
    (event,) = _decode(payload).events
    return event


class LevelBook:
    """The book of one product."""

    def __init__(self) -> None:
        self._sizes: dict[tuple[str, str], str] = {}

    def take(self, event: BookEvent) -> None:
        """Take the next frame."""
        sizes = self._sizes
        if event.type == "snapshot":
            sizes.clear()
        for level in event.updates:
            if float(level.new_quantity):
                sizes[level.side, level.price_level] = level.new_quantity
            else:
                sizes.pop((level.side, level.price_level), None)

    def digest(self) -> int:
        """Return what tells this book from any other, as a number of 64 bits; never 0."""
        text = "\n".join(f"{side} {price} {size}" for (side, price), size in sorted(self._sizes.items()))
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) or 1
