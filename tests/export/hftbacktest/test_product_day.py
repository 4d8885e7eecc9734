"""The rows of a product on one day."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from feedrec.export.hftbacktest.product_day import ProductDay
from feedrec.export.hftbacktest.rows import ASK, BID, CLEAR, DEPTH, EXCH, LOCAL, SELL, SNAPSHOT, TRADE, Rows
from feedrec.export.hftbacktest.spool import Spool
from feedrec.feeds.market.told import BookChanges, Trades

_BOTH = EXCH | LOCAL


@pytest.fixture
def spool(memory_path: Path) -> Iterator[Spool]:
    made = Spool(memory_path)
    yield made
    made.close()


def written(day: ProductDay, shift: int = 0) -> list[Any]:
    """Write the file of a day; return its rows as kind, flags and side together, both times, price and quantity."""
    file = io.BytesIO()
    count = day.write(file, shift)
    file.seek(0)
    with np.load(file) as archive:
        rows: Rows = archive["data"]
    assert len(rows) == count
    told: list[Any] = rows[["ev", "exch_ts", "local_ts", "px", "qty"]].tolist()
    return told


def snapshot(time: int, *levels: tuple[bool, str, str]) -> BookChanges:
    return BookChanges("X", time, True, *map(list, zip(*levels, strict=True)))


def change(time: int, price: str, size: str, *, is_bid: bool = True) -> BookChanges:
    return BookChanges("X", time, False, [is_bid], [price], [size])


def trade(time: int, price: str) -> Trades:
    return Trades("X", False, ["1"], [time], [False], [price], ["1"])


_BID_AND_ASK = ((True, "9", "1"), (False, "10", "2"))


def cleared(exchange_time: int, local_time: int) -> list[Any]:
    nan = pytest.approx(np.nan, nan_ok=True)
    return [(CLEAR | side | _BOTH, exchange_time, local_time, nan, 0) for side in (BID, ASK)]


def test_it_begins_with_the_end_of_all_levels_and_the_snapshot(spool: Spool) -> None:
    day = ProductDay(spool, 0)
    day.take_changes(105, snapshot(100, *_BID_AND_ASK))
    day.take_changes(112, change(110, "9", "0"))
    assert written(day) == [
        *cleared(100, 105),
        (SNAPSHOT | BID | _BOTH, 100, 105, 9, 1),
        (SNAPSHOT | ASK | _BOTH, 100, 105, 10, 2),
        (DEPTH | BID | _BOTH, 110, 112, 9, 0),
    ]


def test_a_snapshot_after_other_rows_has_its_own_end_of_all_levels(spool: Spool) -> None:
    """A trade came before the first book, and a gap before the second."""
    day = ProductDay(spool, 0)
    day.take_trades(95, trade(90, "9.5"))
    for time in (100, 200):
        day.take_changes(time + 5, snapshot(time, *_BID_AND_ASK))
    rows = written(day)
    assert rows[:3] == [*cleared(90, 95), (TRADE | SELL | _BOTH, 90, 95, 9.5, 1)]
    assert rows[3:5] == cleared(100, 105)
    assert rows[7:9] == cleared(200, 205)
    assert len(rows) == 11


def test_a_belated_trade_stands_twice(spool: Spool) -> None:
    day = ProductDay(spool, 0)
    day.take_changes(105, snapshot(100, *_BID_AND_ASK))
    day.take_changes(122, change(120, "9", "3"))
    day.take_trades(130, trade(110, "9"))
    assert written(day)[4:] == [
        (TRADE | SELL | EXCH, 110, 130, 9, 1),
        (DEPTH | BID | _BOTH, 120, 122, 9, 3),
        (TRADE | SELL | LOCAL, 110, 130, 9, 1),
    ]


def test_a_change_that_was_on_its_way_is_not_before_the_snapshot(spool: Spool) -> None:
    """Else the exchange would have it first, and then the snapshot without it."""
    day = ProductDay(spool, 0)
    day.take_changes(105, snapshot(100, *_BID_AND_ASK))
    day.take_changes(111, change(97, "8", "5"))
    assert written(day)[2:] == [
        (SNAPSHOT | BID | _BOTH, 97, 105, 9, 1),
        (SNAPSHOT | ASK | _BOTH, 97, 105, 10, 2),
        (DEPTH | BID | _BOTH, 97, 111, 8, 5),
    ]


def test_a_snapshot_is_not_before_changes_that_it_replaces(spool: Spool) -> None:
    """Whatever comes later: that stands before it then."""
    day = ProductDay(spool, 0)
    day.take_changes(105, snapshot(100, *_BID_AND_ASK))
    day.take_changes(115, change(110, "8", "5"))
    day.take_changes(205, snapshot(200, *_BID_AND_ASK))
    day.take_changes(210, change(50, "7", "1"))
    kinds = [(row[0] & 0xF, row[1]) for row in written(day) if row[0] & EXCH]
    assert kinds.index((DEPTH, 110)) < kinds.index((CLEAR, 110)) < kinds.index((SNAPSHOT, 110))


def test_the_next_day_begins_with_the_book_as_it_stood(spool: Spool) -> None:
    """The best levels first, at the time of the last change."""
    day = ProductDay(spool, 0)
    day.take_changes(5, snapshot(1, (True, "1", "1"), (True, "2", "1"), (False, "3", "1"), (False, "4", "1")))
    day.spool()
    day.take_changes(105, snapshot(100, *_BID_AND_ASK, (True, "8", "4")))
    day.spool()
    day.take_changes(112, change(110, "9", "0"))
    day.take_changes(122, change(120, "7", "5.5"))
    following = day.next_day(spool, 1000)
    assert following is not None
    following.take_trades(1005, trade(999, "8"))
    assert written(following) == [
        *cleared(120, 1000),
        (SNAPSHOT | BID | _BOTH, 120, 1000, 8, 4),
        (SNAPSHOT | BID | _BOTH, 120, 1000, 7, 5.5),
        (SNAPSHOT | ASK | _BOTH, 120, 1000, 10, 2),
        (TRADE | SELL | _BOTH, 999, 1005, 8, 1),
    ]
    quiet = following.next_day(spool, 2000)
    assert quiet is not None
    quiet.take_changes(2001, change(2000, "8", "0"))
    assert [row[3:] for row in written(quiet)[2:]] == [(8, 4), (7, 5.5), (10, 2), (8, 0)]


def test_the_next_day_begins_with_nothing_if_the_book_is_not_known(spool: Spool) -> None:
    day = ProductDay(spool, 0)
    day.take_trades(95, trade(90, "9.5"))
    assert day.next_day(spool, 1000) is None
    day.take_changes(105, snapshot(100, *_BID_AND_ASK))
    day.lose_book()
    assert day.next_day(spool, 1000) is None
    day.take_changes(205, snapshot(200, *_BID_AND_ASK))
    assert day.next_day(spool, 1000) is not None


@pytest.mark.parametrize("time", [-5, 1 << 62, 1 << 80])
def test_a_snapshot_with_a_time_that_cannot_be_has_that_of_its_receipt(spool: Spool, time: int) -> None:
    day = ProductDay(spool, 0)
    day.take_changes(105, snapshot(time, *_BID_AND_ASK))
    day.take_changes(112, change(time, "9", "0"))
    assert [row[1] for row in written(day)] == [105] * 4
    assert day.notes() == [
        "levels and trades that were left out: 1; a price or size is no number, or a time not of 1970 to 2116"
    ]


def test_many_rows_are_read_in_parts(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the parts are, the file is the same."""
    day = ProductDay(spool, 0)
    day.take_changes(5, snapshot(1, *((True, str(price), "1") for price in range(1, 400))))
    for number in range(1, 60):
        day.take_changes(5 + number, change(1 + number * 7 % 50, str(number), str(number)))
        if number % 10 == 0:
            day.spool()
    whole = written(day)
    monkeypatch.setattr("feedrec.export.hftbacktest.product_day._AT_ONCE", 7)
    assert written(day)[2:] == whole[2:]


def test_times_of_receipt_are_put_off(spool: Spool) -> None:
    day = ProductDay(spool, 0)
    day.take_changes(95_000_000, snapshot(100_000_000, *_BID_AND_ASK))
    day.spool()
    assert (day.latencies.rows, day.latencies.lowest) == (2, -5_000_000)
    assert [row[1:3] for row in written(day, 7_000_000)] == [(100_000_000, 102_000_000)] * 4
    assert day.notes() == [
        "rows with a negative latency: 2, the worst -5.000 ms; --fix-latency puts off all times of receipt"
    ]
    assert day.notes(7_000_000) == ["all times of receipt are 7.000 ms later than recorded: no latency is negative"]


def test_a_clock_that_was_set_back_is_told(spool: Spool) -> None:
    day = ProductDay(spool, 0)
    day.set_back(2_500_000, 3)
    day.set_back(1_500_000, 1)
    assert day.notes() == [
        "rows that have the time of receipt of the one before: 4; the clock had been set back by 2.500 ms"
    ]
