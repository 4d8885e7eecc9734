"""The books with which days begin, against one that is followed change by change."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.export import day_books
from feedrec.export.day_books import DayBooks
from feedrec.export.days import DAY
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
        st.integers(0, 2 * DAY),
        st.booleans(),
        st.lists(plain, max_size=8) | st.lists(changed, max_size=8),
    ),
    st.sampled_from(["A", "B"]),  # lost
)


def book_changes(
    product: str, time: int, levels: list[tuple[bool, str, str]], *, is_snapshot: bool = False
) -> BookChanges:
    are_bids, prices, sizes = map(list, zip(*levels, strict=True)) if levels else ([], [], [])
    return BookChanges(product, time, is_snapshot, are_bids, prices, sizes)


class SimpleBooks:
    """The same, level by level and day by day, with nothing put off."""

    def __init__(self) -> None:
        self.books: dict[str, PriceLevelBook] = {}
        self.times: dict[str, int] = {}
        self.days: dict[str, int] = {}

    def take(self, time: int, changes: BookChanges) -> BookChanges | None:
        product, day, opening = changes.product, time // DAY, None
        if day > self.days.get(product, -1):
            self.days[product] = day
            if product in self.books and not changes.is_snapshot:
                opening = self.snapshot(product)
        if changes.is_snapshot:
            self.books[product] = PriceLevelBook()
        if product in self.books:
            book = self.books[product]
            for is_bid, price, size in zip(changes.are_bids, changes.prices, changes.sizes, strict=True):
                book.put(book.bids if is_bid else book.asks, price, size)
            self.times[product] = changes.time
        return opening

    def lose(self, product: str) -> None:
        self.books.pop(product, None)

    def snapshot(self, product: str) -> BookChanges:
        book = self.books[product]
        levels = [(True, *level) for level in book.best_bids()] + [(False, *level) for level in book.best_asks()]
        return book_changes(product, self.times[product], levels, is_snapshot=True)


@given(steps=st.lists(steps, max_size=30), most=st.integers(0, 40), few=st.integers(0, 10))
def test_a_day_begins_with_the_book_that_all_changes_before_make(
    steps: list[str | tuple[str, int, bool, list[tuple[bool, str, str]]]], most: int, few: int
) -> None:
    """However prices and zeros are spelled, whatever is no number, and whenever changes are joined."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(day_books, "_FEW", few)
        compare(steps, most)


def compare(steps: list[str | tuple[str, int, bool, list[tuple[bool, str, str]]]], most: int) -> None:
    books, simple = DayBooks(most), SimpleBooks()
    now = 0
    for step in steps:
        if isinstance(step, str):
            books.lose(step)
            simple.lose(step)
            continue
        product, later, is_snapshot, levels = step
        now += later - DAY // 2  # a clock may go back
        now = max(now, 0)
        changes = book_changes(product, now, levels, is_snapshot=is_snapshot)
        assert books.take(now, changes) == simple.take(now, changes)
        assert sum(book.pending for book in books._books.values()) == books._pending <= most


def test_the_first_changes_of_a_day_give_the_book_before_them_once() -> None:
    books = DayBooks()
    assert books.take(DAY - 2, book_changes("A", 5, [(True, "1", "2"), (False, "3", "4")], is_snapshot=True)) is None
    assert books.take(DAY - 1, book_changes("A", 6, [(True, "1.5", "9")])) is None
    before = book_changes("A", 6, [(True, "1.5", "9"), (True, "1", "2"), (False, "3", "4")], is_snapshot=True)
    assert books.take(DAY, book_changes("A", 7, [(True, "1", "0")])) == before
    assert books.take(DAY + 1, book_changes("A", 8, [(True, "1", "7")])) is None
    after = book_changes("A", 8, [(True, "1.5", "9"), (True, "1", "7"), (False, "3", "4")], is_snapshot=True)
    assert books.take(3 * DAY, book_changes("A", 9, [])) == after


def test_a_book_that_is_known_and_empty_is_a_snapshot_without_levels() -> None:
    books = DayBooks()
    books.take(0, book_changes("A", 5, [], is_snapshot=True))
    assert books.take(DAY, book_changes("A", 6, [(True, "1", "1")])) == book_changes("A", 5, [], is_snapshot=True)


@pytest.mark.parametrize("then", ["lost", "snapshot"])
def test_a_day_that_begins_with_a_snapshot_or_without_a_known_book_needs_none(then: str) -> None:
    books = DayBooks()
    books.take(0, book_changes("A", 5, [(True, "1", "2")], is_snapshot=True))
    if then == "lost":
        books.lose("A")
    assert books.take(DAY, book_changes("A", 6, [(True, "1", "3")], is_snapshot=then == "snapshot")) is None


def test_when_a_clock_goes_back_over_midnight_the_book_is_given_once() -> None:
    books = DayBooks()
    books.take(0, book_changes("A", 5, [(True, "1", "2")], is_snapshot=True))
    assert books.take(DAY, book_changes("A", 6, [])) is not None
    assert books.take(DAY - 1, book_changes("A", 7, [])) is None
    assert books.take(DAY + 1, book_changes("A", 8, [])) is None


def test_what_waits_to_be_joined_is_bounded_over_all_products() -> None:
    books = DayBooks(100)
    for number in range(1000):
        product = f"P{number % 50}"
        if number < 50:
            books.take(0, book_changes(product, 0, [], is_snapshot=True))
        books.take(0, book_changes(product, number, [(True, str(number % 7 + 1), "1")] * (number % 11)))
        assert sum(book.pending for book in books._books.values()) == books._pending <= 100


def test_prices_that_only_differ_beyond_what_a_float_tells_are_two_levels() -> None:
    books = DayBooks()
    prices = ["0.12345678901234567891", "0.12345678901234567892"]
    assert float(prices[0]) == float(prices[1])
    assert Decimal(prices[0]) < Decimal(prices[1])
    books.take(0, book_changes("A", 5, [(False, price, "1") for price in prices], is_snapshot=True))
    opening = books.take(DAY, book_changes("A", 6, []))
    assert opening is not None
    assert opening.prices == prices


def test_all_books_that_are_known_can_be_had_at_any_time() -> None:
    books = DayBooks()
    for product in "ABC":
        books.take(1, book_changes(product, 1, [(True, "1", "2")], is_snapshot=True))
    books.take(2, book_changes("A", 2, [(False, "3", "4")]))
    books.lose("B")
    assert list(books.known()) == [
        book_changes("A", 2, [(True, "1", "2"), (False, "3", "4")], is_snapshot=True),
        book_changes("C", 1, [(True, "1", "2")], is_snapshot=True),
    ]
