"""What a venue allows one client at once, for all feeds together."""

from __future__ import annotations

import pytest

from feedrec.cli.recording.config.venue_limits import VenueUse, first_excess, over_machines, use_of
from feedrec.cli.recording.feed_options import FeedOptions
from feedrec.errors import UsageError
from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.api_key import ApiKey
from feedrec.feeds.connections.sharding import Shard
from feedrec.feeds.redaction import Redaction
from feedrec.recorder import Source

from ...record_options import usual_values


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


def cmc(count: int, key: str, shard: Shard | None) -> Source:
    feed = find_feed("coinmarketcap")
    wanted = [Subscription("market@crypto_latest_price", (), {"crypto_ids": [number + 1]}) for number in range(count)]
    return Source(feed, feed.url, wanted, ApiKey(key), None, Redaction(), shard=shard)


def test_what_several_machines_take_of_an_account_together_is_told() -> None:
    """900 subscriptions twice are 18 connections and more, of 100 each; on one machine alone, they are allowed."""
    options = FeedOptions.take(usual_values())
    told = over_machines({"a": (options, cmc(900, "k1", Shard(1, 5, 2)))})
    assert len(told) == 1
    assert told[0].startswith("coinmarketcap allows 10 connections at once, and 5 machines have 2")
    assert told[0].endswith(" together: give each a key of its own, or fewer connections")
    assert "k1" not in told[0]
    assert over_machines({"a": (options, cmc(900, "k1", None))}) == []
    assert over_machines({"a": (options, cmc(20, "k1", Shard(1, 5)))}) == []
    two = {name: (options, cmc(300, key, Shard(1, 3, 2))) for name, key in (("a", "k1"), ("b", "k2"))}
    assert over_machines(two) == []
    assert len(over_machines({**two, "c": (options, cmc(300, "k1", Shard(1, 3, 2)))})) == 1


def test_what_a_venue_allows_an_address_each_machine_has_by_itself() -> None:
    feed = find_feed("coinbase-advanced")
    wanted = [Subscription("level2", tuple(f"P{number}" for number in range(600)))]
    one = Source(feed, feed.url, wanted, None, None, Redaction(), shard=Shard(1, 5))
    assert over_machines({"a": (FeedOptions.take(usual_values()), one)}) == []
