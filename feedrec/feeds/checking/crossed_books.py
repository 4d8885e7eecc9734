"""
Books whose best bid is not below their best ask, though a venue would have matched these.

A book is looked at once a second, since its best levels are looked for among all, and only one that is crossed twice in
a row is found: what is crossed for a moment, between frames that belong together, is not wrong. It is found once, until
it is in order again: if a new snapshot is crossed too, that is how the venue has it, as during an auction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...model import NANOSECONDS, FrameInfo, format_time
from ..state.book import book_in
from ..venue import FeedState
from .frame_check import Finding

__all__ = ["CrossedBooks"]


class CrossedBooks:
    """
    Finds crossed books; see `FrameCheck`.

    Args:
        state: Follows the books; an empty one, whose `values` are `PriceLevelBook`s by channel and product.
        channels: The channels of books, as their frames are described.

    Attributes:
        channels: As given.

    """

    def __init__(self, state: FeedState, channels: Collection[str]) -> None:
        self.channels = channels
        self._state = state
        self._looked_at: dict[str, int] = {}
        self._since: dict[str, int] = {}
        self._found: set[str] = set()

    def take(self, time: int, info: FrameInfo, payload: bytes) -> Sequence[Finding]:
        """Take a frame of a book, and look at that if it is time."""
        self._state.apply(info, payload)
        found: list[Finding] = []
        for product in info.products:
            last = self._looked_at.get(product)
            if last is None or not 0 <= time - last < NANOSECONDS:  # the clock may have been set back
                self._looked_at[product] = time
                found += self._look_at(time, info.channel, product)
        return found

    def _look_at(self, time: int, channel: str, product: str) -> Sequence[Finding]:
        book = book_in(self._state, channel, product)
        if book is None:
            return ()
        bid, ask = max(book.bids, default=0.0), min(book.asks, default=0.0)
        if not (book.bids and book.asks) or bid < ask:
            self._since.pop(product, None)
            self._found.discard(product)
            return ()
        since = self._since.setdefault(product, time)
        if since == time or product in self._found:
            return ()
        self._found.add(product)
        prices = {"bid": book.bids[bid][0], "ask": book.asks[ask][0]}
        text = f"the book of {channel} {product} is crossed: best bid {prices['bid']}, best ask {prices['ask']}"
        details = {"channel": channel, "product": product, **prices, "since": format_time(since)}
        return (Finding("crossed", text, details),)
