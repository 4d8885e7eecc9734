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


def spell(number: Decimal, form: int) -> str:
    """Write a number in one of the ways in which it can be written."""
    plain = f"{number:f}"
    _, digits, exponent = number.as_tuple()
    sign, digits_text = "-" * number.is_signed(), "".join(map(str, digits))
    more = plain if "." in plain else f"{plain}."
    forms = (
        plain,
        f"{more}000",
        f"{more}{'0' * 20}",
        f"{sign}{digits_text}e{exponent}",
        f"{sign}{digits_text}0E{int(exponent) - 1:+03d}",
        f"{sign}00{plain.removeprefix('-')}",
        plain if sign else f"+{plain}",
    )
    return forms[form % len(forms)]


short = st.builds(lambda number, places: Decimal(number).scaleb(-places), st.integers(-40, 40), st.integers(0, 3))
long = st.builds(lambda number: Decimal(123456789012345678900 + number).scaleb(-10), st.integers(0, 3))
spelled = st.tuples(short | long, st.integers(0, 6)).map(lambda one: (one[0], spell(*one)))


@given(changes=st.lists(st.tuples(spelled, spelled | st.just((Decimal(0), "0"))), max_size=40), together=st.booleans())
def test_prices_and_zero_may_be_spelled_in_any_way(
    *, changes: list[tuple[tuple[Decimal, str], tuple[Decimal, str]]], together: bool
) -> None:
    """One by one or together, a level is found by its value, and has the spelling that came last."""
    book = PriceLevelBook()
    if together:
        texts = [(price, quantity) for (_, price), (_, quantity) in changes]
        book.put_all([book.asks] * len(texts), [price for price, _ in texts], [quantity for _, quantity in texts])
    expected: dict[Decimal, tuple[str, str]] = {}
    for (price, spelled_price), (quantity, spelled_quantity) in changes:
        if not together:
            book.put(book.asks, spelled_price, spelled_quantity)
        expected.pop(price, None)
        if quantity:
            expected[price] = (spelled_price, spelled_quantity)
    assert book.best_asks() == [level for _, level in sorted(expected.items())]


@pytest.mark.parametrize("zero", ["0", "0.00000000", "0.0", "-0", "0e-8", "0.0E+3", "00", "+0", ".0", "0."])
@pytest.mark.parametrize("others", [0, 20])
def test_zero_is_zero_however_it_is_spelled(zero: str, others: int) -> None:
    """Also in the company of many other levels."""
    book = PriceLevelBook()
    book.put(book.bids, "8444.00", "1.5")
    prices = ["8444", *map(str, range(others))]
    book.put_all([book.bids] * len(prices), prices, [zero, *["1"] * others])
    assert "8444.00" not in dict(book.best_bids())
    assert len(book.bids) == others


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


@pytest.mark.parametrize(
    "level",
    [
        ("x", "1"),
        ("nan", "1"),
        ("inf", "1"),
        ("1e999", "1"),
        ("-infinity" * 2, "1"),
        ("1", "many"),
        ("1", ""),
        ("1,2", "3"),
    ],
)
def test_what_is_not_a_number_is_left_out(level: tuple[str, str]) -> None:
    book = PriceLevelBook()
    book.put(book.bids, *level)
    book.put_all([book.bids, book.bids], [level[0], "5"], [level[1], "6"])
    assert book.best_bids() == [("5", "6")]


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
