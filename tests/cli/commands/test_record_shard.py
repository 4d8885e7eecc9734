"""`feedrec record --shard`: several machines that share what is recorded, each told the same but for this."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from feedrec.formats import open_recording
from feedrec.model import Event, Frame

from ...timing import wait_until
from ..command import background, feedrec, interrupt
from ..listing_venue import listing_venue
from ..market_venue import MarketVenue, market_venue

PRODUCTS = [f"P{number}-USD" for number in range(12)]


def wait_for_trades(venue: MarketVenue, count: int) -> None:
    """Wait until so much more was traded."""
    before = venue.traded
    wait_until(lambda: venue.traded >= before + count)


def start(stack: contextlib.ExitStack, folder: Path, number: int) -> subprocess.Popen[bytes]:
    """Start the recorder of one of three machines."""
    config = ("--config", folder / "r.toml", "--shard", f"{number}/3", "--replicas", 2, "-q")
    return stack.enter_context(background("record", *config))


def parts(folder: Path, number: int) -> list[Path]:
    return [path for path in (folder / "data" / str(number)).glob("*.part") if path.stat().st_size > 2_000]


def test_of_three_machines_one_is_killed_and_their_recordings_give_one_truth(tmp_path: Path) -> None:
    """Each trade of each product is in it once, from when all of them had begun to when they ended."""
    with market_venue(*PRODUCTS) as venue, contextlib.ExitStack() as stack:
        (tmp_path / "r.toml").write_text(
            f"""
            url = "{venue.url}"
            output = "data/{{shard}}/{{time}}.jsonl"
            channel = "market_trades"
            [feeds.trades]
            product = {PRODUCTS}
            """
        )
        recorders = {number: start(stack, tmp_path, number) for number in (1, 2, 3)}
        wait_until(lambda: all(parts(tmp_path, number) for number in recorders))
        first = venue.traded
        wait_for_trades(venue, 40)
        recorders[1].kill()
        recorders[1].wait()
        wait_for_trades(venue, 60)
        recorders[1] = start(stack, tmp_path, 1)
        wait_until(lambda: len(parts(tmp_path, 1)) == 2)
        wait_for_trades(venue, 20)
        last = venue.traded
        for recorder in recorders.values():
            code, _, err = interrupt(recorder)
            assert code == 0, err.decode()
    folders = [tmp_path / "data" / str(number) for number in (1, 2, 3)]
    alone = feedrec("convert", "--dedupe", *folders[:1], folders[1], "-o", tmp_path / "two.jsonl")
    assert alone.returncode == 0, alone.stderr.decode()
    done = feedrec("convert", "--dedupe", *folders, "-o", tmp_path / "all.jsonl", "--json")
    assert done.returncode == 0, done.stderr.decode()
    with open_recording(tmp_path / "all.jsonl") as recording:
        assert "shard" not in recording.header.extra
        assert sorted(recording.header.subscriptions[0]["products"]) == sorted(PRODUCTS)
        records = list(recording)
    told = [json.loads(one.payload) for one in records if isinstance(one, Frame) and one.direction == "in"]
    trades = Counter(
        (trade["product_id"], int(trade["trade_id"]))
        for frame in told
        if frame["channel"] == "market_trades"
        for event in frame["events"]
        for trade in event["trades"]
    )
    assert set(trades.values()) == {1}
    assert {(product, number) for product in PRODUCTS for number in range(first, last + 1)} <= trades.keys()
    assert not [one for one in records if isinstance(one, Event) and one.name == "gap"]
    facts = json.loads(done.stdout)
    assert facts["lacking"] == {"seconds": 0.0, "numbers": 0, "gaps": 0}
    assert all(one["alone"]["numbers"] > 60 for one in facts["recordings"][1:])  # while the first one was dead


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shard", "6/5"], "'6/5' is no shard: the 5 machines are 1/5 to 5/5"),
        (["--shard", "two"], "'two' is no shard: write 2/5 on the second of five machines"),
        (["--replicas", "2"], "--replicas says on how many machines each product is: say which one this is by --shard"),
        (["--shard", "2/5", "--replicas", "6"], "6 replicas need as many machines, and 2/5 says that there are 5"),
        (["--shard", "2/5", "--replicas", "0"], "'--replicas': 0 is not in the range x>=1"),
    ],
)
@pytest.mark.parametrize("config", [(), ("--config", "r.toml")])
def test_a_wrong_use_is_one_clear_line(tmp_path: Path, options: list[str], said: str, config: tuple[str, ...]) -> None:
    (tmp_path / "r.toml").write_text("[feeds.a]\n")
    done = feedrec("record", *config, *options, "--check", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()
    assert len(done.stderr.splitlines()) <= 2


def test_the_configuration_cannot_say_which_machine_this_is(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('shard = "2/5"\n[feeds.a]\n')
    done = feedrec("record", "--config", "r.toml", "--check", cwd=tmp_path)
    assert done.returncode == 2
    assert b"r.toml:1: shard: it is an option of the whole process: give --shard on the command line" in done.stderr


def test_without_a_configuration_a_machine_has_its_share_too_and_ends_at_once_without_any(tmp_path: Path) -> None:
    """The environment says which machine it is; all have together what there is, and nobody has the same."""
    found: list[str] = []
    with listing_venue("BTC-A", "BTC-B", "ETH-A") as venue:
        for number in range(1, 5):
            options = ("record", "--url", venue.url, "-c", "ticker", "-p", "BTC-*,ETH-A", "--duration", "0.5s")
            environment = {**os.environ, "FEEDREC_RECORD_SHARD": f"{number}/4", "FEEDREC_RECORD_REPLICAS": "1"}
            done = feedrec(*options, "-o", f"{number}.jsonl", cwd=tmp_path, env=environment)
            assert done.returncode == 0, done.stderr.decode()
            if not (tmp_path / f"{number}.jsonl").exists():
                assert f"shard {number}/4 has nothing of it: nothing is recorded here" in done.stderr.decode()
                continue
            with open_recording(tmp_path / f"{number}.jsonl") as recording:
                assert recording.header.extra["shard"] == f"{number}/4"
                found += recording.header.subscriptions[0]["products"]
    assert sorted(found) == ["BTC-A", "BTC-B", "ETH-A"]
    assert len(list(tmp_path.iterdir())) < 4


CONFIG = """
[feeds.books]
channel = ["level2", "ticker"]
product = ["BTC-USD", "ETH-USD", "SOL-USD"]
[feeds.all]
channel = "market_trades"
product = ["BTC-*", "ETH-EUR"]
[feeds.status]
channel = "status"
[feeds.kraken]
endpoint = "raw"
url = "wss://example.com/?token=hunter2"
send = "hunter2"
"""


def test_the_plan_says_which_machine_does_what(tmp_path: Path) -> None:
    """The same on each machine, but for which one it is."""
    (tmp_path / "r.toml").write_text(CONFIG)
    command = ("record", "--config", "r.toml", "--replicas", 2, "--check")
    done = feedrec(*command, "--shard", "2/3", cwd=tmp_path)
    assert done.stdout.decode().partition("3 machines, ")[2] == (
        """\
each product on 2 of them
  1             3 products, 3 connections, and its part of the patterns
                books: level2 ETH-USD, SOL-USD; ticker ETH-USD, SOL-USD; heartbeats
                all: market_trades ETH-EUR; heartbeats; its part of market_trades BTC-*
                kraken: all of it
  2 (this one)  2 products, 4 connections, and its part of the patterns
                books: level2 BTC-USD; ticker BTC-USD; heartbeats
                all: market_trades ETH-EUR; heartbeats; its part of market_trades BTC-*
                status: status; heartbeats
                kraken: all of it
  3             3 products, 2 connections, and its part of the patterns
                books: level2 BTC-USD, ETH-USD, SOL-USD; ticker BTC-USD, ETH-USD, SOL-USD; heartbeats
                all: its part of market_trades BTC-*
                status: status; heartbeats
4 feeds, 4 connections
"""
    )
    third = feedrec(*command, "--shard", "3/3", cwd=tmp_path).stdout.decode()
    assert third.endswith("3 of 4 feeds, 3 connections\n")
    assert "kraken: raw" not in third
    assert "hunter2" not in third + done.stdout.decode()
    facts = [json.loads(feedrec(*command, "--json", "--shard", f"{one}/3", cwd=tmp_path).stdout) for one in (1, 2, 3)]
    assert facts[0]["machines"] == facts[1]["machines"] == facts[2]["machines"]
    assert facts[1]["shard"] == {"number": 2, "machines": 3, "replicas": 2}
    for number, one in enumerate(facts):
        machine = one["machines"][number]
        assert machine["machine"] == number + 1
        assert [feed["feed"] for feed in one["feeds"]] == [feed["feed"] for feed in machine["feeds"]]
        known = [feed["connections"] for feed in one["feeds"] if not feed["patterns"]]
        assert known == [feed["connections"] for feed in machine["feeds"] if not feed["patterns"]]
