"""What a venue allows one client at once, for all feeds together."""

from __future__ import annotations

import pytest

from feedrec.cli.recording.config.venue_limits import VenueUse, first_excess, use_of
from feedrec.errors import UsageError
from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.api_key import ApiKey
from feedrec.feeds.redaction import Redaction
from feedrec.recorder import Source


def use(count: int, key: str = "k1", connections: int | None = None) -> VenueUse:
    feed = find_feed("coinmarketcap")
    wanted = [Subscription("market@crypto_latest_price", (), {"crypto_ids": [number + 1]}) for number in range(count)]
    return use_of(Source(feed, feed.url, wanted, ApiKey(key), None, Redaction()), connections)


def user(channel: str, endpoint: str = "coinbase-advanced") -> VenueUse:
    feed = find_feed(endpoint)
    return use_of(Source(feed, feed.url, [Subscription(channel)], None, None, Redaction()), None)


def test_feeds_of_one_key_share_its_connections() -> None:
    """10 of 100 subscriptions each; each key has its own."""
    assert use(500).connections == 5
    assert first_excess({"a": use(500), "b": use(500), "c": use(1, "k2")}) is None
    text = "coinmarketcap allows 10 connections at once; with the feeds before, this makes 11"
    assert first_excess({"a": use(500), "b": use(500), "c": use(1)}) == ("c", text)
    assert first_excess({"a": use(2, connections=2), "b": use(900)}) == ("b", text)
    with pytest.raises(UsageError, match="11 connections"):
        use(1, connections=11)


def test_a_channel_that_a_venue_allows_once_is_that_of_one_feed() -> None:
    assert first_excess({"a": user("user"), "b": user("level2"), "c": user("user", "coinbase-advanced-user")}) is None
    text = "another feed has user too, which coinbase-advanced allows on one connection at a time"
    assert first_excess({"a": user("user"), "b": user("user")}) == ("b", text)
