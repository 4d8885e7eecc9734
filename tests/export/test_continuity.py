"""What is told of the market while frames are missing, connections end and others take over."""

from __future__ import annotations

from typing import Any

import pytest

from feedrec.export.continuity import ANYONE, BookLost, Continuity, Gap
from feedrec.feeds.market.told import BookChanges, Candle, Ticker, Told, Trades
from feedrec.model import NANOSECONDS, Event

SECOND = NANOSECONDS


def snapshot(product: str = "A") -> BookChanges:
    return BookChanges(product, 1, True, [True], ["1"], ["1"])


def change(product: str = "A") -> BookChanges:
    return BookChanges(product, 2, False, [True], ["1"], ["2"])


def trades(*ids: int, product: str = "A", is_snapshot: bool = False) -> Trades:
    count = len(ids)
    return Trades(product, is_snapshot, list(map(str, ids)), list(ids), [True] * count, ["1"] * count, ["1"] * count)


class Feed:
    """Tells a `Continuity` of what comes, a second apart."""

    def __init__(self) -> None:
        self.continuity = Continuity()
        self.now = 0

    def take(self, told: Told, conn: int = 0, run: int = 0) -> list[Any]:
        self.now += SECOND
        return list(self.continuity.take((run, conn), self.now, [told]))

    def event(self, name: str, conn: int | None = 0, run: int = 0, **details: Any) -> list[BookLost]:
        self.now += SECOND
        return self.continuity.take_event(run, Event(self.now, conn, name, details))


@pytest.fixture
def feed() -> Feed:
    return Feed()


def test_a_number_that_no_venue_counts_to_is_no_number(feed: Feed) -> None:
    """Python refuses to read one of 5,000 digits, and nothing would come after one of 4,000."""
    for number in ("9" * 5_000, "9" * 4_000, "٣"):
        told = Trades("A", False, [number], [1], [True], ["1"], ["1"])
        assert feed.take(told) == [told]
    assert feed.take(trades(1)) == [trades(1)]
    assert feed.take(trades(2, is_snapshot=True)) == [trades(2)]


def test_a_book_is_told_from_its_snapshot_on(feed: Feed) -> None:
    assert feed.take(change()) == []
    assert feed.take(snapshot()) == [snapshot()]
    assert feed.take(change()) == [change()]
    assert feed.take(change("B")) == []


@pytest.mark.parametrize("name", ["gap", "reset", "crossed", "resync", "close", "lost", "damage"])
def test_after_missing_frames_nothing_is_told_up_to_the_next_snapshot(feed: Feed, name: str) -> None:
    feed.take(snapshot())
    assert feed.event(name) == [BookLost("A", name)]
    assert feed.event(name) == []
    assert feed.take(change()) == []
    assert feed.take(snapshot()) == [Gap("A", "book", name, SECOND, 5 * SECOND), snapshot()]
    assert feed.take(change()) == [change()]


def test_a_gap_begins_with_the_last_frame_before_it_not_when_it_was_seen(feed: Feed) -> None:
    feed.take(snapshot())
    feed.take(change())
    feed.now += 60 * SECOND
    feed.event("close")
    assert feed.take(snapshot(), conn=1)[0] == Gap("A", "book", "close", 2 * SECOND, 64 * SECOND)


def test_where_products_are_counted_others_go_on(feed: Feed) -> None:
    feed.take(snapshot("A"))
    feed.take(snapshot("B"))
    assert feed.event("gap", product="A", channel="matches") == [BookLost("A", "gap")]
    assert feed.take(change("A")) == []
    assert feed.take(change("B")) == [change("B")]


def test_a_gap_of_a_connection_is_none_of_others(feed: Feed) -> None:
    feed.take(snapshot("A"), conn=0)
    feed.take(snapshot("B"), conn=1)
    assert feed.event("gap", conn=1) == [BookLost("B", "gap")]
    assert feed.take(change("A"), conn=0) == [change("A")]
    assert feed.event("lost", conn=5) == [BookLost("A", "lost")]


def test_what_does_not_come_back_is_a_gap_to_the_end_unless_the_connection_ended(feed: Feed) -> None:
    feed.take(snapshot("A"))
    feed.take(snapshot("B"), conn=1)
    feed.event("gap")
    feed.event("close", conn=1)
    assert feed.continuity.finish() == [Gap("A", "book", "gap", SECOND, 4 * SECOND)]


def test_of_two_connections_one_tells_of_a_book_that_of_the_last_snapshot(feed: Feed) -> None:
    feed.take(snapshot(), conn=0)
    assert feed.take(snapshot(), conn=1) == [snapshot()]
    assert feed.take(change(), conn=0) == []
    assert feed.take(change(), conn=1) == [change()]
    assert feed.event("close", conn=0) == []
    assert feed.take(change(), conn=1) == [change()]
    assert feed.continuity.finish() == []


def test_who_takes_over_from_a_recorder_that_was_killed_leaves_a_gap(feed: Feed) -> None:
    feed.take(snapshot(), run=0)
    feed.take(change(), run=0)
    feed.now += 5 * SECOND
    assert feed.take(snapshot(), run=1) == [snapshot()]
    gap = Gap("A", "book", "end", 2 * SECOND, 8 * SECOND)
    assert feed.continuity.finish() == [gap]
    feed.take(snapshot(), run=2)
    feed.now += 61 * SECOND
    assert feed.take(change(), run=2) == [Gap("A", "book", "end", 8 * SECOND, 9 * SECOND), change()]


def test_each_trade_is_told_once(feed: Feed) -> None:
    assert feed.take(trades(5, 6), conn=0) == [trades(5, 6)]
    assert feed.take(trades(6, 7), conn=1) == [trades(7)]
    assert feed.take(trades(6), conn=0) == []
    assert feed.take(trades(3), conn=0) == [trades(3)], "it comes late"
    assert feed.take(trades(3), conn=0) == []


def test_the_first_trades_are_from_before_the_recording_and_later_ones_are_new(feed: Feed) -> None:
    assert feed.take(trades(4, 5, is_snapshot=True)) == [trades(4, 5, is_snapshot=True)]
    assert feed.take(trades(6)) == [trades(6)]
    feed.event("close")
    feed.event("open", conn=1)
    assert feed.take(trades(2, 5, 6, 7, 8, is_snapshot=True), conn=1) == [trades(7, 8)], "none is missing, so no gap"


def test_trades_are_missing_if_their_numbers_say_so(feed: Feed) -> None:
    feed.take(trades(5))
    feed.event("gap")
    assert feed.take(trades(9)) == [Gap("A", "trades", "gap", SECOND, 3 * SECOND), trades(9)]
    feed.event("gap")
    assert feed.take(trades(10)) == [trades(10)]


@pytest.mark.parametrize("number", ["x", "", "9" * 5000, "²"])
def test_trades_without_numbers_are_told_as_they_come(feed: Feed, number: str) -> None:
    odd = Trades("A", False, [number], [1], [True], ["1"], ["1"])
    assert feed.take(odd) == [odd]
    assert feed.take(odd) == [odd]


def test_of_two_connections_one_tells_tickers_and_candles_until_it_ends(feed: Feed) -> None:
    ticker, candle = Ticker("A", 1, "5"), Candle("A", 1, 0, 300, "1", "1", "1", "1", "1")
    for told in (ticker, candle):
        assert feed.take(told, conn=0) == [told]
        assert feed.take(told, conn=1) == []
    feed.event("close", conn=0)
    assert feed.take(ticker, conn=1) == [ticker]
    assert feed.take(candle, conn=1) == [candle]


def test_after_a_recorder_was_killed_another_connection_tells_tickers_at_once_or_soon(feed: Feed) -> None:
    first, other = Ticker("A", 1, "5", is_snapshot=True), Ticker("A", 2, "6")
    feed.take(first, run=0)
    assert feed.take(other, run=1) == [], "the first one may be there still"
    feed.now += 6 * SECOND
    assert feed.take(other, run=1) == [other]
    assert feed.take(other, run=0) == []
    assert feed.take(first, run=0) == [first]


def test_trades_that_are_missing_after_a_recorder_was_killed_are_a_gap(feed: Feed) -> None:
    feed.take(trades(5), run=0)
    feed.now += 5 * SECOND
    assert feed.take(trades(9, is_snapshot=True), run=1) == [trades(9)]
    gap = Gap("A", "trades", "end", SECOND, 7 * SECOND)
    assert feed.continuity.finish() == [gap]


def test_trades_that_another_connection_brings_later_are_none(feed: Feed) -> None:
    feed.take(trades(5), conn=0)
    assert feed.take(trades(8, is_snapshot=True), conn=1) == [trades(8)], "the last one, when it was opened"
    assert feed.take(trades(6, 7), conn=0) == [trades(6, 7)]
    assert feed.continuity.finish() == []


def test_trades_are_missing_of_any_connection_that_brings_them(feed: Feed) -> None:
    feed.take(trades(5), run=0)
    feed.take(trades(6), run=1)
    feed.event("lost", run=1)
    assert feed.take(trades(6), run=0) == [], "it does not tell what is missing"
    assert feed.take(trades(9), run=1) == [Gap("A", "trades", "lost", 2 * SECOND, 5 * SECOND), trades(9)]


def test_whoever_brings_changes_after_a_rebuilt_snapshot_tells_of_the_book(feed: Feed) -> None:
    feed.take(snapshot(), conn=ANYONE)
    assert feed.take(change(), run=1) == []
    assert feed.take(change(), conn=3) == [change()]
    assert feed.take(change(), conn=2) == []
    assert feed.event("gap", conn=2) == []
    assert feed.event("gap", conn=3) == [BookLost("A", "gap")]


def test_a_rebuilt_snapshot_may_be_of_the_connection_that_has_a_gap_or_another_snapshot(feed: Feed) -> None:
    ticker = Ticker("A", 1, "5")
    feed.take(snapshot(), conn=ANYONE)
    feed.take(ticker, conn=ANYONE)
    assert feed.event("gap", conn=2) == [BookLost("A", "gap")]
    feed.take(snapshot(), conn=ANYONE)
    assert feed.take(snapshot(), conn=3) == [snapshot()]
    assert feed.take(ticker, conn=3) == [ticker]
    assert feed.take(ticker, conn=2) == []
    assert feed.continuity.finish() == []


def test_an_event_of_no_connection_changes_nothing(feed: Feed) -> None:
    feed.take(snapshot())
    assert feed.event("http", conn=None) == []
    assert feed.take(change()) == [change()]
