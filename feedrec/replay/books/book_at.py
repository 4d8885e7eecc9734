"""The book of a product as of a moment, as it is told."""

from __future__ import annotations

import msgspec

from ...feeds.state.book import Level, PriceLevelBook
from .best_levels import best_levels
from .sources import BookSource
from .standing import NO_SNAPSHOT, Unknown

__all__ = ["BookAt", "book_found"]


class BookAt(msgspec.Struct, frozen=True):
    """
    The book of a product as of a moment.

    Attributes:
        product: The product.
        time: The moment, in nanoseconds since 1970: frames that were received until then, at it too, are taken in.
        bids: Price and size of the best bids, as the venue wrote them, the highest first; none if it is not known.
        asks: The same of asks, the lowest first.
        bid_levels: How many bids there are.
        ask_levels: How many asks there are.
        received: When its last frame was received; None if there was none.
        venue_time: The venue's time of its last change, as the venue wrote it; empty if it is not known.
        sequence: The venue's number of its last frame; None if it has none.
        unknown: Why the book is not known; None if it is.

    """

    product: str
    time: int
    bids: list[Level] = []
    asks: list[Level] = []
    bid_levels: int = 0
    ask_levels: int = 0
    received: int | None = None
    venue_time: str = ""
    sequence: int | None = None
    unknown: Unknown | None = None

    @property
    def is_known(self) -> bool:
        """Whether it is known."""
        return self.unknown is None

    @property
    def is_crossed(self) -> bool:
        """Whether its best bid is not below its best ask: it is wrong, or the venue is amid an auction."""
        return bool(self.bids and self.asks) and float(self.bids[0][0]) >= float(self.asks[0][0])


def book_found(
    source: BookSource,
    time: int,
    found: tuple[PriceLevelBook | None, Unknown | None, int | None, int | None],
    depth: int | None,
    *,
    again: bool = False,
) -> BookAt:
    """Return the book as of a moment, from what `ReadThrough.book_at` returns; `again` as for `best_levels`."""
    book, unknown, received, sequence = found
    product = source.product
    if book is None:
        why = unknown or Unknown(NO_SNAPSHOT)
        return BookAt(product, time, received=received, sequence=sequence, unknown=why)
    return BookAt(
        product,
        time,
        *best_levels(book, depth, again=again),
        len(book.bids),
        len(book.asks),
        received,
        book.venue_time,
        sequence,
    )
