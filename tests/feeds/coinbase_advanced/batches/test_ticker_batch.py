"""Advanced Trade: ticker_batch from a recording that has ticker alone."""

from __future__ import annotations

import json
from typing import Any

from feedrec.feeds.auth import Auth
from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.coinbase_advanced.state import MarketState
from feedrec.feeds.venue import Catalogue, FeedServer, Remark
from feedrec.model import NANOSECONDS, Frame

from ..test_server import START, acks, request, sent

CATALOGUE: Catalogue = {"ticker": ["BTC-USD", "ETH-USD"], "heartbeats": [""]}
KEY = ("ticker_batch", "BTC-USD")


def ticker(number: int, price: int, product: str = "BTC-USD", kind: str = "update") -> bytes:
    fields = {"type": "ticker", "product_id": product, "price": str(price), "volume_24_h": "9", "best_bid": "1"}
    fields |= {"best_ask": "2", "best_bid_quantity": "3", "best_ask_quantity": "4", "high_52_w": "7"}
    event = {"type": kind, "tickers": [fields]}
    return json.dumps({"channel": "ticker", "sequence_num": number, "events": [event]}).encode()


class Client:
    """A client that notes what it gets."""

    def __init__(self, *channels: str, catalogue: Catalogue = CATALOGUE, state: bytes | None = None) -> None:
        self.venue: FeedServer = FEED.server(catalogue, {}, Auth(now=lambda: START))
        self.messages: list[dict[str, Any]] = []
        for channel in channels:
            replies = self.venue.on_message(request("subscribe", channel, "BTC-USD"), START)
            assert not [one for one in replies if isinstance(one, Remark)]
            self.messages += sent(replies)
        snapshots = dict.fromkeys(self.venue.wanted) | ({KEY: state} if state else {})
        self.messages += sent(self.venue.on_state(snapshots, START))

    def play(self, second: float, payload: bytes) -> None:
        time = START + round(second * NANOSECONDS)
        while self.venue.next_due is not None and self.venue.next_due <= time:
            self.messages += map(json.loads, self.venue.on_due(self.venue.next_due))
        self.messages += map(
            json.loads, map(bytes, self.venue.on_frame(Frame(time, 0, payload), FEED.describe(payload)))
        )

    @property
    def batches(self) -> list[tuple[str, str]]:
        found = [one["events"][0] for one in self.messages if one["channel"] == "ticker_batch"]
        return [(event["type"], event["tickers"][0]["price"]) for event in found]


def test_it_begins_with_the_next_ticker_and_goes_on_every_five_seconds_if_it_changed() -> None:
    client = Client("ticker_batch")
    assert acks(client.messages) == [{"ticker_batch": ["BTC-USD"]}]
    for number, second in enumerate([0.1, 1, 2, 4.9, 5.1, 12, 30]):
        client.play(second, ticker(number, number))
    client.play(30, ticker(7, 7, "ETH-USD"))
    client.play(36, ticker(8, 8))
    assert client.batches == [("snapshot", "0"), ("update", "3"), ("update", "4"), ("update", "5"), ("update", "6")]
    assert [one["sequence_num"] for one in client.messages] == list(range(len(client.messages)))


def test_it_lacks_what_the_channel_lacks_and_keeps_the_order_of_the_rest() -> None:
    client = Client("ticker_batch")
    client.play(0, ticker(0, 5))
    (made,) = [one for one in client.messages if one["channel"] == "ticker_batch"]
    assert list(made) == ["channel", "timestamp", "sequence_num", "events"]
    fields = {"type": "ticker", "product_id": "BTC-USD", "price": "5", "volume_24_h": "9", "high_52_w": "7"}
    assert list(made["events"][0]["tickers"][0].items()) == list(fields.items())


def test_a_late_client_begins_with_a_snapshot_of_the_last_ticker() -> None:
    state = MarketState([KEY])
    for payload in (ticker(0, 5), ticker(1, 6), ticker(2, 9, "ETH-USD")):
        state.apply(FEED.describe(payload), payload)
    snapshot = state.snapshot(*KEY, START)
    assert snapshot is not None
    client = Client("ticker_batch", state=snapshot)
    assert [one["channel"] for one in client.messages] == ["ticker_batch", "subscriptions"]
    client.play(1, ticker(3, 7))
    client.play(6, ticker(4, 8))
    assert client.batches == [("snapshot", "6"), ("update", "7")]
    assert b"best_" not in snapshot


def test_both_channels_can_be_subscribed_and_made_heartbeats_go_on() -> None:
    client = Client("ticker", "ticker_batch", "heartbeats", catalogue={"ticker": ["BTC-USD"]})
    for second in range(11):
        client.play(second, ticker(second, second, kind="update" if second else "snapshot"))
    channels = [one["channel"] for one in client.messages]
    assert channels.count("ticker") == 11
    assert channels.count("heartbeats") == 10
    assert client.batches == [("snapshot", "0"), ("update", "4"), ("update", "9")]


def test_it_ends_with_the_subscription() -> None:
    client = Client("ticker_batch")
    client.play(0, ticker(0, 0))
    client.venue.on_message(request("unsubscribe", "ticker_batch"), START)
    client.play(7, ticker(1, 1))
    assert client.batches == [("snapshot", "0")]


def test_where_it_was_recorded_nothing_is_made() -> None:
    client = Client("ticker_batch", catalogue={**CATALOGUE, "ticker_batch": ["BTC-USD"]})
    client.play(0, ticker(0, 0))
    client.play(7, ticker(1, 1))
    assert client.batches == []
