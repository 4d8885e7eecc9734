"""A crossed book is found once, if it stays crossed, and no other is."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.checking import CrossedBooks, Finding
from feedrec.feeds.coinbase_advanced.frames import describe
from feedrec.feeds.coinbase_advanced.state import MarketState
from feedrec.model import NANOSECONDS, format_time

START = 1_790_733_792 * NANOSECONDS


class Books:
    """A check, and the frames that it takes."""

    def __init__(self) -> None:
        self.check = CrossedBooks(MarketState(), {"level2"})

    def take(self, seconds: float, kind: str, *levels: tuple[str, str, str], product: str = "A-USD") -> list[Finding]:
        updates = [
            {"side": side, "event_time": "", "price_level": price, "new_quantity": quantity}
            for side, price, quantity in levels
        ]
        event: dict[str, Any] = {"type": kind, "product_id": product, "updates": updates}
        payload = json.dumps({"channel": "l2_data", "sequence_num": 0, "events": [event]}).encode()
        return list(self.check.take(START + round(seconds * NANOSECONDS), describe(payload), payload))


def test_a_book_that_stays_crossed_is_found_once_until_it_is_in_order() -> None:
    books = Books()
    assert books.take(0, "snapshot", ("bid", "9", "1"), ("offer", "11", "1")) == []
    assert books.take(1, "update", ("bid", "11.0", "1")) == []
    assert books.take(1.5, "update", ("bid", "9", "2")) == []
    (found,) = books.take(2, "update", ("bid", "9", "3"))
    assert found.event == "crossed"
    assert found.details == {
        "channel": "level2",
        "product": "A-USD",
        "bid": "11.0",
        "ask": "11",
        "since": format_time(START + NANOSECONDS),
    }
    assert found.text == "the book of level2 A-USD is crossed: best bid 11.0, best ask 11"
    assert books.take(9, "snapshot", ("bid", "12", "1"), ("offer", "11", "1")) == []
    assert books.take(10, "update", ("bid", "12", "0")) == []
    assert books.take(11, "update", ("bid", "12", "1")) == []
    assert len(books.take(12, "update", ("bid", "12", "1"))) == 1


def test_a_book_crossed_for_a_moment_or_with_one_side_or_without_a_snapshot_is_not_found() -> None:
    books = Books()
    for second in range(3):
        assert books.take(second, "update", ("bid", "9", "1"), ("offer", "1", "1"), product="B-USD") == []
    assert books.take(0, "snapshot", ("bid", "9", "1")) == []
    assert books.take(1, "update", ("bid", "8", "1")) == []
    assert books.take(2, "update", ("offer", "5", "1")) == []
    assert books.take(2.5, "update", ("offer", "5", "0")) == []
    assert books.take(3, "update", ("offer", "10", "1")) == []


def test_a_clock_that_is_set_back_delays_no_look() -> None:
    books = Books()
    books.take(1000, "snapshot", ("bid", "9", "1"), ("offer", "8", "1"))
    assert len(books.take(5, "update", ("bid", "9", "2"))) == 1


@given(st.lists(st.tuples(st.sampled_from(["bid", "offer"]), st.integers(1, 9), st.integers(0, 1)), max_size=40))
def test_what_is_found_is_crossed_by_its_own_levels(changes: list[tuple[str, int, int]]) -> None:
    books, sides = Books(), {"bid": {1}, "offer": {9}}
    books.take(0, "snapshot", ("bid", "1", "1"), ("offer", "9", "1"))
    before = False
    has_told = False
    for second, (side, price, quantity) in enumerate(changes, 1):
        (sides[side].add if quantity else sides[side].discard)(price)
        found = books.take(second, "update", (side, str(price), str(quantity)))
        crossed = all(sides.values()) and max(sides["bid"]) >= min(sides["offer"])
        assert bool(found) == (crossed and before and not has_told)
        before, has_told = crossed, crossed and (has_told or bool(found))
