"""What the client half of Coinbase Exchange asks for on an open connection, and what it makes of the answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedrec.feeds import Notice, Subscription
from feedrec.feeds.coinbase_exchange import FEEDS
from feedrec.feeds.coinbase_exchange.client import ACK_GRACE, ACK_TIMEOUT, CoinbaseExchangeClient
from feedrec.feeds.credentials import ExchangeKey

FEED = FEEDS["coinbase-exchange"]
BTC, ETH = "BTC-USD", "ETH-USD"
SECRET = "c2VjcmV0LW9mLXRlc3Rz"  # no secret


def hear(client: CoinbaseExchangeClient, *frames: dict[str, Any]) -> list[Notice]:
    notices: list[Notice] = []
    for frame in frames:
        payload = json.dumps(frame).encode()
        notices += client.on_frame(FEED.describe(payload), payload)
    return notices


def ack(**channels: list[str]) -> dict[str, Any]:
    listed = [{"name": name, "product_ids": ids, "account_ids": None} for name, ids in channels.items()]
    return {"type": "subscriptions", "channels": listed}


def match(trade: int, product: str = BTC) -> dict[str, Any]:
    return {"type": "match", "trade_id": trade, "product_id": product, "sequence": 1000 + trade}


def full(sequence: int, product: str = BTC) -> dict[str, Any]:
    return {"type": "open", "order_id": "x", "product_id": product, "sequence": sequence, "side": "buy"}


def beat(trade: int, product: str = BTC) -> dict[str, Any]:
    return {"type": "heartbeat", "last_trade_id": trade, "product_id": product, "sequence": 1000 + trade}


def test_asks_for_the_heartbeats_of_further_products_and_drops_those_of_products_that_go() -> None:
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


def test_a_book_that_is_left_for_a_moment_keeps_its_heartbeats() -> None:
    book = Subscription("level2_batch", (BTC,))
    client = CoinbaseExchangeClient([book, Subscription("heartbeat")])
    client.on_open()
    hear(client, ack(level2_50=[BTC], heartbeat=[BTC]))
    (left,), (joined,) = client.interrupt([book]), client.subscribe([book])
    for message, kind in ((left, "unsubscribe"), (joined, "subscribe")):
        asked = {"type": kind, "product_ids": [], "channels": [{"name": "level2_batch", "product_ids": [BTC]}]}
        assert json.loads(message.payload) == asked
    assert client.silence_limit is not None


def test_a_program_that_ends_a_book_left_for_a_moment_ends_its_heartbeats_too() -> None:
    book = Subscription("level2_batch", (BTC,))
    client = CoinbaseExchangeClient([book, Subscription("heartbeat")])
    client.on_open()
    client.interrupt([book])
    (ended,) = client.unsubscribe([book])
    assert json.loads(ended.payload)["channels"] == [{"name": "heartbeat", "product_ids": [BTC]}]


def test_signs_and_redacts_what_it_asks_later() -> None:
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


def test_compares_the_last_ack_with_what_is_wanted_by_then() -> None:
    client = CoinbaseExchangeClient([Subscription("ticker", (BTC,))])
    client.on_open()
    client.subscribe([Subscription("matches", (BTC, "NO-SUCH"))])
    assert hear(client, ack(ticker=[BTC])) == []
    assert hear(client, ack(ticker=[BTC], matches=[BTC])) == []
    (missing,) = [*client.on_tick(1.0), *client.on_tick(1.0 + ACK_GRACE)]
    assert missing.details == {"subscriptions": [{"channel": "matches", "products": ["NO-SUCH"]}]}
    client.unsubscribe([Subscription("ticker")])
    assert [*hear(client, ack(matches=[BTC])), *client.on_tick(100)] == []


def test_refusals_of_what_was_asked_for_later_end_nothing() -> None:
    client = CoinbaseExchangeClient([Subscription("ticker", (BTC,))])
    client.on_open()
    hear(client, ack(ticker=[BTC]))
    client.subscribe([Subscription("full", (BTC,))])
    reason = "level2, level3, and full channels now require authentication."
    (refused,) = hear(client, {"type": "error", "message": "Failed to subscribe", "reason": reason})
    assert (refused.severity, refused.event) == ("warning", "error")
    assert [*client.on_tick(50), *client.on_tick(50 + ACK_TIMEOUT)] == []
    client.subscribe([Subscription("matches", (BTC,))])
    hear(client, ack(ticker=[BTC], matches=[BTC]))
    accepted = [*client.on_tick(70), *client.on_tick(70 + ACK_GRACE)]
    assert [notice.details for notice in accepted] == [{"subscriptions": [{"channel": "full", "products": [BTC]}]}]


@pytest.mark.parametrize(("channel", "frame"), [("full", full), ("matches", match)])
def test_finds_no_gap_where_a_channel_was_left_and_joined_again(channel: str, frame: Any) -> None:
    client = CoinbaseExchangeClient([Subscription(channel, (BTC, ETH)), Subscription("heartbeat")])
    client.on_open()
    both, one = {channel: [BTC, ETH], "heartbeat": [BTC, ETH]}, {channel: [ETH], "heartbeat": [ETH]}
    hear(client, ack(**both), frame(1), frame(2))
    client.unsubscribe([Subscription(channel, (BTC,))])
    assert hear(client, frame(3), ack(**one), beat(7), beat(9), beat(11)) == []
    client.subscribe([Subscription(channel, (BTC,))])
    joined = hear(client, ack(**both), frame(20), frame(21))
    assert [notice.event for notice in joined] == [None]
    (gap,) = hear(client, frame(23))
    assert (gap.event, gap.details["missing"]) == ("gap", 1)


def test_follows_full_once_it_is_subscribed() -> None:
    client = CoinbaseExchangeClient([Subscription("ticker", (BTC,))])
    client.on_open()
    hear(client, ack(ticker=[BTC]))
    assert hear(client, full(1), full(5)) == []
    client.subscribe([Subscription("full", (BTC,))])
    hear(client, ack(ticker=[BTC], full=[BTC]))
    assert [notice.event for notice in hear(client, full(6), full(8))] == ["gap"]
