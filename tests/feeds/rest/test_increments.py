"""The increments of prices and sizes that were seen."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.rest.increments import increment_of


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 12)), min_size=1))
def test_it_is_the_greatest_power_of_ten_of_which_all_are_multiples(seen: list[tuple[int, int]]) -> None:
    numbers = [Decimal(digits).scaleb(-places) for digits, places in seen]
    increment = Decimal(increment_of(f"{number:f}" for number in numbers))
    assert increment in {Decimal(1).scaleb(-places) for places in range(13)}
    assert all(number % increment == 0 for number in numbers)
    assert increment == 1 or any(number % (10 * increment) for number in numbers)


@pytest.mark.parametrize(
    ("numbers", "increment"),
    [
        (["65083.67", "65083"], "0.01"),
        (["65083", "100"], "1"),
        (["2671.60", "2671.00"], "0.1"),
        (["0.24000910", "0.00000001"], "0.00000001"),
        (["1e-8", "nan", "-0.1", "", " 0.1", "0.1.1", "\u0661.\u0665"], ""),
        (["1e-8", "0.5"], "0.1"),
        ([], ""),
    ],
)
def test_it_is_written_as_the_venue_does(numbers: list[str], increment: str) -> None:
    assert increment_of(numbers) == increment
