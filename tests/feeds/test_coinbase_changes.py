"""What the client halves of Coinbase ask for while a connection is open, and what they make of the answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedrec.feeds import FeedClient, Notice, Subscription, find_feed
from feedrec.feeds.coinbase_advanced.client import ACK_GRACE, ACK_TIMEOUT, CoinbaseAdvancedClient
from feedrec.feeds.coinbase_exchange.client import CoinbaseExchangeClient
from feedrec.feeds.credentials import ExchangeKey

BTC, ETH = "BTC-USD", "ETH-USD"
SECRET = "c2VjcmV0LW9mLXRlc3Rz"  # no secret


def hear(client: FeedClient, endpoint: str, *frames: dict[str, Any]) -> list[Notice]:
    notices: list[Notice] = []
    for frame in frames:
        payload = json.dumps(frame).encode()
        notices += client.on_frame(find_feed(endpoint).describe(payload), payload)
    return notices


def advanced(client: FeedClient, *frames: dict[str, Any]) -> list[Notice]:
    return hear(client, "coinbase-advanced", *frames)


def exchange(client: FeedClient, *frames: dict[str, Any]) -> list[Notice]:
    return hear(client, "coinbase-exchange", *frames)


def advanced_ack(sequence: int, **channels: list[str]) -> dict[str, Any]:
    return {"channel": "subscriptions", "sequence_num": sequence, "events": [{"subscriptions": channels}]}


def exchange_ack(**channels: list[str]) -> dict[str, Any]:
    listed = [{"name": name, "product_ids": ids, "account_ids": None} for name, ids in channels.items()]
    return {"type": "subscriptions", "channels": listed}


def match(trade: int, product: str = BTC) -> dict[str, Any]:
    return {"type": "match", "trade_id": trade, "product_id": product, "sequence": 1000 + trade}


def full(sequence: int, product: str = BTC) -> dict[str, Any]:
    return {"type": "open", "order_id": "x", "product_id": product, "sequence": sequence, "side": "buy"}


def beat(trade: int, product: str = BTC) -> dict[str, Any]:
    return {"type": "heartbeat", "last_trade_id": trade, "product_id": product, "sequence": 1000 + trade}


def test_advanced_asks_for_more_by_a_message_each_and_waits_for_the_acks() -> None:
    client = CoinbaseAdvancedClient([Subscription("ticker", (BTC,))])
    client.on_open()
    assert [notice.text for notice in advanced(client, advanced_ack(0, ticker=[BTC]))] == ["subscribed to ticker"]
    messages = client.subscribe([Subscription("level2", (BTC, "NO-SUCH")), Subscription("heartbeats")])
    assert [json.loads(message.payload) for message in messages] == [
        {"type": "subscribe", "product_ids": [BTC, "NO-SUCH"], "channel": "level2"},
        {"type": "subscribe", "channel": "heartbeats"},
    ]
    assert client.silence_limit is not None
    advanced(client, advanced_ack(1, ticker=[BTC], level2=[BTC]))
    assert client.on_tick(100) == ()
    advanced(client, advanced_ack(2, ticker=[BTC], level2=[BTC], heartbeats=["heartbeats"]))
    assert client.on_tick(101) == ()
    (missing,) = client.on_tick(101 + ACK_GRACE)
    assert missing.details == {"subscriptions": [{"channel": "level2", "products": ["NO-SUCH"]}]}


@pytest.mark.parametrize("left", [[], [BTC]])
def test_advanced_acks_of_unsubscribing_are_not_taken_for_missing_subscriptions(left: list[str]) -> None:
    client = CoinbaseAdvancedClient([Subscription("ticker", (BTC, ETH)), Subscription("candles", (BTC,))])
    client.on_open()
    advanced(client, advanced_ack(0, ticker=[BTC, ETH]), advanced_ack(1, ticker=[BTC, ETH], candles=[BTC]))
    gone = Subscription("ticker", (ETH,)) if left else Subscription("ticker")
    client.unsubscribe([gone])
    assert advanced(client, advanced_ack(2, candles=[BTC], **({"ticker": left} if left else {}))) == []
    assert [*client.on_tick(50), *client.on_tick(50 + ACK_TIMEOUT), *client.on_close()] == []


def test_advanced_refusals_of_what_was_asked_for_later_end_nothing() -> None:
    client = CoinbaseAdvancedClient([Subscription("ticker", (BTC,))])
    client.on_open()
    advanced(client, advanced_ack(0, ticker=[BTC]))
    client.subscribe([Subscription("user")])
    (refused,) = advanced(client, {"type": "error", "message": "authentication failure"})
    assert (refused.severity, refused.event) == ("warning", "error")
    assert client.on_tick(30) == ()
    (missing,) = client.on_tick(30 + ACK_TIMEOUT)
    assert (missing.severity, missing.details) == ("warning", {"subscriptions": [{"channel": "user"}]})


def test_exchange_asks_for_the_heartbeats_of_further_products_and_drops_those_of_products_that_go() -> None:
    client = CoinbaseExchangeClient([Subscription("ticker", (BTC,)), Subscription("heartbeat")])
    client.on_open()
    (more,) = client.subscribe([Subscription("matches", (BTC, ETH))])
    assert json.loads(more.payload) == {
        "type": "subscribe",
        "product_ids": [],
        "channels": [
            {"name": "heartbeat", "product_ids": [ETH]},
            {"name": "matches", "product_ids": [BTC, ETH]},
        ],
    }
    (less,) = client.unsubscribe([Subscription("matches")])
    assert json.loads(less.payload)["type"] == "unsubscribe"
    assert json.loads(less.payload)["channels"] == [
        {"name": "heartbeat", "product_ids": [ETH]},
        {"name": "matches", "product_ids": [BTC, ETH]},
    ]
    assert client.unsubscribe([Subscription("matches")]) == []


def test_exchange_signs_and_redacts_what_it_asks_later() -> None:
    client = CoinbaseExchangeClient([Subscription("full", (BTC,))], ExchangeKey("the-key", SECRET, "the-passphrase"))
    client.on_open(0)
    for message in (
        *client.subscribe([Subscription("full", (ETH,))], 1_795_280_400_000_000_000),
        *client.unsubscribe([Subscription("full", (ETH,))], 1_795_280_400_000_000_000),
    ):
        assert json.loads(message.payload)["timestamp"].startswith("1795280400")
        assert b"the-passphrase" in message.payload
        assert message.redacted is not None
        assert b"the-passphrase" not in message.redacted


def test_exchange_compares_the_last_ack_with_what_is_wanted_by_then() -> None:
    client = CoinbaseExchangeClient([Subscription("ticker", (BTC,))])
    client.on_open()
    client.subscribe([Subscription("matches", (BTC, "NO-SUCH"))])
    assert exchange(client, exchange_ack(ticker=[BTC])) == []
    (missing,) = exchange(client, exchange_ack(ticker=[BTC], matches=[BTC]))
    assert missing.details == {"subscriptions": [{"channel": "matches", "products": ["NO-SUCH"]}]}
    client.unsubscribe([Subscription("ticker")])
    assert [*exchange(client, exchange_ack(matches=[BTC])), *client.on_tick(100)] == []


def test_exchange_refusals_of_what_was_asked_for_later_end_nothing() -> None:
    client = CoinbaseExchangeClient([Subscription("ticker", (BTC,))])
    client.on_open()
    exchange(client, exchange_ack(ticker=[BTC]))
    client.subscribe([Subscription("full", (BTC,))])
    reason = "level2, level3, and full channels now require authentication."
    (refused,) = exchange(client, {"type": "error", "message": "Failed to subscribe", "reason": reason})
    assert (refused.severity, refused.event) == ("warning", "error")
    assert [*client.on_tick(50), *client.on_tick(50 + ACK_TIMEOUT)] == []
    client.subscribe([Subscription("matches", (BTC,))])
    accepted = exchange(client, exchange_ack(ticker=[BTC], matches=[BTC]))
    assert [notice.details for notice in accepted] == [{"subscriptions": [{"channel": "full", "products": [BTC]}]}]


@pytest.mark.parametrize(("channel", "frame"), [("full", full), ("matches", match)])
def test_exchange_finds_no_gap_where_a_channel_was_left_and_joined_again(channel: str, frame: Any) -> None:
    client = CoinbaseExchangeClient([Subscription(channel, (BTC, ETH)), Subscription("heartbeat")])
    client.on_open()
    both, one = {channel: [BTC, ETH], "heartbeat": [BTC, ETH]}, {channel: [ETH], "heartbeat": [ETH]}
    exchange(client, exchange_ack(**both), frame(1), frame(2))
    client.unsubscribe([Subscription(channel, (BTC,))])
    assert exchange(client, frame(3), exchange_ack(**one), beat(7), beat(9), beat(11)) == []
    client.subscribe([Subscription(channel, (BTC,))])
    joined = exchange(client, exchange_ack(**both), frame(20), frame(21))
    assert [notice.event for notice in joined] == [None]
    (gap,) = exchange(client, frame(23))
    assert (gap.event, gap.details["missing"]) == ("gap", 1)


def test_exchange_follows_full_once_it_is_subscribed() -> None:
    client = CoinbaseExchangeClient([Subscription("ticker", (BTC,))])
    client.on_open()
    exchange(client, exchange_ack(ticker=[BTC]))
    assert exchange(client, full(1), full(5)) == []
    client.subscribe([Subscription("full", (BTC,))])
    exchange(client, exchange_ack(ticker=[BTC], full=[BTC]))
    assert [notice.event for notice in exchange(client, full(6), full(8))] == ["gap"]
