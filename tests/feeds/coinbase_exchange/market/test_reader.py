"""What frames of Coinbase Exchange tell of the market."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from feedrec.feeds.catalogue import find_feed
from feedrec.feeds.coinbase_exchange.market.reader import ExchangeMarketReader
from feedrec.feeds.market.reader import market_reader_of
from feedrec.feeds.market.told import BookChanges, Ticker, Told, Trades
from feedrec.model import parse_time

TIME = "2021-04-17T16:43:37.075687Z"
MATCH = {
    "type": "match",
    "trade_id": 280232,
    "side": "sell",
    "size": "985",
    "price": "0.00001305",
    "product_id": "SKL-BTC",
    "sequence": 177100030,
    "time": TIME,
}


def read(frame: Any) -> list[Told] | None:
    payload = msgspec.json.encode(frame)
    feed = find_feed("coinbase-exchange")
    told = ExchangeMarketReader().read(feed.describe(payload), payload)
    return None if told is None else list(told)


def test_the_feed_has_this_reader() -> None:
    assert isinstance(market_reader_of(find_feed("coinbase-exchange-direct")), ExchangeMarketReader)


def test_a_snapshot_has_bids_and_asks_and_perhaps_a_time() -> None:
    frame = {"type": "snapshot", "product_id": "A-B", "asks": [["3", "1"]], "bids": [["2", "5"], ["1", "4"]]}
    told = BookChanges("A-B", 0, True, [True, True, False], ["2", "1", "3"], ["5", "4", "1"])
    assert read(frame) == [told]
    told.time = parse_time(TIME)
    assert read({**frame, "time": TIME}) == [told]


def test_an_update_of_one_change_is_told_as_any_other() -> None:
    frame = {"type": "l2update", "product_id": "A-B", "changes": [["sell", "3", "1"]], "time": TIME}
    assert read(frame) == [BookChanges("A-B", parse_time(TIME), False, [False], ["3"], ["1"])]


def test_an_update_is_columns() -> None:
    frame = {
        "type": "l2update",
        "product_id": "A-B",
        "changes": [["buy", "2", "0.0"], ["sell", "3", "1"]],
        "time": TIME,
    }
    assert read(frame) == [BookChanges("A-B", parse_time(TIME), False, [True, False], ["2", "3"], ["0.0", "1"])]


@pytest.mark.parametrize(("kind", "is_snapshot"), [("match", False), ("last_match", True)])
def test_a_match_has_the_side_of_the_taker(kind: str, *, is_snapshot: bool) -> None:
    expected = Trades("SKL-BTC", is_snapshot, ["280232"], [parse_time(TIME)], [True], ["0.00001305"], ["985"])
    assert read({**MATCH, "type": kind}) == [expected]


def test_a_match_of_ones_own_is_a_trade_of_the_market_too() -> None:
    own = {"user_id": "5844eceecf7e803e259d0365", "profile_id": "7"}
    assert read({**MATCH, **own}) == read(MATCH)
    assert read({"type": "done", "product_id": "A-B", "sequence": 5, **own}) == []


def test_a_ticker_of_2021_has_no_sizes() -> None:
    frame = {"type": "ticker", "product_id": "A-B", "price": "5", "best_bid": "4", "best_ask": "6", "time": TIME}
    assert read(frame) == [Ticker("A-B", parse_time(TIME), "5", "4", "", "6")]


@pytest.mark.parametrize(
    "frame",
    [
        {**MATCH, "side": "both"},
        {**MATCH, "time": "noon"},
        {"type": "l2update", "product_id": "A-B", "changes": [["buy"]], "time": TIME},
        {"type": "l2update", "product_id": "A-B", "changes": [["both", "1", "2"]], "time": TIME},
        {"type": "l2update", "product_id": "A-B", "changes": [], "time": "noon"},
        {"type": "ticker", "product_id": "A-B", "price": 5},
    ],
)
def test_what_is_not_understood_is_said_to_be_so(frame: Any) -> None:
    assert read(frame) is None


def test_orders_and_acks_tell_nothing() -> None:
    assert read({"type": "open", "product_id": "A-B", "side": "sell", "price": "1", "sequence": 5}) == []
    assert read({"type": "subscriptions", "channels": []}) == []
    assert read(["change", "A-B", "5"]) == []
