"""
The books of all products as they are by now: an export that begins amid recordings begins with them.

Most changes are of no consequence: of all changes of a price, the last one counts. So they are kept until many have
come, and what is left of these is joined to a text, which takes a tenth of the memory. From these texts a book is made
when it is asked for, or when they have become longer than a book.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import compress
from operator import not_

from ..feeds.decoding import numbers_in
from ..feeds.market.told import BookChanges
from ..feeds.state.book import DumpedLevels, PriceLevelBook

__all__ = ["LatestBooks"]

_JOINT = ","  # is in no number
_MOST = 200_000
_FEW = 1000


class LatestBooks:
    """
    Follows the books of all products.

    Args:
        most: How many changes of levels are kept until they are joined, of all products: 25 MB for the default.

    """

    def __init__(self, most: int = _MOST) -> None:
        self._books: dict[str, _LatestBook] = {}
        self._most, self._pending = most, 0

    def take(self, changes: BookChanges) -> None:
        """Take changes of a book, or a snapshot."""
        book = self._books.get(changes.product)
        if book is None:
            book = self._books[changes.product] = _LatestBook()
        self._pending += book.add(changes)
        if self._pending > self._most:
            self._join()

    def lose(self, product: str) -> None:
        """Forget the book of a product: frames of it are missing, and it is not known until its next snapshot."""
        book = self._books.get(product)
        if book is not None:
            self._pending -= book.lose()

    def known(self) -> Iterator[BookChanges]:
        """Yield each book that is known, the best of each side first, as a snapshot of the time of its last change."""
        for product, book in self._books.items():
            self._pending -= book.pending
            found = book.snapshot(product)
            if found is not None:
                yield found

    def _join(self) -> None:
        """Join half of the changes, those of the products with the most first."""
        for book in sorted(self._books.values(), key=lambda book: book.pending, reverse=True):
            self._pending -= book.pending
            book.join()
            if self._pending <= self._most // 2:
                break


class _LatestBook:
    """The book of a product."""

    __slots__ = ("_are_bids", "_is_known", "_prices", "_sides", "_sizes", "_time")

    def __init__(self) -> None:
        self._are_bids: list[bool] = []
        self._prices: list[str] = []
        self._sizes: list[str] = []
        self._sides = _JoinedSide(), _JoinedSide()
        self._is_known = False
        self._time = 0

    @property
    def pending(self) -> int:
        """How many changes of levels are not joined."""
        return len(self._prices)

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
        self._sides = _JoinedSide(), _JoinedSide()
        self._is_known = False
        return pending

    def snapshot(self, product: str) -> BookChanges | None:
        """Return the book, the best of each side first; None if it is not known."""
        if not self._is_known:
            return None
        self.join()
        book = PriceLevelBook()
        book.load_levels(DumpedLevels(*self._sides[0].levels(), *self._sides[1].levels()))
        levels = book.dump_levels()
        are_bids = [True] * len(levels.bid_prices) + [False] * len(levels.ask_prices)
        prices, sizes = levels.bid_prices + levels.ask_prices, levels.bid_quantities + levels.ask_quantities
        return BookChanges(product, self._time, True, are_bids, prices, sizes)

    def join(self) -> None:
        """Join all changes."""
        for side, are_its in zip(self._sides, (self._are_bids, list(map(not_, self._are_bids))), strict=True):
            side.add(list(compress(self._prices, are_its)), list(compress(self._sizes, are_its)))
        self._are_bids, self._prices, self._sizes = [], [], []


class _JoinedSide:
    """One side of a book: levels, and changes of them, in their order."""

    __slots__ = ("_changes", "_levels", "_prices", "_sizes")

    def __init__(self) -> None:
        self._prices: list[str] = []
        self._sizes: list[str] = []
        self._levels = self._changes = 0

    def add(self, prices: list[str], sizes: list[str]) -> None:
        """Add changes; what is not a number is left out."""
        if not prices:
            return
        last = dict(zip(prices, sizes, strict=True))
        # If the last size of a price is no number, the one before it counts.
        if numbers_in(last.values()) is None or numbers_in(last) is None or not _are_distinct(last):
            self._put_by_value(*self.levels(), prices, sizes)
            return
        self._prices.append(_JOINT.join(last))
        self._sizes.append(_JOINT.join(last.values()))
        self._changes += len(last)
        if self._changes > self._levels + _FEW:
            self.levels()

    def levels(self) -> tuple[list[str], list[str]]:
        """Return prices and sizes as they are now, in no particular order."""
        prices, sizes = _parted(self._prices), _parted(self._sizes)
        if self._changes:
            levels = dict(zip(prices, sizes, strict=True))
            if _are_distinct(levels):
                self._set(compress(levels.items(), map(float, levels.values())))
            else:
                self._put_by_value([], [], prices, sizes)
            prices, sizes = _parted(self._prices), _parted(self._sizes)
        return prices, sizes

    def _put_by_value(self, prices: list[str], sizes: list[str], new_prices: list[str], new_sizes: list[str]) -> None:
        """Put changes into levels, comparing prices by their value."""
        book = PriceLevelBook()
        for some, theirs in ((prices, sizes), (new_prices, new_sizes)):
            book.put_all([book.bids] * len(some), some, theirs)
        self._set(book.bids.values())

    def _set(self, levels: Iterable[tuple[str, str]]) -> None:
        columns = list(zip(*levels, strict=True))
        self._levels, self._changes = len(columns[0]) if columns else 0, 0
        self._prices, self._sizes = ([_JOINT.join(column)] for column in columns) if columns else ([], [])


def _parted(texts: Sequence[str]) -> list[str]:
    return _JOINT.join(texts).split(_JOINT) if texts else []


def _are_distinct(prices: Collection[str]) -> bool:
    """Tell whether texts surely are different prices; not if numbers are as long as no float can tell apart."""
    return len(set(map(float, prices))) == len(prices)
