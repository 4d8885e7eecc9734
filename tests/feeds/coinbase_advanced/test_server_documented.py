"""Advanced Trade: what the documents say of requests and of frames, where the captures show nothing of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.coinbase_advanced.state import MarketState
from feedrec.model import Frame

from .test_server import START as NOW
from .test_server import acks, data, nothing_yet, play, request, sent, server, subscribed


def frame(sequence: int, channel: str, **event: Any) -> bytes:
    fields = {"channel": channel, "timestamp": "2023-02-09T20:30:37Z", "sequence_num": sequence, "events": [event]}
    return json.dumps(fields, separators=(",", ":")).encode()


def status(sequence: int, *products: str) -> bytes:
    return frame(sequence, "status", type="snapshot", products=[{"id": one, "status": "online"} for one in products])


def batch(sequence: int, product: str) -> bytes:
    return frame(sequence, "ticker_batch", type="update", tickers=[{"product_id": product, "price": "21932.98"}])


def book(sequence: int, kind: str, **level: str) -> bytes:
    return frame(sequence, "l2_data", type=kind, product_id="BTC-USD", updates=[level])


def test_an_unsubscribe_is_no_subscribe_message() -> None:
    """Of which one is due within five seconds."""
    venue = server()
    assert venue.subscribe_within == 5.0
    assert acks(sent(venue.on_message(request("unsubscribe", "ticker", "BTC-USD"), NOW))) == [{}]
    assert not venue.has_subscribed
    venue.on_message(request("subscribe", "ticker", "BTC-USD"), NOW)
    assert venue.has_subscribed


def test_products_of_heartbeats_and_further_keys_of_a_request_are_ignored() -> None:
    """The document shows both: products of heartbeats, and a `user_id`."""
    venue = server()
    message = {"type": "subscribe", "product_ids": ["ETH-USD"], "channel": "heartbeats", "user_id": "u", "jwt": "x"}
    replies = venue.on_message(json.dumps(message).encode(), NOW) + nothing_yet(venue, NOW)
    assert acks(sent(replies)) == [{"heartbeats": ["heartbeats"]}]


@pytest.mark.parametrize(("products", "expected"), [([], ["BTC-USD", "ETH-USD"]), (["BTC-USD"], ["BTC-USD"])])
def test_status_is_served_of_all_products_if_none_is_named(products: list[str], expected: list[str]) -> None:
    recorded = [status(number, product) for number, product in enumerate(("BTC-USD", "ETH-USD"))]
    venue = server({"status": ("BTC-USD", "ETH-USD")})
    venue.on_message(request("subscribe", "status", *products), NOW)
    nothing_yet(venue, NOW)
    heard = [one for one in play(venue, *recorded) if one["channel"] == "status"]
    assert [one["events"][0]["products"] for one in heard] == [[{"id": one, "status": "online"}] for one in expected]


def test_ticker_batch_is_served_as_it_was_recorded() -> None:
    venue = server({"ticker_batch": ("BTC-USD", "ETH-USD"), "ticker": ("BTC-USD",)})
    venue.on_message(request("subscribe", "ticker_batch", "BTC-USD"), NOW)
    nothing_yet(venue, NOW)
    heard = play(venue, batch(0, "BTC-USD"), batch(1, "ETH-USD"), data(2, "ticker", "update", "BTC-USD"))
    first = json.loads(batch(0, "BTC-USD"))
    assert [one["events"] for one in heard if one["channel"] == "ticker_batch"] == [first["events"]]


def test_an_event_of_1970_changes_the_book_as_any_other() -> None:
    """The example of level2 has the epoch as `event_time`, and a price that goes at 0."""
    long_ago = "1970-01-01T00:00:00Z"
    first = book(0, "snapshot", side="bid", event_time=long_ago, price_level="21921.73", new_quantity="0.06317902")
    second = book(1, "update", side="offer", event_time=long_ago, price_level="21921.3", new_quantity="0.024")
    third = book(2, "update", side="bid", event_time=long_ago, price_level="21921.73", new_quantity="0")
    assert play(subscribed(("level2", "BTC-USD")), first, second)[-1]["events"] == json.loads(second)["events"]
    state = MarketState()
    for payload in (first, second, third):
        state.apply(FEED.describe(payload), payload)
    made = json.loads(state.snapshot("level2", "BTC-USD", NOW) or b"")
    assert [(one["side"], one["price_level"]) for one in made["events"][0]["updates"]] == [("offer", "21921.3")]


PRINTED = [
    frame(7, "candles", type="snapshot", candles=[{"start": "1688998200", "high": "1867.72", "product_id": "ETH-USD"}]),
    frame(8, "heartbeats", current_time="2023-06-23 20:31:56.121961769 +0000 UTC", heartbeat_counter="3049"),
    frame(9, "market_trades", type="update", trades=[{"trade_id": "1", "product_id": "ETH-USD", "side": "BUY"}]),
    book(10, "snapshot", side="bid", event_time="1970", price_level="21921.73", new_quantity="0.06"),
    status(11, "BTC-USD"),
    batch(12, "BTC-USD"),
    frame(13, "user", type="snapshot", orders=[{"order_id": "o", "product_id": "BTC-USD"}]),
    frame(14, "subscriptions", subscriptions={"level2": ["BTC-USD"]}),
]


@pytest.mark.parametrize("compact", PRINTED, ids=lambda payload: json.loads(payload)["channel"])
def test_a_frame_that_is_printed_over_several_lines_is_understood(compact: bytes) -> None:
    """As the documents show all of theirs."""
    printed = json.dumps(json.loads(compact), indent=2).encode()
    assert printed.count(b"\n") > 5
    assert FEED.describe(printed) == FEED.describe(compact)


def test_a_frame_that_is_printed_over_several_lines_is_served() -> None:
    """But for its number, byte for byte, and its book is kept."""
    level = {"side": "bid", "event_time": "x", "price_level": "1", "new_quantity": "2"}
    printed = json.dumps(json.loads(book(40, "snapshot", **level)), indent=2).encode()
    venue = subscribed(("level2", "BTC-USD"))
    info = FEED.describe(printed)
    assert venue.on_frame(Frame(NOW, 0, printed), info)[0] == printed.replace(b" 40", b" 0")
    state = MarketState()
    state.apply(info, printed)
    assert json.loads(state.snapshot("level2", "BTC-USD", NOW) or b"")["events"][0]["updates"] == [level]
