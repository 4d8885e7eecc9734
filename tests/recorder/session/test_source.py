"""What a run records, and for whom."""

from __future__ import annotations

from typing import Any

import pytest

from feedrec.feeds import Feed, Message, Subscription, find_feed
from feedrec.feeds.api_key import ApiKey
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
