"""
The books with which days begin: who has a day's file can read it by itself.

Changes are only kept until many have come, as most of them are of no consequence: of all changes of a price, the last
one counts. Then they are put into their books, and books that had none for long become texts, their columns joined,
which take a tenth of the memory of levels.
"""

from __future__ import annotations

from itertools import compress
from operator import not_

import msgspec

from ..feeds.market.told import BookChanges
from ..feeds.state.book import DumpedLevels, PriceLevelBook, Side
from ..model import NANOSECONDS

__all__ = ["DAY", "DayBooks"]

DAY = 86_400 * NANOSECONDS
"""A day, in nanoseconds. Days are those of UTC, by the recorder's clock."""

_JOINT = ","  # is in no number
_MOST = 200_000
_decode_numbers = msgspec.json.Decoder(list[float]).decode


class DayBooks:
    """
    Follows the books of all products, and gives each as it was when a day began.

    Args:
        most: How many changes of levels are kept until they are put into the books, and how many levels that are not
            joined, of all products together: for the default, about 30 MB and 60 MB.

    """

    def __init__(self, most: int = _MOST) -> None:
        self._books: dict[str, _DayBook] = {}
        self._most, self._pending = most, 0

    def take(self, time: int, changes: BookChanges) -> BookChanges | None:
        """
        Take changes; return the book before them, if they are the first ones of their product on that day.

        Args:
            time: When they were received, in nanoseconds since 1970.
            changes: What is told next of that product.

        Returns:
            All levels, the best of each side first, as a snapshot of the time of the last change; None if the day has
            begun, the book was not known, or the changes are a snapshot.

        """
        book = self._books.get(changes.product)
        if book is None:
            book = self._books[changes.product] = _DayBook()
        opening = None
        if time >= book.day_end:
            if not changes.is_snapshot:
                self._pending -= book.pending
                opening = book.snapshot(changes.product)
                book.join()
            book.day_end = time - time % DAY + DAY
        self._pending += book.add(changes)
        if self._pending > self._most:
            self._fold()
        return opening

    def lose(self, product: str) -> None:
        """Forget the book of a product: frames of it are missing, and it is not known until its next snapshot."""
        book = self._books.get(product)
        if book is not None:
            self._pending -= book.lose()

    def known(self) -> list[BookChanges]:
        """Return all books that are known, each as `take` does."""
        found = [book.snapshot(product) for product, book in self._books.items()]
        return [book for book in found if book is not None]

    def _fold(self) -> None:
        """Put half of the changes into their books, those of the products with the most first."""
        levels, folding = 0, self._pending > self._most
        for book in sorted(self._books.values(), key=lambda book: book.pending, reverse=True):
            if folding:
                self._pending -= book.pending
                book.fold()
                folding = self._pending > self._most // 2
            levels += book.levels
            if levels > self._most:
                levels -= book.levels
                book.join()


class _DayBook:
    """
    The book of a product.

    Attributes:
        day_end: When the day of its latest changes ends, in nanoseconds since 1970.

    """

    __slots__ = ("_are_bids", "_book", "_is_known", "_joined", "_prices", "_sizes", "_time", "day_end")

    def __init__(self) -> None:
        self._are_bids: list[bool] = []
        self._prices: list[str] = []
        self._sizes: list[str] = []
        self._book: PriceLevelBook | None = None
        self._joined: tuple[str, ...] = ()
        self._is_known = False
        self._time = 0
        self.day_end = 0

    @property
    def pending(self) -> int:
        """How many changes of levels are not in it yet."""
        return len(self._prices)

    @property
    def levels(self) -> int:
        """How many levels it has that are not joined."""
        return len(self._book.bids) + len(self._book.asks) if self._book else 0

    def add(self, changes: BookChanges) -> int:
        """Add changes; return how many more are pending."""
        before = 0
        if changes.is_snapshot:
            before = self.lose()
            self._is_known = True
        elif not self._is_known:
            return 0
        self._time = changes.time
        # Flat lists, as many small ones would keep the garbage collector busy.
        self._are_bids += changes.are_bids
        self._prices += changes.prices
        self._sizes += changes.sizes
        return len(changes.prices) - before

    def lose(self) -> int:
        """Forget all; return how many changes were pending."""
        pending = self.pending
        self._are_bids, self._prices, self._sizes = [], [], []
        self._book, self._joined, self._is_known = None, (), False
        return pending

    def snapshot(self, product: str) -> BookChanges | None:
        """Return the book, the best of each side first; None if it is not known."""
        if not self._is_known:
            return None
        levels = self.fold().dump_levels()
        are_bids = [True] * len(levels.bid_prices) + [False] * len(levels.ask_prices)
        prices, sizes = levels.bid_prices + levels.ask_prices, levels.bid_quantities + levels.ask_quantities
        return BookChanges(product, self._time, True, are_bids, prices, sizes)

    def fold(self) -> PriceLevelBook:
        """Put all changes into the book, and return it."""
        book = self._book = self._book or self._parted()
        for side, are_its in ((book.bids, self._are_bids), (book.asks, list(map(not_, self._are_bids)))):
            _fold_into(book, side, list(compress(self._prices, are_its)), list(compress(self._sizes, are_its)))
        self._are_bids, self._prices, self._sizes = [], [], []
        return book

    def join(self) -> None:
        """Take little memory from here on, until it is folded."""
        if self._book:
            sides = (self._book.bids.values(), self._book.asks.values())
            self._joined = tuple(_JOINT.join(level[column] for level in side) for side in sides for column in (0, 1))
            self._book = None

    def _parted(self) -> PriceLevelBook:
        book = PriceLevelBook()
        book.load_levels(DumpedLevels(*(column.split(_JOINT) if column else [] for column in self._joined or [""] * 4)))
        self._joined = ()
        return book


def _fold_into(book: PriceLevelBook, side: Side, prices: list[str], sizes: list[str]) -> None:
    """Put changes into a side, of each price only the last one, unless prices must be compared by value for that."""
    last = dict(zip(prices, sizes, strict=True))
    try:
        # A size that is no number would count for nothing, and the one before it would be the last.
        _decode_numbers(f"[{_JOINT.join(sizes)}]")
        are_texts_enough = len(set(map(float, last))) == len(last)
    except (msgspec.DecodeError, ValueError):
        are_texts_enough = False
    if are_texts_enough:
        prices, sizes = list(last), list(last.values())
    book.put_all([side] * len(prices), prices, sizes)
