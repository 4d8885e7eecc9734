"""The books as they are by now, against some that are followed change by change."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.export import latest_books
from feedrec.export.latest_books import LatestBooks
from feedrec.feeds.market.told import BookChanges
from feedrec.feeds.state.book import PriceLevelBook

PRICES = [
    "99",
    "99.0",
    "99.00",
    "9.9e1",
    "100",
    "100.5",
    "100.123456789012345",
    "100.1234567890123450",
    "1e400",
    "x",
    "1,2",
    ".5",
    "",
]
SIZES = ["0", "0.00", "1", "1.50", "-0", "many", "nan", "1,2", ""]
changed = st.tuples(st.booleans(), st.sampled_from(PRICES), st.sampled_from(SIZES))
plain = st.tuples(st.booleans(), st.integers(95, 105).map(str), st.sampled_from(["0", "0.0", "1", "2.5"]))
steps = st.one_of(
    st.tuples(
        st.sampled_from(["A", "B"]),
        st.booleans(),
        st.lists(plain, max_size=8) | st.lists(changed, max_size=8),
    ),
    st.sampled_from(["A", "B"]),  # lost
    st.none(),  # asked for
)


def book_changes(
    product: str, time: int, levels: list[tuple[bool, str, str]], *, is_snapshot: bool = False
) -> BookChanges:
    are_bids, prices, sizes = map(list, zip(*levels, strict=True)) if levels else ([], [], [])
    return BookChanges(product, time, is_snapshot, are_bids, prices, sizes)


class SimpleBooks:
    """The same, level by level, with nothing put off."""

    def __init__(self) -> None:
        self.books: dict[str, PriceLevelBook] = {}
        self.times: dict[str, int] = {}

    def take(self, changes: BookChanges) -> None:
        product = changes.product
        if changes.is_snapshot:
            self.books[product] = PriceLevelBook()
        if product in self.books:
            book = self.books[product]
            for is_bid, price, size in zip(changes.are_bids, changes.prices, changes.sizes, strict=True):
                book.put(book.bids if is_bid else book.asks, price, size)
            self.times[product] = changes.time

    def lose(self, product: str) -> None:
        self.books.pop(product, None)

    def known(self) -> dict[str, BookChanges]:
        found = {}
        for product, book in self.books.items():
            levels = [(True, *level) for level in book.best_bids()] + [(False, *level) for level in book.best_asks()]
            found[product] = book_changes(product, self.times[product], levels, is_snapshot=True)
        return found


Step = str | tuple[str, bool, list[tuple[bool, str, str]]] | None


@given(steps=st.lists(steps, max_size=30), most=st.integers(0, 40), few=st.integers(0, 10))
def test_each_book_is_what_all_changes_make(steps: list[Step], most: int, few: int) -> None:
    """However prices and zeros are spelled, whatever is no number, and whenever changes are joined."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latest_books, "_FEW", few)
        compare([*steps, None], most)


def compare(steps: list[Step], most: int) -> None:
    books, simple = LatestBooks(most), SimpleBooks()
    for number, step in enumerate(steps):
        if step is None:
            assert {book.product: book for book in books.known()} == simple.known()
        elif isinstance(step, str):
            books.lose(step)
            simple.lose(step)
        else:
            product, is_snapshot, levels = step
            changes = book_changes(product, number, levels, is_snapshot=is_snapshot)
            books.take(changes)
            simple.take(changes)
        assert sum(book.pending for book in books._books.values()) == books._pending <= most


def test_a_book_that_is_known_and_empty_is_a_snapshot_without_levels() -> None:
    books = LatestBooks()
    books.take(book_changes("A", 5, [], is_snapshot=True))
    assert list(books.known()) == [book_changes("A", 5, [], is_snapshot=True)]


def test_what_waits_to_be_joined_is_bounded_over_all_products() -> None:
    books = LatestBooks(100)
    for number in range(1000):
        product = f"P{number % 50}"
        if number < 50:
            books.take(book_changes(product, 0, [], is_snapshot=True))
        books.take(book_changes(product, number, [(True, str(number % 7 + 1), "1")] * (number % 11)))
        assert sum(book.pending for book in books._books.values()) == books._pending <= 100


def test_prices_that_only_differ_beyond_what_a_float_tells_are_two_levels() -> None:
    books = LatestBooks()
    prices = ["0.12345678901234567891", "0.12345678901234567892"]
    assert float(prices[0]) == float(prices[1])
    assert Decimal(prices[0]) < Decimal(prices[1])
    books.take(book_changes("A", 5, [(False, price, "1") for price in prices], is_snapshot=True))
    (book,) = books.known()
    assert book.prices == prices


def test_all_books_that_are_known_can_be_had_at_any_time() -> None:
    books = LatestBooks()
    for product in "ABC":
        books.take(book_changes(product, 1, [(True, "1", "2")], is_snapshot=True))
    books.take(book_changes("A", 2, [(False, "3", "4")]))
    books.lose("B")
    assert list(books.known()) == [
        book_changes("A", 2, [(True, "1", "2"), (False, "3", "4")], is_snapshot=True),
        book_changes("C", 1, [(True, "1", "2")], is_snapshot=True),
    ]
