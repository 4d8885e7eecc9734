"""`feedrec record --rest`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from feedrec.formats import open_recording
from feedrec.formats.line.http_events import exchange_of
from feedrec.model import Event

from ...timing import wait_until
from ..command import background, feedrec, interrupt, mock_venue
from ..rest_venue import RestVenue, rest_venue

ONE = ("-c", "ticker", "-p", "BTC-USD")


def urls(path: Path) -> list[str]:
    """Return the addresses whose answers a recording has."""
    with open_recording(path) as recording:
        found = [exchange_of(one) for one in recording if isinstance(one, Event)]
    return [one.url for one in found if one is not None]


def record_while(venue: RestVenue, feed: str, output: Path, *options: object, rounds: int = 1) -> dict[str, Any]:
    """Record until so many rounds were asked, and end it with Ctrl-C; return what `--json` says."""
    rest = ("--rest", "--rest-url", f"{venue.url}/there")
    with background("record", "--url", feed, *rest, *ONE, "-o", output, "--json", *options) as process:
        wait_until(lambda: len(venue.asked) >= 6 * rounds)
        code, out, err = interrupt(process)
    assert code == 0, err.decode()
    facts = json.loads(out)
    assert isinstance(facts, dict)
    return facts


def test_it_asks_the_address_that_was_given_and_records_the_answers(tmp_path: Path) -> None:
    with mock_venue() as feed, rest_venue() as venue:
        facts = record_while(venue, feed, tmp_path / "x.jsonl.zst")
    assert all(line.startswith("GET /there/") for line in venue.asked)
    assert "GET /there/api/v3/brokerage/market/products" in venue.asked
    found = urls(tmp_path / "x.jsonl.zst")
    assert facts["requests"] == len(found) >= 5
    assert found == [venue.url + line.removeprefix("GET ") for line in venue.asked[: len(found)]]


@pytest.mark.parametrize("options", [("--format", "parquet"), ("--checkpoints",)])
def test_it_works_with_other_outputs(tmp_path: Path, options: tuple[str, ...]) -> None:
    suffix = ".parquet" if "parquet" in options else ".jsonl.zst"
    with mock_venue() as feed, rest_venue() as venue:
        facts = record_while(venue, feed, tmp_path / f"x{suffix}", *options)
    assert len(urls(tmp_path / f"x{suffix}")) == facts["requests"]


def test_it_asks_again_and_the_answers_of_each_round_are_in_the_file_of_their_time(tmp_path: Path) -> None:
    with mock_venue() as feed, rest_venue() as venue:
        options = ("--rest-every", "2s", "--rotate", "1s")
        facts = record_while(venue, feed, tmp_path / "x.jsonl.zst", *options, rounds=2)
    files = sorted(tmp_path.glob("x-*.jsonl.zst"))
    assert len(files) > 1
    found = [url for path in files for url in urls(path)]
    assert len(found) == facts["requests"] > 6
    assert found == [venue.url + line.removeprefix("GET ") for line in venue.asked[: len(found)]]
    assert found[:1] == found[6:7]


def test_the_summary_counts_them(tmp_path: Path) -> None:
    with mock_venue() as feed, rest_venue() as venue:
        rest = ("--rest", "--rest-url", venue.url)
        arguments = ("--url", feed, *rest, *ONE, "-o", tmp_path / "x.jsonl.zst")
        with background("record", *arguments) as process:
            wait_until(lambda: len(venue.asked) >= 3)
            _, out, _ = interrupt(process)
    assert b" HTTP requests\n" in out


def test_a_rest_that_cannot_be_reached_is_warnings(tmp_path: Path) -> None:
    with mock_venue() as feed:
        rest = ("--rest", "--rest-url", "http://127.0.0.1:9")
        done = feedrec("record", "--url", feed, *rest, *ONE, "--duration", "3s", "-o", tmp_path / "x.jsonl.zst")
    assert done.returncode == 0
    assert b"connection refused, nothing is listening there" in done.stderr
    assert b"asking again later" in done.stderr
    assert b"HTTP request" not in done.stdout
    assert urls(tmp_path / "x.jsonl.zst") == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["-e", "raw", "--url", "ws://127.0.0.1:9", "--rest"],
            "feedrec knows no REST requests of raw: leave out --rest",
        ),
        (["--url", "ws://127.0.0.1:9", "--rest"], "give its address with --rest-url"),
        (["--rest-url", "http://127.0.0.1:9"], "add --rest, or leave them out"),
        (["--rest-every", "1h"], "add --rest, or leave them out"),
        (["--rest", "--rest-url", "ws://127.0.0.1:9"], "'ws://127.0.0.1:9' is not an HTTP address"),
        (["--rest", "--rest-every", "soon"], "is not a duration"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(tmp_path: Path, options: list[str], said: str) -> None:
    done = feedrec("record", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
