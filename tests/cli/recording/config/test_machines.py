"""Which of several machines records what; how it looks is tested in tests/cli/commands/test_record_shard.py."""

from __future__ import annotations

from feedrec.cli.recording.config.machines import machine_facts, machine_lines
from feedrec.cli.recording.feed_options import FeedOptions
from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.api_key import ApiKey
from feedrec.feeds.connections.sharding import Shard
from feedrec.feeds.redaction import Redaction
from feedrec.recorder import Source

from ...record_options import usual_values

OPTIONS = FeedOptions.take(usual_values())


def source(shard: Shard, *wanted: Subscription, endpoint: str = "coinbase-advanced") -> Source:
    feed = find_feed(endpoint)
    credentials = ApiKey("hunter2") if endpoint == "coinmarketcap" else None
    return Source(feed, feed.url, wanted, credentials, None, Redaction(), shard=shard)


def test_connections_are_those_of_each_machine() -> None:
    """31 products of level2 and more take two, wherever they are."""
    shard = Shard(1, 4)
    wanted = Subscription("level2", tuple(f"P{number}" for number in range(200)))
    facts = machine_facts({"a": (OPTIONS, source(shard, wanted))}, shard)
    assert sum(one["products"] for one in facts["machines"]) == 200
    for one in facts["machines"]:
        assert one["connections"] == -(-one["products"] // 30) == len(one["feeds"][0]["connections"])
    assert facts["too_much"] == []


def test_of_a_pattern_each_machine_has_its_part_and_of_heartbeats_alone_none() -> None:
    shard = Shard(2, 3)
    wanted = Subscription("level2", ("B*", "ETH-USD")), Subscription("heartbeats")
    facts = machine_facts({"a": (OPTIONS, source(shard, *wanted))}, shard)
    assert [one["products"] for one in facts["machines"]].count(1) == 1
    assert all(one["feeds"][0]["patterns"] == [{"channel": "level2", "products": ["B*"]}] for one in facts["machines"])
    facts = machine_facts({"a": (OPTIONS, source(shard, Subscription("level2", ("B*",)), wanted[1]))}, shard)
    assert [one["connections"] for one in facts["machines"]] == [0, 0, 0]
    assert machine_lines(facts)[1] == "  1             its part of the patterns"


def test_what_is_too_much_for_an_account_is_told_and_the_key_is_not() -> None:
    shard = Shard(1, 5, 5)
    wanted = [Subscription("market@crypto_latest_price", params={"crypto_ids": [one]}) for one in range(1, 250)]
    facts = machine_facts({"a": (OPTIONS, source(shard, *wanted, endpoint="coinmarketcap"))}, shard)
    lines = machine_lines(facts, 80)
    assert lines[-1].startswith("  coinmarketcap allows 10 connections at once, and 5 machines have 15 together")
    assert "hunter2" not in "".join(lines)


def test_no_line_is_wider_than_the_terminal() -> None:
    shard = Shard(3, 5, 2)
    wanted = [
        Subscription(channel, tuple(f"PRODUCT{one}-USD" for one in range(90))) for channel in ("level2", "ticker")
    ]
    lines = machine_lines(machine_facts({"a-name": (OPTIONS, source(shard, *wanted))}, shard), 80)
    assert max(map(len, lines)) <= 80
    assert sum("of them" in line for line in lines) == 1
    assert sum("and 2" in line or "and 3" in line for line in lines) > 0
