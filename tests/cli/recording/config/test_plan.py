"""What `feedrec record --check` prints."""

from __future__ import annotations

import json
from pathlib import Path

from ...command import feedrec

CONFIG = """
rotate = "1h"
min-free = "2GB"

[feeds.btc]
output = "btc.jsonl.zst"
snapshot-on-rotate = true
on-rotate = "echo --token hunter2 {path}"
product = "BTC-*"
keep = ["7d", "50GB"]

[feeds.raw]
endpoint = "raw"
url = "wss://example.com/feed?token=hunter2"
header = "Authorization: hunter2"
send = '{"token":"hunter2"}'
duration = "8h"
"""


def test_the_plan_says_how_and_where_to_and_no_secret(tmp_path: Path) -> None:
    """Nothing is connected to, and nothing is written."""
    (tmp_path / "r.toml").write_text(CONFIG)
    done = feedrec("record", "--config", "r.toml", "--check", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == (
        """\
btc: coinbase-advanced
  address      wss://advanced-trade-ws.coinbase.com
  connections  1: level2 BTC-*; heartbeats
  products     the venue is asked what BTC-* stands for
  files        btc-0001.jsonl.zst and so on, another one after 1h 00m
  kept         for 7d 00h and 50.0 GB in all at most
  finished     it begins with the books as the one before has left them, then echo is run
  ends         when it is told to
  disk         2.0 GB are left free, waits 10m 00s for one that is full
raw: raw
  address      wss://example.com/feed?token=[redacted]
  connections  1: nothing is subscribed
  files        new ones in ., named by endpoint, channels and time, another one after 1h 00m
  ends         after 8h 00m
  disk         2.0 GB are left free, waits 10m 00s for one that is full
limits of the venue
  coinbase-advanced  8 connections a second, 8 messages a second
                     30 products of level2 on a connection; more are spread over several
                     subscribe within 5 seconds
2 feeds, 2 connections
"""
    )
    done = feedrec("record", "--config", "r.toml", "--check", "--json", cwd=tmp_path)
    assert b"hunter2" not in done.stdout
    facts = json.loads(done.stdout)
    assert (facts["connections"], [one["feed"] for one in facts["feeds"]]) == (2, ["btc", "raw"])
    assert facts["feeds"][0]["connections"] == [
        [{"channel": "level2", "products": ["BTC-*"]}, {"channel": "heartbeats"}]
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["r.toml"]


def test_the_plan_of_what_the_command_line_says(tmp_path: Path) -> None:
    """Without a configuration; many products are named in part, and spread over connections."""
    products = ",".join(f"P{number}-USD" for number in range(40))
    done = feedrec("record", "-p", products, "-o", "x.jsonl", "--check", cwd=tmp_path, env={"COLUMNS": "80"})
    text = done.stdout.decode()
    assert text.startswith("plan: coinbase-advanced\n")
    assert "  connections  1: level2 P0-USD, P1-USD," in text
    assert "               2: level2 P30-USD, P31-USD," in text
    assert "  files        x.jsonl\n" in text
    (tmp_path / "x.jsonl").touch()
    done = feedrec("record", "-o", "x.jsonl", "--check", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"x.jsonl is there already, so no run could begin" in done.stderr


def test_options_of_a_feed_are_refused_beside_a_configuration(tmp_path: Path) -> None:
    """Nobody could tell whose they are; from the environment they are defaults."""
    (tmp_path / "r.toml").write_text("[feeds.a]\n[feeds.b]\nmax-frames = 7\n")
    done = feedrec("record", "--config", "r.toml", "-p", "X", "--duration", "1h", "--check", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.decode() == (
        "feedrec: error: with --config, write --product, --duration into the file: "
        "in the table of a feed, or above for all feeds\n"
    )
    done = feedrec("record", "--config", "r.toml", "--check", cwd=tmp_path, env={"FEEDREC_RECORD_MAX_FRAMES": "5"})
    assert [line for line in done.stdout.decode().splitlines() if "ends" in line] == [
        "  ends         after 5 frames",
        "  ends         after 7 frames",
    ]
