"""The client half of Coinbase Advanced Trade."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.base import Notice, Subscription
from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.coinbase_advanced.client import ACK_GRACE, ACK_TIMEOUT, CoinbaseAdvancedClient

LEVEL2 = Subscription("level2", ("BTC-USD", "ETH-USD"))
TICKER = Subscription("ticker", ("BTC-USD",))
HEARTBEATS = Subscription("heartbeats")


def frame(channel: str, sequence: int, *events: Any) -> bytes:
    fields = {"channel": channel, "timestamp": "2026-11-21T17:00:00.1Z", "sequence_num": sequence, "events": events}
    return json.dumps(fields, separators=(",", ":")).encode()


def ack(sequence: int, **accepted: list[str]) -> bytes:
    return frame("subscriptions", sequence, {"subscriptions": accepted})


def error(message: str) -> bytes:
    return json.dumps({"type": "error", "message": message}).encode()


def tell(client: CoinbaseAdvancedClient, *payloads: bytes) -> list[Notice]:
    return [notice for payload in payloads for notice in client.on_frame(FEED.describe(payload), payload)]


def test_a_subscribe_message_is_exactly_what_the_venue_documents() -> None:
    messages = CoinbaseAdvancedClient([LEVEL2, TICKER, HEARTBEATS]).on_open()
    assert [message.payload for message in messages] == [
        b'{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channel":"level2"}',
        b'{"type":"subscribe","product_ids":["BTC-USD"],"channel":"ticker"}',
        b'{"type":"subscribe","channel":"heartbeats"}',
    ]
    assert [message.redacted for message in messages] == [None, None, None]


def test_a_gap_is_a_notice_with_its_numbers() -> None:
    client = CoinbaseAdvancedClient([TICKER])
    assert tell(client, frame("ticker", 0), frame("ticker", 1)) == []
    (notice,) = tell(client, frame("ticker", 9))
    assert (notice.severity, notice.event) == ("warning", "gap")
    assert notice.details == {"expected": 2, "received": 9, "missing": 7}
    assert tell(client, frame("ticker", 10)) == []


def test_a_connection_begins_at_zero() -> None:
    (notice,) = tell(CoinbaseAdvancedClient([TICKER]), frame("ticker", 3))
    assert notice.details == {"expected": 0, "received": 3, "missing": 3}


def test_frames_out_of_order_are_counted_and_no_gap() -> None:
    client = CoinbaseAdvancedClient([TICKER])
    tell(client, frame("ticker", 0), frame("ticker", 2))
    assert tell(client, frame("ticker", 1), frame("ticker", 3)) == []
    assert client.out_of_order == 1


def test_the_sequence_runs_over_all_channels_and_passes_over_errors() -> None:
    client = CoinbaseAdvancedClient([TICKER])
    frames = [frame("ticker", 0), frame("heartbeats", 1), error("failure to subscribe"), frame("l2_data", 2)]
    assert [notice.event for notice in tell(client, *frames)] == ["error"]


def test_when_all_is_acknowledged_it_is_said_once() -> None:
    client = CoinbaseAdvancedClient([LEVEL2, HEARTBEATS])
    both = ["ETH-USD", "BTC-USD"]
    assert tell(client, ack(0, level2=both)) == []
    assert tell(client, ack(1, heartbeats=["heartbeats"], level2=both)) == [Notice("subscribed to level2, heartbeats")]
    assert tell(client, ack(2, heartbeats=["heartbeats"], level2=both)) == []
    assert client.on_tick(60.0) == ()
    assert client.on_close() == ()


def test_a_product_that_the_venue_does_not_know_is_missing_after_a_grace() -> None:
    client = CoinbaseAdvancedClient([LEVEL2, HEARTBEATS])
    half = ["BTC-USD"]
    assert tell(client, ack(0, level2=half), ack(1, heartbeats=["heartbeats"], level2=half)) == []
    assert client.on_tick(2.0) == ()
    assert client.on_tick(2.0 + ACK_GRACE / 2) == ()
    (notice,) = client.on_tick(2.0 + ACK_GRACE)
    assert (notice.severity, notice.event) == ("warning", "missing")
    assert notice.details == {"subscriptions": [{"channel": "level2", "products": ["ETH-USD"]}]}
    assert "level2 ETH-USD" in notice.text
    assert client.on_tick(60.0) == ()


def test_a_recorder_that_did_not_read_for_long_waits_for_what_may_have_come() -> None:
    client = CoinbaseAdvancedClient([TICKER])
    assert client.on_tick(0.1) == ()
    client.on_pause(60.0)
    assert client.on_tick(60.1) == ()
    assert tell(client, ack(0)) == []
    assert client.on_tick(60.2) == ()
    client.on_pause(60.0)
    assert client.on_tick(120.2) == ()
    assert tell(client, ack(1, ticker=["BTC-USD", "ETH-USD"])) == [Notice("subscribed to ticker")]


def test_an_ack_within_the_grace_mends_it() -> None:
    client = CoinbaseAdvancedClient([TICKER])
    assert tell(client, ack(0)) == []
    assert client.on_tick(1.0) == ()
    assert tell(client, ack(1, ticker=["BTC-USD"])) == [Notice("subscribed to ticker")]
    assert client.on_tick(1.0 + ACK_GRACE) == ()


def test_what_is_missing_when_the_connection_closes_is_said_then() -> None:
    client = CoinbaseAdvancedClient([LEVEL2])
    tell(client, ack(0, level2=["BTC-USD"]))
    assert [notice.event for notice in client.on_close()] == ["missing"]


def test_a_connection_that_closes_before_the_acks_says_nothing_of_products() -> None:
    client = CoinbaseAdvancedClient([LEVEL2, HEARTBEATS])
    tell(client, ack(0, level2=[]))
    assert client.on_close() == ()


def test_nothing_accepted_but_heartbeats_is_fatal() -> None:
    client = CoinbaseAdvancedClient([LEVEL2, TICKER, HEARTBEATS])
    tell(client, ack(0), ack(1), ack(2, heartbeats=["heartbeats"]))
    client.on_tick(1.0)
    notices = client.on_tick(1.0 + ACK_GRACE)
    assert [notice.severity for notice in notices] == ["warning", "fatal"]
    assert [notice.event for notice in notices] == ["missing", None]


def test_heartbeats_alone_are_enough_if_nothing_else_was_asked_for() -> None:
    client = CoinbaseAdvancedClient([HEARTBEATS])
    assert tell(client, ack(0, heartbeats=["heartbeats"])) == [Notice("subscribed to heartbeats")]


def test_an_ack_that_never_comes_is_a_warning() -> None:
    client = CoinbaseAdvancedClient([LEVEL2, HEARTBEATS])
    assert client.on_tick(ACK_TIMEOUT - 0.1) == ()
    (notice,) = client.on_tick(ACK_TIMEOUT)
    assert (notice.severity, notice.event) == ("warning", "missing")
    assert "did not acknowledge" in notice.text
    assert client.on_tick(ACK_TIMEOUT + 1) == ()


def test_acks_of_which_some_never_come_are_judged_by_the_last() -> None:
    client = CoinbaseAdvancedClient([LEVEL2, TICKER])
    tell(client, ack(0, level2=["BTC-USD", "ETH-USD"]))
    (notice,) = client.on_tick(ACK_TIMEOUT)
    assert notice.details == {"subscriptions": [{"channel": "ticker", "products": ["BTC-USD"]}]}


@pytest.mark.parametrize("accepted", ["BTC-USDC", "BTC-USD"])
def test_a_usdc_product_may_be_acknowledged_under_its_usd_name(accepted: str) -> None:
    client = CoinbaseAdvancedClient([Subscription("ticker", ("BTC-USDC",))])
    assert tell(client, ack(0, ticker=[accepted])) == [Notice("subscribed to ticker")]


def test_a_usd_product_is_not_acknowledged_under_a_usdc_name() -> None:
    client = CoinbaseAdvancedClient([TICKER])
    assert tell(client, ack(0, ticker=["BTC-USDC"])) == []


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ("authentication failure", "needs credentials"),
        ("too many L2 streams requested in a single session", "at most 30 products"),
    ],
)
def test_an_error_that_no_retry_mends_is_fatal(message: str, meaning: str) -> None:
    (notice,) = tell(CoinbaseAdvancedClient([LEVEL2]), error(message))
    assert (notice.severity, notice.event, notice.details) == ("fatal", "error", {"message": message})
    assert meaning in notice.text


@pytest.mark.parametrize("message", ["failure to subscribe", "", "something new"])
def test_another_error_is_a_warning(message: str) -> None:
    (notice,) = tell(CoinbaseAdvancedClient([LEVEL2]), error(message))
    assert (notice.severity, notice.event, notice.details) == ("warning", "error", {"message": message})


def test_silence_is_suspicious_only_with_heartbeats() -> None:
    assert CoinbaseAdvancedClient([LEVEL2, HEARTBEATS]).silence_limit == 20.0
    assert CoinbaseAdvancedClient([LEVEL2]).silence_limit is None


def test_thirty_products_of_level2_fit_one_connection_and_more_take_more() -> None:
    products = tuple(f"A{number}-USD" for number in range(61))
    ticker = Subscription("ticker", products)
    assert FEED.spread([Subscription("level2", products[:30]), ticker, HEARTBEATS]) == [
        [Subscription("level2", products[:30]), ticker, HEARTBEATS]
    ]
    assert FEED.spread([Subscription("level2", products), ticker, HEARTBEATS]) == [
        [Subscription("level2", products[:30]), ticker, HEARTBEATS],
        [Subscription("level2", products[30:60]), HEARTBEATS],
        [Subscription("level2", products[60:]), HEARTBEATS],
    ]


channels = st.sampled_from(["level2", "ticker", "market_trades", "candles"])
product_ids = st.sampled_from(["BTC-USD", "ETH-USD", "SOL-USD", "BTC-USDC"])


@given(
    st.dictionaries(channels, st.lists(product_ids, min_size=1, unique=True), min_size=1),
    st.sets(product_ids),
    st.integers(0, 5),
)
def test_missing_is_what_was_asked_for_less_what_was_accepted(
    wanted: dict[str, list[str]], known: set[str], opened: int
) -> None:
    """A venue that knows some products acknowledges each message; what it leaves out is told, each product once."""
    client = CoinbaseAdvancedClient([Subscription(channel, tuple(products)) for channel, products in wanted.items()])
    accepted: dict[str, list[str]] = {}
    notices = []
    for sequence, (channel, products) in enumerate(wanted.items()):
        if taken := [product for product in products if product in known]:
            accepted[channel] = taken
        notices += tell(client, ack(sequence, **accepted))
    notices += [*client.on_tick(opened), *client.on_tick(opened + ACK_GRACE)]
    absent = {
        (channel, product)
        for channel, products in wanted.items()
        for product in products
        if product not in known and not (product == "BTC-USDC" and "BTC-USD" in accepted.get(channel, []))
    }
    told = [
        (subscription["channel"], product)
        for one in notices
        if one.event
        for subscription in one.details["subscriptions"]
        for product in subscription["products"]
    ]
    assert sorted(told) == sorted(absent)
    assert any(one.severity == "fatal" for one in notices) == (not accepted)
    assert any(one.severity == "info" for one in notices) == (not absent)


def test_the_client_has_nothing_to_say_of_the_real_capture_but_that_it_is_subscribed(
    capture_frames: list[bytes],
) -> None:
    products = ("BTC-USD", "ETH-USD")
    channels = ("market_trades", "candles", "ticker", "level2")
    client = CoinbaseAdvancedClient([*(Subscription(channel, products) for channel in channels), HEARTBEATS])
    assert tell(client, *capture_frames) == [Notice("subscribed to market_trades, candles, ticker, level2, heartbeats")]
    assert client.on_tick(25.0) == ()
    assert client.out_of_order == 0
