"""Price levels: set, removed, sorted, copied."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.state.book import PriceLevelBook

prices = st.builds(
    lambda hundredths, zeros: f"{hundredths // 100}.{hundredths % 100:02d}{'0' * zeros}",
    st.integers(0, 3000),
    st.integers(0, 3),
)
quantities = st.sampled_from(["0", "0.00", "-0", "1", "0.5", "12.70"])


@given(st.lists(st.tuples(prices, quantities), max_size=60))
def test_a_side_has_the_last_quantity_of_each_price_unless_that_is_zero(changes: list[tuple[str, str]]) -> None:
    book = PriceLevelBook()
    expected: dict[Decimal, tuple[str, str]] = {}
    for price, quantity in changes:
        book.put(book.bids, price, quantity)
        book.put(book.asks, price, quantity)
        expected[Decimal(price)] = (price, quantity)
    levels = [level for _, level in sorted(expected.items()) if Decimal(level[1])]
    assert book.best_asks() == levels
    assert book.best_bids() == levels[::-1]


@pytest.mark.parametrize("level", [("x", "1"), ("nan", "1"), ("inf", "1"), ("1", "many"), ("1", "")])
def test_what_is_not_a_number_is_left_out(level: tuple[str, str]) -> None:
    book = PriceLevelBook()
    book.put(book.bids, *level)
    assert book.bids == {}


def test_a_copy_goes_its_own_way() -> None:
    class Named(PriceLevelBook):
        __slots__ = ("name",)

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    book = Named("x")
    book.put(book.bids, "1", "2")
    other = book.copy()
    other.put(other.bids, "1", "0")
    other.put(other.asks, "3", "4")
    assert (book.best_bids(), book.best_asks()) == ([("1", "2")], [])
    assert (other.name, other.best_bids(), other.best_asks()) == ("x", [], [("3", "4")])
