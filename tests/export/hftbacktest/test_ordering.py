"""Rows in the order of two clocks at once."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from feedrec.export.hftbacktest.ordering import Belated, in_both_orders
from feedrec.export.hftbacktest.rows import BID, DEPTH, EXCH, LOCAL, NARROW, TRADE, Rows, keys_of
from feedrec.export.hftbacktest.sorting import SortedRows
from feedrec.export.hftbacktest.spool import Spool

from .drawn_rows import DRAWN, in_blocks, rows_of


def ordered(rows: Rows, block: int = 1000, at_once: int = 1000) -> Rows:
    """Order rows as a day does."""
    spool = Spool(Path(tempfile.gettempdir()))
    belated, finder = SortedRows(spool, at_once), Belated()
    for some in in_blocks(rows, block):
        belated.add(some[finder.among(keys_of(some))])
    found = [np.empty(0, NARROW), *in_both_orders(in_blocks(rows, block), belated)]
    spool.close()
    return np.concatenate(found)


def ordered_simply(rows: Rows) -> Rows:
    """Of the next rows by each clock, give the earlier one with the flag of its clock; if they are one, with both."""
    keys = list(zip(keys_of(rows).tolist(), keys_of(rows, "local_ts").tolist(), strict=True))
    by_exchange = sorted(range(len(rows)), key=lambda number: keys[number][0])
    by_local = list(range(len(rows)))
    found: list[tuple[int, int]] = []
    while by_exchange or by_local:
        ours = keys[by_local[0]] if by_local else (1 << 63, 0)
        theirs = keys[by_exchange[0]] if by_exchange else (1 << 63, 0)
        flags = EXCH | LOCAL if ours == theirs else EXCH if theirs < ours else LOCAL
        if flags & EXCH:
            number = by_exchange.pop(0)
        if flags & LOCAL:
            number = by_local.pop(0)
        found.append((number, flags))
    made = rows[[number for number, _ in found]]
    made["ev"] |= np.array([flags for _, flags in found], np.uint64)
    return made


@given(DRAWN, st.integers(1, 20), st.integers(1, 20))
def test_it_is_what_a_simple_merge_gives(drawn: list[tuple[int, int, int]], block: int, at_once: int) -> None:
    """However few are held at once."""
    rows = rows_of(drawn)
    assert ordered(rows, block, at_once).tolist() == ordered_simply(rows).tolist()


@given(DRAWN)
def test_each_clock_finds_every_row_once_and_in_order(drawn: list[tuple[int, int, int]]) -> None:
    rows = rows_of(drawn)
    found = ordered(rows)
    for flag, clock in ((EXCH, "exch_ts"), (LOCAL, "local_ts")):
        its = found[(found["ev"] & np.uint64(flag)) != 0]
        assert (np.diff(keys_of(its, clock)) >= 0).all()
        assert sorted(its["px"]) == sorted(rows["px"])


def test_where_the_clocks_agree_every_row_stands_once() -> None:
    rows = rows_of([(DEPTH | BID, time, time + 5) for time in range(10)])
    found = ordered(rows, block=3)
    assert found["px"].tolist() == list(range(10))
    assert {row & (EXCH | LOCAL) for row in found["ev"].tolist()} == {EXCH | LOCAL}


def test_a_trade_of_the_same_time_goes_before_the_book_that_was_received_earlier() -> None:
    """At the exchange; who received the book first has it first."""
    found = ordered(rows_of([(DEPTH | BID, 100, 105), (TRADE | BID, 100, 109)]))
    assert (found["ev"] & np.uint64(0xFF)).tolist() == [TRADE, DEPTH, TRADE]
    assert [flags & (EXCH | LOCAL) for flags in found["ev"].tolist()] == [EXCH, EXCH | LOCAL, LOCAL]


def test_one_row_far_in_the_future_makes_all_others_belated_and_they_stay_in_order() -> None:
    rows = rows_of([(DEPTH | BID, 10_000, 0), *((DEPTH | BID, time, time + 5) for time in range(500))])
    found = ordered(rows, block=50, at_once=30)
    assert found.tolist() == ordered_simply(rows).tolist()
    assert len(found) == 1001
