"""The catalogue of endpoints."""

from __future__ import annotations

import pytest

from feedrec.errors import UsageError
from feedrec.feeds import endpoint_names, find_feed, hosts_of


@pytest.mark.parametrize("name", endpoint_names())
def test_an_endpoint_is_a_feed_that_can_be_subscribed_as_it_stands(name: str) -> None:
    feed = find_feed(name)
    assert feed.name == name
    assert feed.url.startswith("wss://") or (name == "raw" and not feed.url)
    assert feed.summary
    assert feed.failover is None or (feed.failover != name and find_feed(feed.failover).failover is None)
    assert set(feed.default_channels) <= set(feed.channels)
    assert feed.heartbeat_channel is None or feed.heartbeat_channel in feed.channels
    for key, channel in feed.channels.items():
        assert channel.name == key
        assert feed.channel_name(key) == key
        assert channel.summary
        if channel.example:
            assert set(feed.parse_params(key, channel.example)) == set(channel.params)
        assert bool(channel.params) == bool(channel.example)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("coinbase-advanced", "wss://advanced-trade-ws.coinbase.com"),
        ("coinbase-advanced-user", "wss://advanced-trade-ws-user.coinbase.com"),
        ("coinbase-exchange", "wss://ws-feed.exchange.coinbase.com"),
        ("coinbase-exchange-direct", "wss://ws-direct.exchange.coinbase.com"),
        ("coinbase-exchange-sandbox", "wss://ws-feed-public.sandbox.exchange.coinbase.com"),
        ("coinbase-exchange-direct-sandbox", "wss://ws-direct.sandbox.exchange.coinbase.com"),
        ("coinmarketcap", "wss://pro-stream.coinmarketcap.com/v1"),
    ],
)
def test_the_addresses_are_the_documented_ones(name: str, url: str) -> None:
    assert find_feed(name).url == url


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("coinbase-advanced", "heartbeats candles status ticker ticker_batch level2 user market_trades"),
        ("coinbase-advanced-user", "heartbeats user futures_balance_summary"),
        ("coinbase-exchange", "heartbeat ticker level2 full matches user"),
    ],
)
def test_the_channels_that_are_documented_are_there(name: str, channels: str) -> None:
    assert set(channels.split()) <= set(find_feed(name).channels)


def test_the_default_endpoint_is_in_the_catalogue() -> None:
    assert "coinbase-advanced" in endpoint_names()


def test_an_endpoint_that_is_unknown_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match="no endpoint 'coinbase-advance'; did you mean 'coinbase-advanced'"):
        find_feed("coinbase-advance")


def test_an_endpoint_like_no_other_gets_the_list() -> None:
    with pytest.raises(UsageError, match=r"no endpoint 'xyzzy' \(known: .*coinbase-advanced.*; raw records any"):
        find_feed("xyzzy")


def test_the_hosts_of_the_catalogue_are_those_of_its_addresses() -> None:
    assert "ws-feed.exchange.coinbase.com" in hosts_of([])
    assert hosts_of(["no-such-endpoint", "raw"]) == hosts_of([])
