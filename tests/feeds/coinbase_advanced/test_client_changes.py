"""What the client half of Advanced Trade asks for while a connection is open, and what it makes of the answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedrec.feeds import Notice, Subscription
from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.coinbase_advanced.client import ACK_GRACE, ACK_TIMEOUT, CoinbaseAdvancedClient

BTC, ETH = "BTC-USD", "ETH-USD"


def hear(client: CoinbaseAdvancedClient, *frames: dict[str, Any]) -> list[Notice]:
    notices: list[Notice] = []
    for frame in frames:
        payload = json.dumps(frame).encode()
        notices += client.on_frame(FEED.describe(payload), payload)
    return notices


def ack(sequence: int, **channels: list[str]) -> dict[str, Any]:
    return {"channel": "subscriptions", "sequence_num": sequence, "events": [{"subscriptions": channels}]}


def test_asks_for_more_by_a_message_each_and_waits_for_the_acks() -> None:
    client = CoinbaseAdvancedClient([Subscription("ticker", (BTC,))])
    client.on_open()
    assert [notice.text for notice in hear(client, ack(0, ticker=[BTC]))] == ["subscribed to ticker"]
    messages = client.subscribe([Subscription("level2", (BTC, "NO-SUCH")), Subscription("heartbeats")])
    assert [json.loads(message.payload) for message in messages] == [
        {"type": "subscribe", "product_ids": [BTC, "NO-SUCH"], "channel": "level2"},
        {"type": "subscribe", "channel": "heartbeats"},
    ]
    assert client.silence_limit is not None
    hear(client, ack(1, ticker=[BTC], level2=[BTC]))
    assert client.on_tick(100) == ()
    hear(client, ack(2, ticker=[BTC], level2=[BTC], heartbeats=["heartbeats"]))
    assert client.on_tick(101) == ()
    (missing,) = client.on_tick(101 + ACK_GRACE)
    assert missing.details == {"subscriptions": [{"channel": "level2", "products": ["NO-SUCH"]}]}


@pytest.mark.parametrize("left", [[], [BTC]])
def test_acks_of_unsubscribing_are_not_taken_for_missing_subscriptions(left: list[str]) -> None:
    client = CoinbaseAdvancedClient([Subscription("ticker", (BTC, ETH)), Subscription("candles", (BTC,))])
    client.on_open()
    hear(client, ack(0, ticker=[BTC, ETH]), ack(1, ticker=[BTC, ETH], candles=[BTC]))
    gone = Subscription("ticker", (ETH,)) if left else Subscription("ticker")
    client.unsubscribe([gone])
    assert hear(client, ack(2, candles=[BTC], **({"ticker": left} if left else {}))) == []
    assert [*client.on_tick(50), *client.on_tick(50 + ACK_TIMEOUT), *client.on_close()] == []


def test_refusals_of_what_was_asked_for_later_end_nothing() -> None:
    client = CoinbaseAdvancedClient([Subscription("ticker", (BTC,))])
    client.on_open()
    hear(client, ack(0, ticker=[BTC]))
    client.subscribe([Subscription("user")])
    (refused,) = hear(client, {"type": "error", "message": "authentication failure"})
    assert (refused.severity, refused.event) == ("warning", "error")
    assert client.on_tick(30) == ()
    (missing,) = client.on_tick(30 + ACK_TIMEOUT)
    assert (missing.severity, missing.details) == ("warning", {"subscriptions": [{"channel": "user"}]})
