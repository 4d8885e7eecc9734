"""Products from a file and by patterns, as a person gives them."""

from __future__ import annotations

import json
from pathlib import Path

from feedrec.formats import open_recording

from ..command import feedrec
from ..listing_venue import listing_venue


def test_patterns_in_a_file_and_of_a_channel_become_the_products_of_the_venue(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("BTC-*  # all of them\nETH-USD\n")
    with listing_venue("BTC-EUR", "BTC-USD", "ETH-EUR", "ETH-USD", offline=("BTC-OLD",)) as venue:
        arguments = ("-c", "ticker", "-c", "market_trades:ETH-*", "-p", "@list.txt", "--max-frames", 8, "--strict")
        done = feedrec("record", "--url", venue.url, *arguments, "-o", "a.jsonl", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    log = done.stderr.decode()
    assert "BTC-*: 2 products: BTC-EUR, BTC-USD; 1 not online is left out" in log
    assert "ETH-*: 2 products: ETH-EUR, ETH-USD\n" in log
    subscriptions = [
        {"channel": "ticker", "products": ["BTC-EUR", "BTC-USD", "ETH-USD"]},
        {"channel": "market_trades", "products": ["ETH-EUR", "ETH-USD"]},
        {"channel": "heartbeats"},
    ]
    with open_recording(tmp_path / "a.jsonl") as recording:
        assert recording.header.subscriptions == subscriptions
        assert recording.header.extra["patterns"] == [
            {"channel": "ticker", "products": ["BTC-*", "ETH-USD"]},
            {"channel": "market_trades", "products": ["ETH-*"]},
        ]
    assert json.loads(done.stdout)["subscribed"]["accepted"] == subscriptions
    assert [request["channel"] for request in venue.requests] == ["status", "ticker", "market_trades", "heartbeats"]


def test_where_nothing_lists_the_products_a_pattern_is_refused_before_anything_connects(tmp_path: Path) -> None:
    options = ("-e", "coinbase-advanced-user", "--url", "ws://127.0.0.1:9", "-c", "user", "-p", "BTC-*")
    done = feedrec("record", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.decode() == (
        "feedrec: error: coinbase-advanced-user has no channel that lists its products, "
        "so nothing tells what 'BTC-*' stands for: name the products\n"
    )
    assert list(tmp_path.iterdir()) == []
