"""Products from files, and what a person is told of patterns."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from feedrec.cli.recording.options.product_options import read_products, resolve_patterns
from feedrec.errors import UsageError
from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.connections.sharding import Shard
from feedrec.feeds.redaction import Redaction
from feedrec.recorder import Source

from ...listing_venue import listing_venue


@pytest.mark.parametrize(
    "content",
    [
        b"BTC-USD\nETH-USD\n",
        b"\xef\xbb\xbfBTC-USD\r\n\r\nETH-USD",
        b"# mine\n\n  BTC-USD , ETH-USD,  # both\n",
        b"BTC-USD,ETH-USD",
    ],
)
def test_a_list_has_products_on_lines_with_commas_and_comments(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    assert read_products(["A", f"@{tmp_path}/list.txt", "B"]) == ["A", "BTC-USD", "ETH-USD", "B"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "names no product"),
        (b"\n# nothing\n", "names no product"),
        (b"@other.txt\n", "'@other.txt' in the product list"),
        (b"BTC\x1b[2J\n", "is no product"),
        (b"\xff\xfe", "not UTF-8 text"),
        (None, "No such file or directory"),
    ],
)
def test_a_list_of_no_use_is_one_clear_line(tmp_path: Path, content: bytes | None, text: str) -> None:
    path = tmp_path / "list.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=text) as caught:
        read_products([f"@{path}"])
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def source(url: str, *products: str) -> Source:
    wanted = [Subscription("ticker", products), Subscription("heartbeats")]
    return Source(find_feed("coinbase-advanced"), url, wanted, None, None, Redaction())


def test_what_a_pattern_stands_for_is_logged_and_kept_as_it_was_asked(caplog: pytest.LogCaptureFixture) -> None:
    many = [f"BTC-A{number}" for number in range(11)]
    with listing_venue(*many, "ETH-USD", offline=("BTC-OLD",)) as venue, caplog.at_level(logging.INFO):
        resolved = resolve_patterns(source(venue.url, "BTC-*", "ETH-UDS"), yes=False)
    assert resolved is not None
    assert resolved.subscriptions[0].products == (*sorted(many), "ETH-UDS")
    assert resolved.header().extra == {"patterns": [{"channel": "ticker", "products": ["BTC-*", "ETH-UDS"]}]}
    shown = ", ".join(sorted(many)[:10])
    assert f"BTC-*: 11 products: {shown} and 1 more; 1 not online is left out" in caplog.messages
    assert "coinbase-advanced does not list ETH-UDS; did you mean ETH-USD?" in caplog.messages
    assert [request["channel"] for request in venue.requests] == ["status"]


def test_without_a_pattern_nobody_is_asked() -> None:
    asked = source("ws://127.0.0.1:9", "BTC-USD")
    assert resolve_patterns(asked, yes=False) is asked
    assert asked.header().extra == {}


def test_more_than_100_products_must_be_meant() -> None:
    with listing_venue(*[f"P{number}-USD" for number in range(101)]) as venue:
        with pytest.raises(UsageError, match=r"101 products are many: narrow 'P\*' and '\*-USD', or add --yes"):
            resolve_patterns(source(venue.url, "P*", "*-USD"), yes=False)
        for pattern, yes, most in (("P*", True, 101), ("P?*[0-8]-USD", False, 100)):
            resolved = resolve_patterns(source(venue.url, pattern), yes=yes)
            assert resolved is not None
            assert len(resolved.subscriptions[0].products) <= most


def test_of_what_a_pattern_stands_for_each_machine_has_its_part(caplog: pytest.LogCaptureFixture) -> None:
    """More than its venue would take on one machine are no reason to refuse anything."""
    found: list[str] = []
    with listing_venue(*[f"P{number}-USD" for number in range(90)]) as venue, caplog.at_level(logging.INFO):
        for number in (1, 2, 3):
            asked = source(venue.url, "P*", "BTC-USD")._replace(shard=Shard(number, 3, 2))
            assert asked.here() is asked
            here = resolve_patterns(asked, yes=False)
            assert here is not None
            found += here.subscriptions[0].products
            assert f"shard {number}/3: {len(here.subscriptions[0].products)} of 91 products" in caplog.messages
            assert here.subscriptions[1] == Subscription("heartbeats")
            patterns = [{"channel": "ticker", "products": ["P*", "BTC-USD"]}]
            assert here.header().extra == {"patterns": patterns, "shard": f"{number}/3"}
    assert sorted(found) == sorted(["BTC-USD", *(f"P{number}-USD" for number in range(90))] * 2)


def test_a_machine_may_have_nothing_of_what_a_pattern_stands_for() -> None:
    with listing_venue("BTC-USD") as venue:
        here = [resolve_patterns(source(venue.url, "B*")._replace(shard=Shard(one, 3)), yes=False) for one in (1, 2, 3)]
    assert sorted(one is None for one in here) == [False, True, True]
