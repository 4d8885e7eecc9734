"""Channels without updates close, unless heartbeats keep them open; times are recorded ones."""

from __future__ import annotations

import json
from typing import Any

from feedrec.feeds.auth import Auth
from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.venue import Close, FeedServer, Handshake, Remark
from feedrec.model import NANOSECONDS, Frame

START = 1_795_280_400 * NANOSECONDS
CATALOGUE = {"ticker": ("BTC-USD",), "candles": ("BTC-USD",), "heartbeats": ("",)}


def at(seconds: float) -> int:
    return START + round(seconds * NANOSECONDS)


def server(*channels: str, **settings: str) -> FeedServer:
    """Give a server half whose client subscribed some channels at the start, and whose state has nothing."""
    venue = FEED.server(CATALOGUE, {"silent_channel_closes": "75", **settings}, Auth(now=lambda: START))
    venue.on_open(Handshake("/", {}), START)
    for channel in channels:
        ask(venue, channel, 0)
    return venue


def ask(venue: FeedServer, channel: str, seconds: float, kind: str = "subscribe") -> list[dict[str, Any]]:
    message = {"type": kind, "channel": channel, "product_ids": ["BTC-USD"]}
    replies = venue.on_message(json.dumps(message).encode(), at(seconds))
    replies += venue.on_state(dict.fromkeys(venue.wanted), at(seconds))
    return [json.loads(bytes(reply.payload)) for reply in replies if hasattr(reply, "payload")]


def come(venue: FeedServer, channel: str, seconds: float) -> int:
    """Play a frame of a channel; return how many messages the client gets."""
    events: dict[str, Any] = {
        "ticker": {"type": "update", "tickers": [{"product_id": "BTC-USD"}]},
        "candles": {"type": "update", "candles": [{"product_id": "BTC-USD"}]},
        "heartbeats": {"heartbeat_counter": 1},
    }
    fields = {"channel": channel, "timestamp": "", "sequence_num": 0, "events": [events[channel]]}
    payload = json.dumps(fields, separators=(",", ":")).encode()
    return len(venue.on_frame(Frame(at(seconds), 0, payload), FEED.describe(payload)))


def remark(channel: str) -> Remark:
    return Remark(f"hears no more of {channel}: nothing came for 75 s", is_fault=False)


def test_the_connection_closes_with_its_only_channel() -> None:
    venue = server("ticker")
    assert venue.deadline == at(75)
    come(venue, "ticker", 10)
    assert venue.deadline == at(85)
    come(venue, "candles", 60)  # which this client did not subscribe
    assert venue.deadline == at(85)
    assert venue.on_deadline(at(85)) == [remark("ticker"), Close(1000, "no updates within 75 seconds")]


def test_a_channel_closes_alone_while_others_are_left() -> None:
    """It is no longer listed, and nothing of it comes any more; it can be subscribed again."""
    venue = server("ticker", "candles")
    come(venue, "candles", 50)
    assert venue.deadline == at(75)
    assert venue.on_deadline(at(75)) == [remark("ticker")]
    assert venue.deadline == at(125)
    assert come(venue, "ticker", 80) == 0
    assert come(venue, "candles", 81) == 1
    again = ask(venue, "candles", 82)
    assert again[-1]["events"] == [{"subscriptions": {"candles": ["BTC-USD"]}}]
    (ack,) = ask(venue, "ticker", 90)
    assert ack["events"] == [{"subscriptions": {"candles": ["BTC-USD"], "ticker": ["BTC-USD"]}}]
    assert come(venue, "ticker", 91) == 1


def test_heartbeats_keep_all_channels_open_and_silence_begins_when_they_end() -> None:
    venue = server("ticker", "heartbeats")
    assert venue.deadline is None
    come(venue, "heartbeats", 100)
    assert venue.deadline is None
    ask(venue, "heartbeats", 200, "unsubscribe")
    assert venue.deadline == at(275)


def test_the_connection_can_be_left_open_or_closed_with_another_code() -> None:
    venue = server("ticker", silent_channel_code="0")
    assert venue.on_deadline(at(75)) == [remark("ticker")]
    assert venue.deadline is None
    assert server("ticker", silent_channel_code="1006").on_deadline(at(75))[-1] == Close(
        1006, "no updates within 75 seconds"
    )


def test_a_channel_that_waits_for_its_snapshot_is_silent_too_and_a_snapshot_is_an_update() -> None:
    venue = server("ticker")
    come(venue, "candles", 1)
    assert venue.deadline == at(75)
    late = FEED.server(CATALOGUE, {"silent_channel_closes": "75"}, Auth(now=lambda: START))
    late.on_message(b'{"type":"subscribe","channel":"ticker","product_ids":["BTC-USD"]}', at(0))
    late.on_state({("ticker", "BTC-USD"): b'{"channel":"ticker","sequence_num":0}'}, at(5))
    assert late.deadline == at(80)


def test_silence_begins_anew_with_a_lap_and_follows_the_clock() -> None:
    venue = server("ticker")
    come(venue, "ticker", 70)
    venue.on_restart()
    assert venue.deadline is None
    come(venue, "candles", 0)
    assert venue.deadline == at(75)
    venue.on_clock_set(3600 * NANOSECONDS)
    assert venue.deadline == at(3675)


def test_by_default_silence_closes_nothing() -> None:
    assert server("ticker", silent_channel_closes="0").deadline is None
