"""What a run records, and for whom."""

from __future__ import annotations

from typing import Any

import pytest

from feedrec.feeds import Feed, Message, Subscription, find_feed
from feedrec.feeds.api_key import ApiKey
from feedrec.feeds.connections.sharding import Shard
from feedrec.feeds.raw import RawFeed
from feedrec.feeds.redaction import Redaction
from feedrec.formats.file.modes import PRIVATE, USUAL
from feedrec.recorder import Failover, Source

from ..venue import PlainFeed

URL = "wss://h/ws"


def source(feed: Feed, url: str = URL, *channels: str, **changes: Any) -> Source:
    wanted = [Subscription(name) for name in channels]
    return Source(feed, url, wanted, None, None, Redaction())._replace(**changes)


@pytest.mark.parametrize(
    "one",
    [
        source(find_feed("coinbase-advanced"), URL, "level2"),
        source(RawFeed(['{"op":"subscribe"}'])),
        source(RawFeed(), redaction=Redaction(kept_keys=["key"])),
        source(RawFeed(), failover=Failover(RawFeed(), URL)),
    ],
)
def test_what_has_nothing_secret_is_for_everyone(one: Source) -> None:
    assert one.file_mode() == USUAL


@pytest.mark.parametrize(
    "one",
    [
        source(find_feed("coinbase-advanced"), URL, "level2", credentials=ApiKey("k")),
        source(find_feed("coinbase-advanced"), URL, "user"),
        source(find_feed("coinbase-advanced-user"), URL, "heartbeats"),
        source(RawFeed(headers={"X-Plan": "basic"})),
        source(RawFeed(['{"op":"subscribe"}', '{"op":"login","args":[{"apiKey":"k"}]}'])),
        source(PlainFeed([Message(b"1", redacted=b"2")])),
        source(RawFeed(), f"{URL}?token=x"),
        source(RawFeed(), "wss://u:p@h"),
        source(RawFeed(), redaction=Redaction(["ticket"])),
        source(RawFeed(), failover=Failover(RawFeed(), f"{URL}?token=x")),
    ],
)
def test_what_has_or_may_have_a_secret_is_for_its_owner(one: Source) -> None:
    assert one.file_mode() == PRIVATE


def test_the_header_has_no_secret() -> None:
    wanted = [Subscription("s3cret-a", params={"token": "t", "depth": 5})]
    one = source(
        RawFeed(), f"{URL}?token=x&b=s3cret", subscriptions=wanted, redaction=Redaction(values={"v": "s3cret"})
    )
    header = one.header()
    assert header.url == "wss://h/ws?token=[redacted]&b=[redacted]"
    assert header.subscriptions == [{"channel": "[redacted]-a", "params": {"token": "[redacted]", "depth": 5}}]
    assert header.endpoint == "raw"


def test_each_machine_has_its_share_and_says_so_in_the_header() -> None:
    one = source(find_feed("coinbase-advanced"), URL, "level2")
    assert one.here() is one
    assert one.shares() == [one]
    wanted = [Subscription("level2", tuple(f"P{number}" for number in range(20)))]
    sources = [one._replace(subscriptions=wanted, shard=Shard(number, 3, 2)) for number in (1, 2, 3)]
    here = [each.here() for each in sources]
    assert [share is not None and share.subscriptions for share in sources[0].shares()] == [
        each is not None and each.subscriptions for each in here
    ]
    for number, share in enumerate(here, 1):
        assert share is not None
        assert share.here() == share
        assert share.header().extra == {"shard": f"{number}/3"}


def test_nobody_knows_what_a_machine_has_of_a_pattern_before_it_is_resolved() -> None:
    one = source(find_feed("coinbase-advanced"), shard=Shard(1, 3), subscriptions=[Subscription("level2", ("B*",))])
    assert one.here() is one


def test_where_a_raw_feed_belongs_its_name_says_and_else_its_address_without_secrets() -> None:
    """A key that differs from machine to machine must not have each think that another one records it."""

    def places(url: str, name: str = "") -> list[bool]:
        return [one is not None for one in source(RawFeed(), url, shard=Shard(1, 9)).shares(name)]

    assert places("wss://h/a?token=1") == places("wss://h/a?token=2")
    assert len({tuple(places(f"wss://h/{number}")) for number in range(30)}) > 3
    assert places("wss://h/a", "x") == places("wss://h/b", "x")
