"""Advanced Trade: channels that feedrec does not know, recorded all the same."""

from __future__ import annotations

import json

import pytest

from feedrec.feeds.auth import Auth
from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.venue import Catalogue, FeedServer, Sample, Send

from .test_server import START, acks, data, play, request, sent

NEW = "level3"


def server(catalogue: Catalogue, *requested: str) -> FeedServer:
    feed = FEED.as_recorded(Sample((), {channel: ["BTC-USD"] for channel in requested}))
    return feed.server(catalogue, {}, Auth(now=lambda: START))


def new(sequence: int, product: str = "", kind: str = "update", channel: str = NEW) -> bytes:
    event = {"type": kind, "product_id": product} if product else {"type": kind}
    return json.dumps({"channel": channel, "sequence_num": sequence, "events": [event]}).encode()


def begun(venue: FeedServer, channel: str, *products: str) -> FeedServer:
    """Have a client subscribe at the beginning, where a snapshot is known to come."""
    venue.on_message(request("subscribe", channel, *products), START)
    venue.on_coming(venue.wanted)
    venue.on_state(dict.fromkeys(venue.wanted), START)
    return venue


def test_a_channel_that_was_asked_for_goes_to_those_who_subscribe_it() -> None:
    catalogue: Catalogue = {NEW: ["BTC-USD", "ETH-USD"], "ticker": ["BTC-USD"]}
    recorded = [new(0, "BTC-USD", "snapshot"), new(1, "ETH-USD"), new(2, "BTC-USD"), new(3)]
    messages = play(begun(server(catalogue, NEW, "ticker"), NEW, "BTC-USD"), *recorded)
    assert acks(messages) == [{NEW: ["BTC-USD"]}]
    assert [one["events"][0].get("product_id") for one in messages if one["channel"] == NEW] == ["BTC-USD"] * 2 + [None]
    other = begun(server(catalogue, NEW, "ticker"), "ticker", "BTC-USD")
    frames = play(other, *recorded, data(4, "ticker", "snapshot", "BTC-USD"))
    assert {one["channel"] for one in frames} == {"ticker", "subscriptions"}


def test_one_whose_frames_have_another_name_is_acknowledged_and_they_go_to_everyone() -> None:
    venue = begun(server({NEW: ["BTC-USD"]}, NEW), NEW, "BTC-USD")
    messages = play(venue, new(0, "BTC-USD", channel="l3_data"), time=START)
    messages += play(venue, new(1, "BTC-USD", channel="l3_data"), time=START + 6_000_000_000)
    assert [one["channel"] for one in messages if one["channel"] != "subscriptions"] == ["l3_data"] * 2
    assert acks(messages) == [{NEW: ["BTC-USD"]}]


def test_one_that_was_only_seen_can_be_subscribed_and_goes_to_everyone() -> None:
    for channel, product in ((NEW, "BTC-USD"), ("ticker", "BTC-USD")):
        venue = begun(server({NEW: [""], "ticker": ["BTC-USD"]}, "ticker"), channel, product)
        messages = play(venue, new(0), new(1, "BTC-USD"))
        assert [one["channel"] for one in messages if one["channel"] != "subscriptions"] == [NEW] * 2


@pytest.mark.parametrize(("recorded", "asked"), [([""], ["BTC-USD"]), (["BTC-USD"], []), ([""], [])])
def test_its_products_may_be_named_or_not(recorded: list[str], asked: list[str]) -> None:
    venue = server({NEW: recorded}, NEW)
    assert not [
        reply for reply in venue.on_message(request("subscribe", NEW, *asked), START) if not isinstance(reply, Send)
    ]
    venue.on_state(dict.fromkeys(venue.wanted), START)
    assert play(venue, new(0, "BTC-USD", "snapshot"))[0]["channel"] == NEW


def test_one_of_which_nothing_is_recorded_is_refused() -> None:
    refused = sent(server({"ticker": ["BTC-USD"]}, "ticker").on_message(request("subscribe", NEW, "BTC-USD"), START))
    assert refused == [{"type": "error", "message": "authentication failure"}]


def test_no_state_is_kept_of_it() -> None:
    assert FEED.state([(NEW, "BTC-USD")]) is None
