"""What is told of a product, made rows many at a time."""

from __future__ import annotations

import math

import pytest

from feedrec.export.hftbacktest.collecting import LATEST, Collected
from feedrec.export.hftbacktest.rows import ASK, BID, BUY, CLEAR, DEPTH, SELL, SNAPSHOT, TRADE
from feedrec.feeds.market.told import BookChanges, Trades


def changes(*levels: tuple[str, str], time: int = 100, is_bid: bool = True) -> BookChanges:
    prices, sizes = map(list, zip(*levels, strict=True))
    return BookChanges("X", time, False, [is_bid] * len(levels), prices, sizes)


def test_a_change_is_a_row_of_its_side_with_both_times() -> None:
    collected = Collected()
    collected.take_changes(105, BookChanges("X", 100, False, [True, False], ["1.5", "1.6"], ["0.25", "0"]))
    assert collected.count == 2
    assert collected.rows().tolist() == [(DEPTH | BID, 100, 105, 1.5, 0.25), (DEPTH | ASK, 100, 105, 1.6, 0)]
    assert collected.count == 0


def test_the_side_of_a_trade_is_that_of_its_taker() -> None:
    collected = Collected()
    collected.take_trades(105, Trades("X", False, ["1", "2"], [100, 101], [True, False], ["1.5", "1.4"], ["2", "3"]))
    assert collected.rows().tolist() == [(TRADE | BUY, 100, 105, 1.5, 2), (TRADE | SELL, 101, 105, 1.4, 3)]


def test_a_snapshot_clears_both_sides_and_has_its_number_as_time() -> None:
    """The end of levels has no price: with one, it would be the end only down to that."""
    collected = Collected()
    snapshot = BookChanges("X", 100, True, [True, False], ["1.5", "1.6"], ["2", "3"])
    collected.take_snapshot(105, snapshot, 100, 7, is_first=False)
    rows = collected.rows()
    assert rows["ev"].tolist() == [CLEAR | BID, CLEAR | ASK, SNAPSHOT | BID, SNAPSHOT | ASK]
    assert rows["exch_ts"].tolist() == [7] * 4
    assert all(map(math.isnan, rows["px"][:2]))
    collected.take_snapshot(105, snapshot, 100, 1, is_first=True)
    assert collected.rows()["ev"].tolist() == [SNAPSHOT | BID, SNAPSHOT | ASK]


def test_what_was_received_at_one_time_has_trades_first() -> None:
    collected = Collected()
    collected.take_changes(105, changes(("1", "1"), ("2", "1")))
    collected.take_trades(105, Trades("X", False, ["1"], [100], [True], ["3"], ["1"]))
    collected.take_changes(106, changes(("4", "1")))
    assert collected.rows()["px"].tolist() == [3, 1, 2, 4]


@pytest.mark.parametrize("wrong", ["", "abc", "nan", "inf", "1e999", "1,2", "0x10"])
def test_what_is_no_number_is_left_out_and_counted(wrong: str) -> None:
    collected = Collected()
    collected.take_changes(105, changes(("1", "1"), (wrong, "2"), ("3", "3")))
    collected.take_changes(105, changes(("4", wrong), ("5", "5")))
    assert collected.rows()["px"].tolist() == [1, 3, 5]
    assert collected.left_out == 2


@pytest.mark.parametrize(("odd", "value"), [(".5", 0.5), ("1E3", 1000), ("+2", 2), ("00.25", 0.25), (" 7", 7)])
def test_a_number_may_be_written_in_another_way(odd: str, value: float) -> None:
    collected = Collected()
    collected.take_changes(105, changes(("1", "1"), (odd, "2")))
    assert collected.rows()["px"].tolist() == [1, value]


@pytest.mark.parametrize("time", [-1, LATEST, 1 << 63, 1 << 70])
def test_a_time_that_a_row_cannot_have_is_left_out_and_counted(time: int) -> None:
    collected = Collected()
    collected.take_changes(105, changes(("1", "1"), time=time))
    collected.take_changes(106, changes(("2", "1")))
    collected.take_changes(time, changes(("3", "1")))
    assert collected.rows()["px"].tolist() == [2]
    assert collected.left_out == 2


def test_latencies_that_cannot_be_are_counted_by_rows() -> None:
    collected = Collected()
    collected.take_snapshot(
        90, BookChanges("X", 100, True, [True] * 3, ["1", "2", "3"], ["1"] * 3), 100, 1, is_first=True
    )
    collected.take_changes(105, changes(("1", "1")))
    collected.take_trades(70, Trades("X", False, ["1"], [100], [True], ["3"], ["1"]))
    collected.rows()
    assert (collected.latencies.rows, collected.latencies.lowest) == (4, -30)
