"""The books of all products as they are by now: an export that begins amid recordings begins with them."""

from __future__ import annotations

from collections.abc import Iterator

from ..feeds.market.told import BookChanges
from ..feeds.state.book import PriceLevelBook

__all__ = ["LatestBooks"]


class LatestBooks:
    """Follows the books of all products."""

    def __init__(self) -> None:
        self._books: dict[str, PriceLevelBook] = {}
        self._times: dict[str, int] = {}

    def take(self, changes: BookChanges) -> None:
        """Take changes of a book, or a snapshot; changes of a book that is not known are left out."""
        product = changes.product
        if changes.is_snapshot:
            self._books[product] = PriceLevelBook()
        book = self._books.get(product)
        if book is not None:
            sides = [book.bids if is_bid else book.asks for is_bid in changes.are_bids]
            book.put_all(sides, changes.prices, changes.sizes)
            self._times[product] = changes.time

    def lose(self, product: str) -> None:
        """Forget the book of a product: frames of it are missing, and it is not known until its next snapshot."""
        self._books.pop(product, None)

    def known(self) -> Iterator[BookChanges]:
        """Yield each book that is known, the best of each side first, as a snapshot of the time of its last change."""
        for product, book in self._books.items():
            levels = book.dump_levels()
            are_bids = [True] * len(levels.bid_prices) + [False] * len(levels.ask_prices)
            prices, sizes = levels.bid_prices + levels.ask_prices, levels.bid_quantities + levels.ask_quantities
            yield BookChanges(product, self._times[product], True, are_bids, prices, sizes)
