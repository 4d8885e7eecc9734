"""What frames of Advanced Trade tell of the market."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.coinbase_advanced.market.reader import AdvancedMarketReader
from feedrec.feeds.market.reader import market_reader_of
from feedrec.feeds.market.told import BookChanges, Candle, Ticker, Told, Trades
from feedrec.model import NANOSECONDS, parse_time

STAMP = "2026-08-09T21:05:48.5Z"
EVENT_TIME = "2026-08-09T21:05:48.210883Z"


def read(channel: str, *events: dict[str, Any], timestamp: str = STAMP) -> list[Told] | None:
    frame = {"channel": channel, "timestamp": timestamp, "sequence_num": 1, "events": list(events)}
    payload = msgspec.json.encode(frame)
    told = AdvancedMarketReader().read(FEED.describe(payload), payload)
    return None if told is None else list(told)


def update(side: str, price: str, quantity: str, time: str = EVENT_TIME) -> dict[str, str]:
    return {"side": side, "event_time": time, "price_level": price, "new_quantity": quantity}


def trade(number: int, side: str) -> dict[str, str]:
    return {
        "product_id": "BTC-USD",
        "trade_id": str(number),
        "price": "65083.67",
        "size": "0.002186",
        "time": f"2026-08-09T21:05:4{number}Z",
        "side": side,
    }


def test_the_feed_has_this_reader() -> None:
    assert isinstance(market_reader_of(FEED), AdvancedMarketReader)


def test_levels_are_columns_with_the_time_of_the_event() -> None:
    updates = [update("bid", "1.50", "2"), update("offer", "1.6", "0")]
    told = read("l2_data", {"type": "update", "product_id": "BTC-USD", "updates": updates})
    assert told == [BookChanges("BTC-USD", parse_time(EVENT_TIME), False, [True, False], ["1.50", "1.6"], ["2", "0"])]


def test_changes_of_several_times_are_told_apart_but_a_snapshot_is_one() -> None:
    times = [EVENT_TIME, EVENT_TIME, "2026-08-09T21:05:49Z"]
    updates = [update("bid", str(number), "2", time) for number, time in enumerate(times)]
    changes = read("l2_data", {"type": "update", "product_id": "A-B", "updates": updates})
    snapshot = read("l2_data", {"type": "snapshot", "product_id": "A-B", "updates": updates})
    assert changes is not None
    assert [(one.time, one.prices) for one in changes if isinstance(one, BookChanges)] == [
        (parse_time(EVENT_TIME), ["0", "1"]),
        (parse_time(times[2]), ["2"]),
    ]
    assert snapshot == [BookChanges("A-B", parse_time(times[2]), True, [True] * 3, ["0", "1", "2"], ["2"] * 3)]


@pytest.mark.parametrize("kind", ["update", "snapshot"])
def test_a_time_of_1970_as_in_the_documents_is_that_of_the_frame(kind: str) -> None:
    updates = [update("bid", "1", "2", "1970-01-01T00:00:00Z")]
    told = read("l2_data", {"type": kind, "product_id": "A-B", "updates": updates})
    assert told == [BookChanges("A-B", parse_time(STAMP), kind == "snapshot", [True], ["1"], ["2"])]


def test_an_empty_snapshot_is_an_empty_book_at_the_time_of_the_frame() -> None:
    told = read("l2_data", {"type": "snapshot", "product_id": "A-B", "updates": []})
    assert told == [BookChanges("A-B", parse_time(STAMP), True, [], [], [])]


def test_trades_are_told_the_earliest_first_with_the_side_of_the_taker() -> None:
    told = read("market_trades", {"type": "update", "trades": [trade(3, "BUY"), trade(2, "SELL")]})
    assert told == [
        Trades(
            "BTC-USD",
            False,
            ["2", "3"],
            [parse_time("2026-08-09T21:05:42Z"), parse_time("2026-08-09T21:05:43Z")],
            [True, False],
            ["65083.67"] * 2,
            ["0.002186"] * 2,
        )
    ]


def test_trades_of_each_product_are_told_together_whatever_is_between_them() -> None:
    other = {**trade(7, "BUY"), "product_id": "ETH-USD"}
    told = read("market_trades", {"type": "snapshot", "trades": [trade(3, "BUY"), other, trade(2, "SELL")]})
    assert told is not None
    assert [(one.product, one.ids) for one in told if isinstance(one, Trades)] == [
        ("BTC-USD", ["2", "3"]),
        ("ETH-USD", ["7"]),
    ]


def test_a_ticker_has_the_time_of_the_frame_and_what_it_lacks_is_empty() -> None:
    ticker = {"product_id": "BTC-USD", "price": "5", "best_bid": "4", "volume_24_h": "9"}
    told = read("ticker", {"type": "snapshot", "tickers": [ticker]})
    expected = Ticker("BTC-USD", parse_time(STAMP), "5", best_bid="4", volume_24h="9", is_snapshot=True)
    assert told == [expected]
    assert read("ticker_batch", {"type": "snapshot", "tickers": [ticker]}) == [expected]


def test_a_candle_begins_at_its_second() -> None:
    numbers = {"high": "3", "low": "1", "open": "2", "close": "2.5", "volume": "7"}
    told = read("candles", {"type": "update", "candles": [{"start": "1786309500", "product_id": "A-B", **numbers}]})
    start = 1786309500 * NANOSECONDS
    assert told == [Candle("A-B", parse_time(STAMP), start, 300 * NANOSECONDS, "2", "3", "1", "2.5", "7")]


@pytest.mark.parametrize(
    ("channel", "event"),
    [
        ("l2_data", {"type": "update", "product_id": "A-B", "updates": [{"side": "bid"}]}),
        ("l2_data", {"type": "replaced", "product_id": "A-B", "updates": []}),
        ("l2_data", {"type": "update", "product_id": "A-B", "updates": [update("bid", "1", "1", "noon")]}),
        ("market_trades", {"type": "update", "trades": [{**trade(1, "BUY"), "side": "BOTH"}]}),
        ("market_trades", {"type": "update", "trades": [{**trade(1, "BUY"), "time": "now"}]}),
        ("ticker", {"type": "other", "tickers": []}),
        ("candles", {"type": "update", "candles": [{"start": "soon"}]}),
    ],
)
def test_what_is_not_understood_is_said_to_be_so(channel: str, event: dict[str, Any]) -> None:
    assert read(channel, event) is None


def test_other_channels_tell_nothing() -> None:
    assert read("heartbeats", {"current_time": "", "heartbeat_counter": 1}) == []
    assert read("subscriptions", {"subscriptions": {}}) == []
