"""What files are called: by the names that were asked for."""

from __future__ import annotations

import json
from pathlib import Path

from feedrec.cli.recording.file_names import default_name, made_up_names, names_from
from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.connections.sharding import Shard
from feedrec.feeds.redaction import Redaction
from feedrec.formats.file.naming.template import parse_template
from feedrec.recorder import Source

from ..command import DEMO, feedrec, mock_venue


def name_of(subscriptions: list[Subscription], patterns: tuple[Subscription, ...] = ()) -> str:
    feed = find_feed("coinbase-advanced")
    source = Source(feed, feed.url, subscriptions, None, None, Redaction(), patterns)
    names = names_from(parse_template("{endpoint}/{channel}/{product}.jsonl", ""), source)
    return str(next(names.names(1, 0)))


def test_channels_and_products_are_those_asked_for() -> None:
    level2, ticker = (Subscription(channel, ("BTC-USD",)) for channel in ("level2", "ticker"))
    assert name_of([level2, ticker, Subscription("heartbeats")]) == "coinbase-advanced/level2+ticker/BTC-USD.jsonl"
    assert name_of([Subscription("heartbeats")]) == "coinbase-advanced/heartbeats/all.jsonl"


def test_a_pattern_is_asked_for_as_it_is() -> None:
    """The name is the same whatever the venue lists on another day."""
    pattern, found = Subscription("level2", ("*-USD",)), Subscription("level2", ("A-USD", "B-USD"))
    assert name_of([found, Subscription("heartbeats")], (pattern,)) == "coinbase-advanced/level2/all-USD.jsonl"


def test_a_name_tells_which_machine_it_is_and_not_how_many_there_are() -> None:
    """One machine more changes no name."""
    feed = find_feed("coinbase-advanced")
    source = Source(feed, feed.url, [Subscription("level2", ("BTC-USD",))], None, None, Redaction())
    template = parse_template("{shard}/{channel}.jsonl", "")
    for shard, name in ((None, "1/level2.jsonl"), (Shard(2, 5), "2/level2.jsonl"), (Shard(2, 6), "2/level2.jsonl")):
        assert str(next(names_from(template, source._replace(shard=shard)).names(1, 0))) == name


def test_made_up_names_are_those_of_earlier_runs(tmp_path: Path) -> None:
    """Also in a folder whose name has braces."""
    feed = find_feed("coinbase-advanced")
    for channels in (["ticker"], ["level2", "ticker", "heartbeats"], ["heartbeats"], ["a", "b", "c", "d", "e"]):
        subscriptions = [Subscription(channel) for channel in channels]
        names = made_up_names(
            tmp_path / "{x}", Source(feed, feed.url, subscriptions, None, None, Redaction()), ".jsonl"
        )
        for number in (1, 2):
            path = tmp_path / "{x}" / default_name(feed, subscriptions, 7, number, ".jsonl")
            assert names.place_of(path) == (7, number)


def test_files_of_a_template_are_one_recording(tmp_path: Path) -> None:
    """`info` of the folder that all are below reads them, in their order; an error at the start leaves no folder."""
    with mock_venue(DEMO, "--speed", "10") as url:
        command = (
            "record",
            "--url",
            url,
            "-o",
            "data/{endpoint}/{date}/{hour}/{channel}-{time}.jsonl.zst",
        )
        done = feedrec(*command, "--max-frames", 600, "--rotate", "1s", "--json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr.decode()
        summary = json.loads(done.stdout)
        assert summary["path"].startswith("data/coinbase-advanced/*/*/level2-*")
        assert len(summary["files"]) > 1
        facts = json.loads(feedrec("info", "--json", "data", cwd=tmp_path).stdout)
        assert [one["path"] for one in facts["files"]] == summary["files"]
        assert facts["frames"] == 600
    refused = feedrec(*command, "--url", "ws://127.0.0.1:1", "-o", "other/{date}.jsonl", cwd=tmp_path)
    assert refused.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
