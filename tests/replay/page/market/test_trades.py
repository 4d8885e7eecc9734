"""The last trades are those that reading everything finds, the last one first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feedrec.feeds import find_feed
from feedrec.feeds.market import Trades, market_reader_of
from feedrec.formats import open_recording
from feedrec.model import Frame, format_time
from feedrec.replay.page.market.trades import last_trades
from feedrec.replay.page.recordings import PageRecordings

from ...books.making import record, second, told
from ..market_recordings import lines_of, record_two, trade

FEED = find_feed("coinbase-advanced")


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("trades") / "x.jsonl.zst", lines_of(20), block_size=3000)


def all_trades(path: Path, product: str, until: int) -> list[tuple[str, str, str]]:
    reader = market_reader_of(FEED)
    assert reader is not None
    found: list[tuple[str, str, str]] = []
    with open_recording(path) as recording:
        for one in recording:
            if isinstance(one, Frame) and one.time < until:
                for told_there in reader.read(FEED.describe(one.payload), one.payload) or ():
                    if isinstance(told_there, Trades) and told_there.product == product:
                        sides = ["buy" if is_buy else "sell" for is_buy in told_there.are_buys]
                        found += zip(told_there.prices, told_there.sizes, sides, strict=True)
    return found[::-1]


@pytest.mark.parametrize("product", ["BTC-USD", "ETH-USD", "BTC-EUR"])
@pytest.mark.parametrize("seconds", [0, 3.05, 11, 100])
def test_they_are_the_last_ones_before_the_moment(path: Path, product: str, seconds: float) -> None:
    with PageRecordings([path]) as recordings:
        found = last_trades(recordings, "coinbase-advanced", product, second(seconds), 8, never)
    expected = all_trades(path, product, second(seconds))[:8]
    assert [(one.price, one.size, one.side) for one in found.trades] == expected
    assert found.last == (expected[0][0] if expected else None)
    assert found.scanned_all


def test_a_ticker_tells_the_last_price_and_a_trade_that_comes_twice_is_one(tmp_path: Path) -> None:
    ticker = {"type": "ticker", "product_id": "BTC-USD", "price": "123.5"}
    payload = {
        "channel": "ticker",
        "timestamp": format_time(second(3)),
        "sequence_num": 3,
        "events": [{"type": "update", "tickers": [ticker]}],
    }
    lines = [
        told(0, 0, "snapshot", "b1=1"),
        trade(1, 1, 7),
        trade(2, 2, 7),
        Frame(second(3), 0, json.dumps(payload).encode()),
    ]
    with PageRecordings([record(tmp_path / "x.jsonl.zst", lines)]) as recordings:
        found = last_trades(recordings, "coinbase-advanced", "BTC-USD", second(5), 8, never)
    assert [one.ms for one in found.trades] == [2000.0]
    assert found.last == "123.5"


def test_it_stops_when_there_is_no_more_time(tmp_path: Path) -> None:
    with PageRecordings(record_two(tmp_path)) as recordings:
        found = last_trades(recordings, "coinbase-advanced", "ETH-USD", second(30), 500, lambda: True)
    assert not found.scanned_all
    assert len(found.trades) < 2


def test_where_no_trades_are_told_there_are_none(tmp_path: Path) -> None:
    path = record(tmp_path / "x.jsonl.zst", [Frame(second(0), 0, b"{}")], endpoint="raw")
    with PageRecordings([path]) as recordings:
        assert last_trades(recordings, "raw", "", second(5), 8, never).trades == []
