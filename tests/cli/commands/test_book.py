"""`feedrec book`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from feedrec.cli.commands.book import book
from feedrec.errors import UsageError
from feedrec.model import Record, parse_time
from feedrec.replay import book_at

from ...replay.books.making import beat, event, record, told
from ..command import DEMO, feedrec, shell


def run(*arguments: object) -> str:
    """Run the command in this process; return what it prints on stdout."""
    done = CliRunner().invoke(book, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_it_prints_the_book_as_of_a_moment() -> None:
    """As a table, and it is that of the library."""
    done = feedrec("book", DEMO, "-p", "BTC-USD", "--at", "+20s", "--depth", "2")
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    expected = book_at(DEMO, parse_time("2026-11-21T17:02:20.3Z"), "BTC-USD", depth=2)
    assert lines[0].startswith("BTC-USD  coinbase-advanced  2026-11-21T17:02:2")
    assert lines[-1] == f"{expected.bid_levels} bids, {expected.ask_levels} asks in all"
    assert len(lines) == 8
    assert max(map(len, lines)) <= 80


def test_json_is_one_object() -> None:
    facts = json.loads(run(DEMO, "-p", "ETH-USD", "--at", "17:02:25", "--json", "--depth", "all"))
    expected = book_at(DEMO, parse_time("2026-11-21T17:02:25Z"), "ETH-USD", depth=None)
    assert [tuple(one) for one in facts["bids"]] == expected.bids
    assert len(facts["asks"]) == facts["ask_levels"] == expected.ask_levels
    assert facts["sequence"] == expected.sequence


def test_csv_has_a_row_a_level() -> None:
    rows = list(csv.reader(run(DEMO, "-p", "ETH-USD", "--csv", "--depth", 3).splitlines()))
    expected = book_at(DEMO, None, "ETH-USD", depth=3)
    assert rows[0] == ["side", "price", "size"]
    assert [tuple(row[1:]) for row in rows[1:]] == [*expected.bids, *expected.asks]


def test_a_series_has_the_moments_between_two_times() -> None:
    window = ("--every", "2s", "--from", "17:02:10", "--to", "17:02:16")
    moments = [json.loads(line)["time"] for line in run(DEMO, "-p", "BTC-USD", *window, "--json").splitlines()]
    assert moments == [f"2026-11-21T17:02:{second}.000000000Z" for second in (10, 12, 14)]
    lines = run(DEMO, "-p", "BTC-USD", *window).splitlines()
    assert [line[:12] for line in lines[1:]] == ["17:02:10.000", "17:02:12.000", "17:02:14.000"]
    assert max(map(len, lines)) <= 80
    rows = run(DEMO, "-p", "BTC-USD", *window, "--csv", "--depth", 1).splitlines()
    assert [row.split(",")[1] for row in rows[1:]] == ["bid", "ask"] * 3


def test_a_gap_is_told_in_place_of_a_wrong_book(tmp_path: Path) -> None:
    lines: list[Record] = [
        told(1, 0, "snapshot", "b1=1 a2=1"),
        event(2, "gap", missing=3),
        told(3, 4, "update", "b1=9"),
    ]
    path = record(tmp_path / "x.jsonl.zst", lines)
    assert "the book is not known from 2026-11-21T17:00:02.000000000Z on: frames are missing" in run(path)
    facts = json.loads(run(path, "--json"))
    assert (facts["known"], facts["reason"], facts["bids"]) == (False, "gap", [])
    assert run(path, "--csv").splitlines() == ["side,price,size", "unknown,,"]
    assert "there is no snapshot before" in run(path, "--at", "0.5s")


def test_the_reader_of_a_series_may_go() -> None:
    done = shell(f"$FEEDREC book {DEMO} -p BTC-USD --every 1ms | head -2")
    assert done.returncode == 0
    assert done.stdout.count(b"\n") == 2
    assert not done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-p", "BTC-USD", "--json", "--csv"), "use only one of them"),
        (("-p", "BTC-USD", "--from", "1s"), "--from and --to need --every"),
        (("-p", "BTC-USD", "--every", "1s", "--at", "1s"), "use --from and --to"),
        (("-p", "BTC-USD", "--every", "1s", "--from", "5s", "--to", "5s"), "--from must be before --to"),
        (("-p", "BTC-USD", "--depth", "0"), "'0' is neither a number of levels such as 20, nor all"),
        (("-p", "BTC-USD", "--depth", "-1"), "'-1' is neither"),
        ((), "there are books of BTC-USD, ETH-USD: choose one by its product, with -p"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises((UsageError, click.UsageError), match=said):
        book.main([str(DEMO), *arguments], standalone_mode=False)


def test_a_recording_without_books_is_named(tmp_path: Path) -> None:
    path = record(tmp_path / "x.jsonl.zst", [beat(1, 0)])
    done = feedrec("book", path)
    said = f"feedrec: error: {path} has no order book: record the channel level2\n"
    assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", said)
