"""The best levels, asked for again and again, are those of all levels put in order."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.state.book import PriceLevelBook
from feedrec.replay.books.best_levels import best_levels

CHANGES = st.lists(st.tuples(st.booleans(), st.integers(0, 400), st.integers(0, 2)), max_size=60)
"""The side, the price, and the size of levels."""


@given(st.lists(CHANGES, max_size=8), st.sampled_from([1, 2, 5, None]))
def test_they_are_those_of_all_levels_however_the_book_changes(
    steps: Sequence[Sequence[tuple[bool, int, int]]], depth: int | None
) -> None:
    """Level by level, and many at once."""
    book = PriceLevelBook()
    book.put_all([book.bids] * 300, [str(price) for price in range(300)], ["1"] * 300)
    for changes in steps:
        for is_bid, price, size in changes[:5]:
            book.put(book.bids if is_bid else book.asks, str(price), str(size))
        sides = [book.bids if is_bid else book.asks for is_bid, _, _ in changes]
        book.put_all(sides, [str(price) for _, price, _ in changes], [str(size) for _, _, size in changes])
        expected = book.best_bids()[:depth], book.best_asks()[:depth]
        assert best_levels(book, depth, again=True) == expected
        assert best_levels(book, depth, again=False) == expected


def test_prices_of_many_digits_are_in_order_too() -> None:
    book = PriceLevelBook()
    for price in ("1", "1.00000000000000000001", "0.99999999999999999999", "2"):
        book.put(book.bids, price, "1")
        best_levels(book, 3, again=True)
    assert any(isinstance(key, Decimal) for key in book.bids)
    bids, _ = best_levels(book, 3, again=True)
    assert [price for price, _ in bids] == ["2", "1.00000000000000000001", "1"]


def test_another_depth_is_followed_from_then_on() -> None:
    book = PriceLevelBook()
    book.put_all([book.asks] * 9, [str(price) for price in range(9)], ["1"] * 9)
    assert [len(best_levels(book, depth, again=True)[1]) for depth in (2, 5, 3)] == [2, 5, 3]
