"""A client that is told what TopLevels says sees the best levels of the whole book after every frame."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.feeds.state.top_levels import LevelUpdate, ToldLevel, TopLevels

prices = st.sampled_from(["1", "2", "2.0", "3", "3.50", "4", "5", "6", "7.000000000000000001", "7.000000000000000002"])
quantities = st.sampled_from(["0", "0.000", "1", "2", "2.0"])
updates = st.lists(st.tuples(st.booleans(), prices, quantities), max_size=6)

Sides = dict[bool, dict[Decimal, tuple[str, str]]]


def put(sides: Sides, update: tuple[bool, str, str | None]) -> None:
    is_bid, price, quantity = update
    if quantity is None or Decimal(quantity) == 0:
        sides[is_bid].pop(Decimal(price), None)
    else:
        sides[is_bid][Decimal(price)] = price, quantity


def best(sides: Sides, levels: int) -> Sides:
    return {is_bid: {key: side[key] for key in sorted(side, reverse=is_bid)[:levels]} for is_bid, side in sides.items()}


@settings(max_examples=60)
@given(st.integers(1, 4), updates, st.lists(updates, max_size=12))
def test_a_client_sees_the_best_levels_after_each_frame(
    levels: int, snapshot: list[LevelUpdate], frames: list[list[LevelUpdate]]
) -> None:
    """The whole book and the client's are two plain dictionaries here, and prices are decimals."""
    book: Sides = {True: {}, False: {}}
    client: Sides = {True: {}, False: {}}
    top = TopLevels(levels)
    kept = top.begin(snapshot)
    for update in snapshot:
        put(book, update)
    for place in kept:
        put(client, snapshot[place])
    assert client == best(book, levels)
    for frame in frames:
        told = top.change(frame)
        before = best(book, levels)
        for update in frame:
            put(book, update)
        for said in frame if told is None else [level[:3] for level in told]:
            put(client, said)
        now = best(book, levels)
        assert client == now
        assert (top.seen_bids, top.seen_asks) == (list(now[True].values()), list(now[False].values()))
        if told == []:
            assert client == before
        for level in told or ():
            if level.place is not None:
                is_bid, price, quantity = frame[level.place]
                assert (is_bid, Decimal(price)) == (level.is_bid, Decimal(level.price))
                assert quantity == level.quantity or (level.quantity is None and not Decimal(quantity))


def test_a_level_that_makes_room_brings_the_next_one_in_and_one_that_comes_pushes_one_out() -> None:
    top = TopLevels(2)
    assert top.begin([(True, "9", "1"), (True, "8", "1"), (True, "7", "1"), (False, "10", "1")]) == [0, 1, 3]
    assert top.change([(True, "9", "0")]) == [ToldLevel(True, "9", None, 0), ToldLevel(True, "7", "1", None)]
    assert top.change([(True, "8.5", "2")]) == [ToldLevel(True, "8.5", "2", 0), ToldLevel(True, "7", None, None)]
    assert top.seen_bids == [("8.5", "2"), ("8", "1")]


def test_a_frame_that_is_all_inside_is_as_it_was_and_one_that_is_all_outside_says_nothing() -> None:
    top = TopLevels(2)
    top.begin([(False, "10", "1"), (False, "11", "1"), (False, "12", "1")])
    assert top.change([(False, "10", "2"), (False, "11", "3")]) is None
    assert top.change([(False, "12", "9"), (True, "x", "1")]) == []
    assert top.change([(False, "10", "2")]) == []
    assert top.change([(False, "10", "5"), (False, "12", "8")]) == [ToldLevel(False, "10", "5", 0)]


def test_what_is_no_price_is_left_out() -> None:
    top = TopLevels(2)
    top.begin([(True, "nan", "1"), (True, "9", "1"), (True, "inf", "1")])
    assert top.seen_bids == [("9", "1")]
    assert top.change([(True, "9", "2"), (True, "nan", "2")]) == [ToldLevel(True, "9", "2", 0)]
