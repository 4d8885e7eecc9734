"""The best prices are those that sorting the whole side gives."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.state import best_prices
from feedrec.feeds.state.best_prices import BestPrices


def plainly(side: dict[float, int], levels: int, *, is_bid: bool) -> list[float]:
    return sorted(side, reverse=is_bid)[:levels]


@given(st.data(), st.integers(1, 3), st.integers(0, 3))
def test_best_prices_are_those_of_the_sorted_side(data: st.DataObject, levels: int, reserve: int) -> None:
    price, is_bid = st.integers(0, 12).map(float), data.draw(st.booleans())
    side = dict.fromkeys(data.draw(st.lists(price, max_size=12)), 0)
    before, best_prices._RESERVE = best_prices._RESERVE, reserve  # small, so that it is used up
    try:
        best = BestPrices(side, levels, is_bid=is_bid)
    finally:
        best_prices._RESERVE = before
    assert best.best() == plainly(side, levels, is_bid=is_bid)
    for key, is_put in data.draw(st.lists(st.tuples(price, st.booleans()), max_size=40)):
        was_there = key in side
        if is_put:
            side[key] = 1
        else:
            side.pop(key, None)
        best.follow(key, was_there=was_there)
        assert best.best() == plainly(side, levels, is_bid=is_bid)


def test_a_side_that_is_eaten_from_the_top_and_filled_again_stays_in_order() -> None:
    """So the prices that are kept in order run out, and then are too many."""
    draw = random.Random(17)
    side = dict.fromkeys(map(float, range(1_000)), 0)
    best = BestPrices(side, 25, is_bid=True)
    for step in range(4_000):
        key = max(side) if step % 2_000 < 600 else float(draw.randrange(700, 1_400))
        was_there = key in side
        if step % 2_000 < 600:
            del side[key]
        else:
            side[key] = 0
        best.follow(key, was_there=was_there)
        if step % 10 == 0:
            assert best.best() == plainly(side, 25, is_bid=True)
