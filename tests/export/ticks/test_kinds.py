"""What is told becomes rows of five tables."""

from __future__ import annotations

from typing import Any

import pytest

from feedrec.export.continuity import Gap
from feedrec.export.ticks.kinds import KINDS
from feedrec.feeds.market.told import BookChanges, Candle, Ticker, Told, Trades

RECEIVED, EVENT = 9, 7

BOOK = "time local_time event side price size is_snapshot"
Case = tuple[Told | Gap, str, list[tuple[Any, ...]]]
CASES: list[Case] = [
    (
        BookChanges("P", 5, True, [True, False], ["1", "2"], ["3", "0"]),
        BOOK,
        [(5, 9, 7, True, "1", "3", True), (5, 9, 7, False, "2", "0", True)],
    ),
    (
        BookChanges("P", 5, False, [True, False, True], ["1", "1", "1"], ["3", "4", "0"]),  # a level twice
        BOOK,
        [(5, 9, 7, True, "1", "0", False), (5, 9, 7, False, "1", "4", False)],
    ),
    (
        BookChanges("P", 5, False, [False] * 3, ["1", "1.0", "1"], ["0", "1", "0"]),  # the same, spelled otherwise
        BOOK,
        [(5, 9, 7, False, "1", "0", False)],
    ),
    (BookChanges("P", 5, True, [], [], []), BOOK, [(5, 9, 7, True, "0", "0", True)]),
    (
        Trades("P", False, ["a", "b"], [3, 4], [True, False], ["1", "2"], ["5", "6"]),
        "time local_time id side price size is_snapshot",
        [(3, 9, "a", True, "1", "5", False), (4, 9, "b", False, "2", "6", False)],
    ),
    (
        Ticker(
            "P",
            5,
            price="1",
            best_bid="2",
            best_bid_size="3",
            best_ask="4",
            best_ask_size="5",
            volume_24h="6",
            low_24h="7",
            high_24h="8",
            is_snapshot=True,
        ),
        "time local_time price best_bid best_ask low_24h high_24h best_bid_size best_ask_size volume_24h is_snapshot",
        [(5, 9, "1", "2", "4", "7", "8", "3", "5", "6", True)],
    ),
    (
        Candle("P", 5, start=300, length=60, open="1", high="2", low="3", close="4", volume="5"),
        "time local_time start_time end_time open high low close volume is_snapshot",
        [(5, 9, 300, 360, "1", "2", "3", "4", "5", False)],
    ),
    (
        Gap("P", of="book", reason="reset", start=3, end=8),
        "local_time missing reason start_time end_time",
        [(9, "book", "reset", 3, 8)],
    ),
]


@pytest.mark.parametrize(("told", "names", "rows"), CASES)
def test_what_is_told_is_a_row_each(told: Told | Gap, names: str, rows: list[tuple[Any, ...]]) -> None:
    """What all rows of an event have in common is there once, with the number of rows."""
    kind = KINDS[type(told)]
    lists: list[list[Any]] = [[] for _ in kind.columns] + [[]]
    assert kind.add(lists, RECEIVED, told, EVENT) == len(rows)
    assert [column.name for column in kind.columns] == names.split()
    *columns, counts = lists
    of_events = [column.is_of_events for column in kind.columns]
    assert counts == ([len(rows)] if any(of_events) else [])
    spread = [values * len(rows) if once else values for values, once in zip(columns, of_events, strict=True)]
    assert list(zip(*spread, strict=True)) == rows
