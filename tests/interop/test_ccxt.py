"""ccxt for Python, unchanged, with a replay as its venue: REST and WebSocket, on one object."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ..cli.command import DEMO, feedrec
from ..shared import SHARED
from ..test_docs import ROOT, blocks
from .markets import MINUTE, Book, book, books, candles, captured, exchange_market, seconds, sides, trades

PYTHON = os.environ.get("CLIENTS_PYTHON", "")
PROGRAM = Path(__file__).parent / "programs" / "ccxt_both_halves.py"
SAMPLES = SHARED / "samples"

MOST_LEVELS = {"coinbase": 1000, "coinbaseexchange": None}
"""Levels of a side of a book over HTTP."""

pytestmark = pytest.mark.skipif(not PYTHON, reason="ccxt is not installed: make test-interop")


def run(folder: Path, venue: str, recording: Path, product: str, *options: object) -> dict[str, Any]:
    """Have ccxt ask and watch from the beginning to the end; give what it was told."""
    all_trades = trades(recording, product)
    since = int(all_trades[-1].time) // MINUTE * MINUTE * 1000
    *_, final = sides(recording, product)
    (folder / "final.json").write_text(json.dumps(book(final, MOST_LEVELS[venue])))
    program = (PYTHON, PROGRAM, venue, product.replace("-", "/"), since, all_trades[-1].number, folder / "final.json")
    done = feedrec("replay", recording, "--at-end", "hold", *options, "--", *program)
    assert done.returncode == 0, done.stderr.decode()
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def assert_last(venue: str, told: dict[str, Any], recording: Path, product: str) -> None:
    """Check what was told at the end: books, trades and candles as they had come by then."""
    last, all_trades = told["last"], trades(recording, product)
    *_, final = sides(recording, product)
    assert last["book"] == book(final, MOST_LEVELS[venue])
    taker = {"buy": "sell", "sell": "buy"} if venue == "coinbaseexchange" else {"buy": "buy", "sell": "sell"}
    expected = [[one.number, one.price, one.size, taker[one.side]] for one in all_trades][-len(last["trades"]) :]
    assert [[one["id"], one["price"], one["amount"], one["side"]] for one in last["trades"]] == expected
    since = int(all_trades[-1].time) // MINUTE * MINUTE
    assert [[*row[:5], round(row[5], 10)] for row in last["candles"]] == candles(all_trades, since)
    assert last["ticker"]["last"] == all_trades[-1].price


def assert_in_step(pairs: list[list[Book]], states: list[Book]) -> None:
    """Check that each book that was asked for had been there, not before the one that the feed had told by then."""
    place = 0
    for seen, told in pairs:
        place = states.index(seen, place)
        assert told in states[place:]


def test_advanced_trade_from_the_markets_to_the_end_of_the_feed(tmp_path: Path) -> None:
    """Of the demo, which lists no products: what they are is told by what was seen of them."""
    told = run(tmp_path, "coinbase", DEMO, "BTC-USD", "--speed", 10)
    assert sorted(told["markets"]) == ["BTC/USD", "ETH/USD"]
    assert told["currencies"] == ["BTC", "ETH", "USD"]
    market = told["markets"]["BTC/USD"]
    assert (market["active"], market["type"], market["precision"]) == (True, "spot", {"amount": 1e-8, "price": 0.01})
    states = books(DEMO, "BTC-USD")
    assert told["first"]["book"] == states[0]
    assert_in_step(told["pairs"], states)
    assert_last("coinbase", told, DEMO, "BTC-USD")
    begin, end = seconds("2026-11-21T17:02:00Z"), seconds("2026-11-21T17:02:30Z")
    assert begin <= told["first"]["time"] / 1000 <= end - 1 <= told["last"]["time"] / 1000


@pytest.mark.parametrize("with_status", [True, False])
def test_exchange_from_the_markets_to_the_end_of_the_feed(tmp_path: Path, *, with_status: bool) -> None:
    """Listed by a frame of status, and without one."""
    recording = exchange_market(tmp_path / "exchange.jsonl.zst", with_status=with_status)
    told = run(tmp_path, "coinbaseexchange", recording, "ETH-BTC", "--speed", 2)
    assert sorted(told["markets"]) == ["BTC/USD", "ETH/BTC"]
    assert told["currencies"] == ["BTC", "ETH", "USD"]
    precision = {"amount": 1e-8 if with_status else 0.01, "price": 1e-5}
    assert told["markets"]["ETH/BTC"]["precision"] == precision
    states = books(recording, "ETH-BTC")
    assert told["first"]["book"] == states[0]
    assert_in_step(told["pairs"], states)
    assert_last("coinbaseexchange", told, recording, "ETH-BTC")


@pytest.mark.parametrize(
    ("venue", "endpoint", "name", "product"),
    [
        ("coinbase", "coinbase-advanced", "advanced_2026-08-09", "ETH-USD"),
        ("coinbaseexchange", "coinbase-exchange", "exchange_2021-04-17", "DASH-BTC"),
    ],
)
def test_what_a_venue_once_sent_is_told_over_http_too(
    tmp_path: Path, venue: str, endpoint: str, name: str, product: str
) -> None:
    """Real captures, with books of tens of thousands of levels."""
    capture = SAMPLES / f"{name}.frames.jsonl.zst"
    if not capture.exists():
        pytest.skip("needs ../shared")
    recording = captured(capture, endpoint, tmp_path / "captured.jsonl.zst")
    told = run(tmp_path, venue, recording, product, "--speed", "max")
    assert product.replace("-", "/") in told["markets"]
    assert told["first"]["book"] == book(next(sides(recording, product)), MOST_LEVELS[venue])
    assert_last(venue, told, recording, product)


@pytest.mark.parametrize("options", [(), ("--tls",)])
def test_the_example_of_the_documents_runs(tmp_path: Path, options: tuple[str, ...]) -> None:
    """docs/clients.md, the block of ccxt, as it stands."""
    (example,) = blocks(ROOT / "docs" / "clients.md", "python-ccxt")
    folder = ("--tls-folder", tmp_path / "tls") if options else ()
    done = feedrec("replay", DEMO, *options, *folder, "--", PYTHON, "-c", example)
    assert done.returncode == 0, done.stderr.decode()
    assert b"BTC/USD" in done.stdout
