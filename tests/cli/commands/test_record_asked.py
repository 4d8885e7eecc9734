"""What was asked for and not accepted, in the summary, in `info`, and in the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..command import feedrec
from ..listing_venue import listing_venue

BEATS = {"channel": "heartbeats"}


def ticker(*products: str) -> dict[str, Any]:
    return {"channel": "ticker", "products": list(products)}


def test_what_is_missing_is_told_by_the_summary_by_info_and_with_strict_by_the_exit_code(tmp_path: Path) -> None:
    with listing_venue("BTC-USD") as venue:
        options = ("record", "--url", venue.url, "-c", "ticker", "-p", "BTC-USD,NO-SUCH", "--max-frames", 3, "--strict")
        done = feedrec(*options, "-o", "a.jsonl", cwd=tmp_path)
        as_json = feedrec(*options, "-o", "b.jsonl", "--json", cwd=tmp_path)
    assert done.returncode == as_json.returncode == 3
    line = "missing: ticker NO-SUCH (1 of 2 accepted)"
    assert done.stdout.decode().splitlines()[-1].strip() == line
    facts = {
        "asked": [ticker("BTC-USD", "NO-SUCH"), BEATS],
        "accepted": [ticker("BTC-USD"), BEATS],
        "missing": [ticker("NO-SUCH")],
        "was_missing": [],
    }
    assert json.loads(as_json.stdout)["subscribed"] == facts
    assert json.loads(feedrec("info", "--json", "b.jsonl", cwd=tmp_path).stdout)["subscribed"] == facts
    shown = feedrec("info", "a.jsonl", cwd=tmp_path).stdout.decode()
    assert line.replace(":", "") in " ".join(shown.split())


def test_what_is_all_accepted_is_no_news_and_small_letters_are_hinted_at_before_that(tmp_path: Path) -> None:
    with listing_venue("BTC-USD", "btc-usd") as venue:
        options = ("record", "--url", venue.url, "-c", "ticker", "-p", "btc-usd", "--strict", "-o", "a.jsonl")
        done = feedrec(*options, "--max-frames", 3, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert "missing" not in done.stdout.decode()
    lines = done.stderr.decode().splitlines()
    assert lines[0].endswith("warning: btc-usd: did you mean BTC-USD? It is asked of coinbase-advanced as it stands")
    assert "connection 0 open" in lines[1]
    assert venue.requests[0]["product_ids"] == ["btc-usd"]


def test_products_over_several_connections_add_up(tmp_path: Path) -> None:
    """31 products of level2 take two connections; one is missing on each."""
    products = [f"P{number}-USD" for number in range(31)]
    with listing_venue(*products[1:30]) as venue:
        options = ("record", "--url", venue.url, "-c", "level2", "-p", ",".join(products), "--duration", "2.5s")
        done = feedrec(*options, "--json", "-o", "a.jsonl", cwd=tmp_path)
    facts = json.loads(done.stdout)["subscribed"]
    assert done.returncode == 0
    assert facts["missing"] == [{"channel": "level2", "products": ["P0-USD", "P30-USD"]}]
    assert facts["accepted"] == [{"channel": "level2", "products": products[1:30]}, BEATS]


def test_a_venue_that_says_nothing_has_accepted_nothing(tmp_path: Path) -> None:
    with listing_venue() as venue:
        venue.is_mute = True
        options = ("record", "--url", venue.url, "-c", "ticker", "--duration", "0.5s", "-o", "a.jsonl")
        done = feedrec(*options, "--strict", cwd=tmp_path)
    assert done.returncode == 3
    assert "the venue had not answered when the recording ended: ticker BTC-USD, heartbeats" in done.stderr.decode()
