"""A book of cells is the book of a dictionary and sorting, after every frame."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from feedrec.export.tardis.best_book import BestBook

PRICES = [*map(str, range(1, 40)), "2.0", "3.50", "3.5", "1e1", "7.000000000000000001", "7.000000000000000002", "odd"]
Level = tuple[bool, str, str]
level = st.tuples(st.booleans(), st.sampled_from(PRICES), st.sampled_from(["0", "0.00", "1", "2.50", "1e-3", "x,1"]))

Sides = dict[str, dict[Decimal, Decimal]]


def apply(sides: Sides, rows: list[str]) -> None:
    for row in rows:
        side, price, amount = row.split(",")
        if Decimal(amount):
            sides[side][Decimal(price)] = Decimal(amount)
        else:
            assert amount == "0"
            sides[side].pop(Decimal(price), None)


def put(sides: Sides, levels: list[Level]) -> int:
    """Do the same plainly; return how many levels are no numbers."""
    odd = 0
    for is_bid, price, amount in levels:
        if price == "odd" or amount == "x,1":
            odd += 1
        elif Decimal(amount):
            sides["bid" if is_bid else "ask"][Decimal(price)] = Decimal(amount)
        else:
            sides["bid" if is_bid else "ask"].pop(Decimal(price), None)
    return odd


def columns(levels: list[Level]) -> tuple[list[bool], list[str], list[str]]:
    return [one[0] for one in levels], [one[1] for one in levels], [one[2] for one in levels]


def pairs(cells: list[str], first: int) -> list[tuple[Decimal, Decimal]]:
    """Return prices and amounts of one of two sides, in turns, as far as there are any."""
    prices, amounts = cells[first::4], cells[first + 1 :: 4]
    return [(Decimal(price), Decimal(amount)) for price, amount in zip(prices, amounts, strict=True) if price]


@given(st.lists(level, max_size=80), st.lists(st.tuples(st.booleans(), st.lists(level, max_size=8)), max_size=10))
def test_rows_rebuild_the_book_and_the_best_levels_are_those_of_sorting(
    first: list[Level], frames: list[tuple[bool, list[Level]]]
) -> None:
    """A reader that does not clear its book at a snapshot has it right too."""
    book = BestBook()
    plain: Sides = {"bid": {}, "ask": {}}
    read: Sides = {"bid": {}, "ask": {}}
    odd, seen = 0, [""] * 100
    for is_snapshot, levels in [(True, first), *frames]:
        if is_snapshot:
            plain = {"bid": {}, "ask": {}}
            rows, gone = book.begin(*columns(levels))
            assert not any(row.endswith(",0") for row in rows)
            apply(read, [*rows, *gone])
        else:
            apply(read, book.change(*columns(levels)))
        odd += put(plain, levels)
        assert read == plain
        has_changed, has_best = book.see()
        now = book.best_levels().split(",")
        assert (has_changed, has_best) == (now != seen, now[:4] != seen[:4])
        seen = now
        assert len(now) == 100
        assert pairs(now, 0) == sorted(plain["ask"].items())[:25]
        assert pairs(now, 2) == sorted(plain["bid"].items(), reverse=True)[:25]
    assert book.left_out == odd


def test_all_levels_are_bids_and_asks_the_best_first() -> None:
    book = BestBook()
    book.begin([True, False, True, False], ["1", "4", "2", "3"], ["1", "1.0", "1", "1"])
    assert book.levels() == ["bid,2,1", "bid,1,1", "ask,3,1", "ask,4,1.0"]


def test_a_level_that_comes_in_below_the_best_ones_changes_nothing_that_is_told() -> None:
    book = BestBook()
    prices = [str(price) for price in range(100, 200)]
    book.begin([True] * 100, prices, ["1"] * 100)
    assert book.see() == (True, True)
    book.change([True, False], ["100.5", "300"], ["1", "0"])
    assert book.see() == (False, False)
    book.change([True], ["174.5"], ["1"])
    assert book.see() == (False, False)
    book.change([True], ["175.5"], ["1"])
    assert book.see() == (True, False)
    book.change([True], ["199"], ["2"])
    assert book.see() == (True, True)
