"""The book that is answered: its levels, its number, its time."""

from __future__ import annotations

import json

import pytest

from feedrec.http_messages import HttpRequest

from .asking import NOW, REST, ask, frame, market, match, ticker, told

SNAPSHOT = frame(
    "snapshot",
    asks=[["10.10", "2.00000000"], ["10.05", "1.00000000"]],
    bids=[["9.90", "4.00000000"], ["10.00", "3.00000000"]],
    time="2026-09-30T02:03:12.699555Z",
)
UPDATE = frame("l2update", changes=[["buy", "10.00", "0.00000000"]], time="2026-09-30T02:03:12.749555Z")


def test_a_book_is_answered_key_for_key_as_the_venue_writes_it() -> None:
    assert ask("/products/BTC-USD/book?level=2", market(SNAPSHOT, UPDATE, ticker(sequence=70))).body == (
        b'{"bids":[["9.90","4.00000000",1]],"asks":[["10.05","1.00000000",1],["10.10","2.00000000",1]],"sequence":70,'
        b'"auction_mode":false,"auction":null,"time":"2026-09-30T02:03:12.749555Z"}'
    )


@pytest.mark.parametrize("query", ["", "?level=1"])
def test_level_1_is_the_best_price_of_each_side(query: str) -> None:
    book = told(f"/products/BTC-USD/book{query}", market(SNAPSHOT))
    assert (book["bids"], book["asks"]) == ([["10.00", "3.00000000", 1]], [["10.05", "1.00000000", 1]])


def test_an_empty_side_is_empty() -> None:
    book = told("/products/BTC-USD/book", market(frame("snapshot", asks=[], bids=[])))
    assert (book["bids"], book["asks"]) == ([], [])


@pytest.mark.parametrize("level", ["0", "4", "x", "2.0"])
def test_a_level_that_there_is_not_is_refused(level: str) -> None:
    answer = ask(f"/products/BTC-USD/book?level={level}", market(SNAPSHOT))
    assert (answer.status, answer.body) == (400, b'{"message":"Bad Request"}')


def test_every_order_is_told_by_no_frame() -> None:
    opened = frame("open", order_id="a", price="10.00", remaining_size="1", side="buy", sequence=1)
    assert REST.answer(HttpRequest("GET", "/products/BTC-USD/book?level=3"), market(SNAPSHOT, opened)) is None


def test_the_sequence_is_the_last_one_that_any_frame_has() -> None:
    frames = (SNAPSHOT, ticker(sequence=50), match(1, sequence=60))
    beat = frame("heartbeat", last_trade_id=1, sequence=70, time="2026-09-30T02:03:13.000000Z")
    assert told("/products/BTC-USD/book", market(*frames))["sequence"] == 60
    assert told("/products/BTC-USD/book", market(*frames, beat))["sequence"] == 70
    assert told("/products/BTC-USD/book", market(SNAPSHOT))["sequence"] == 0


def test_a_book_without_a_time_has_the_present() -> None:
    """Snapshots of 2021 have none."""
    answer = json.loads(ask("/products/BTC-USD/book", market(frame("snapshot", asks=[], bids=[]), now=NOW)).body)
    assert answer["time"] == "2026-09-30T02:03:13.250000Z"
