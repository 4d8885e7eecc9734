"""nautilus_trader's loaders read the CSV of `feedrec export`, and rebuild the books that were recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nautilus_trader.adapters.tardis.loaders import TardisCSVDataLoader
from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.enums import AggressorSide, BookType

from feedrec.export.tardis import begin
from feedrec.feeds.coinbase_advanced import FEED
from feedrec.formats import create_recording
from feedrec.model import NANOSECONDS, Event, Frame, Header, format_time

from ..cli.command import DEMO
from ..export.captures import export, record_capture
from ..export.tardis.csv_files import best, rebuilt, rows_of

PAGE = Path(__file__).parents[2] / "docs" / "export.md"

MIDNIGHT = 20_700 * 86_400 * NANOSECONDS
SIDES = {"buy": AggressorSide.BUYER, "sell": AggressorSide.SELLER}


def loader() -> Any:
    return TardisCSVDataLoader(price_precision=8, size_precision=8)  # what the venue gives at most


def book(kind: str, at: int, *levels: tuple[str, str, str]) -> Frame:
    updates = [
        {"side": side, "event_time": format_time(at), "price_level": price, "new_quantity": size}
        for side, price, size in levels
    ]
    event = {"type": kind, "product_id": "A-B", "updates": updates}
    frame = {"channel": "l2_data", "timestamp": format_time(at), "sequence_num": 0, "events": [event]}
    return Frame(at + 25_000_000, 0, msgspec.json.encode(frame))


def trade(at: int, number: str, side: str) -> Frame:
    one = {
        "product_id": "A-B",
        "trade_id": number,
        "price": "2.5",
        "size": "0.1",
        "time": format_time(at),
        "side": side,
    }
    event = {"type": "update", "trades": [one]}
    frame = {"channel": "market_trades", "timestamp": format_time(at), "sequence_num": 0, "events": [event]}
    return Frame(at + 25_000_000, 0, msgspec.json.encode(frame))


def made(path: Path) -> Path:
    """Write a recording over midnight, with a gap, after which levels are no more."""
    at = MIDNIGHT - 10 * NANOSECONDS
    lines: list[Frame | Event] = [
        book("snapshot", at, ("bid", "1", "5"), ("bid", "0.9", "1"), ("offer", "3", "6"), ("offer", "4", "1")),
        trade(at + NANOSECONDS, "1", "BUY"),
        book("update", at + NANOSECONDS, ("bid", "1", "4.5"), ("offer", "3", "0")),
        Event(at + 2 * NANOSECONDS, 0, "gap", {"expected": 1, "received": 2}),
        book("update", at + 3 * NANOSECONDS, ("bid", "2", "1")),
        book("snapshot", at + 4 * NANOSECONDS, ("bid", "1", "5"), ("offer", "3.5", "0.00000001")),
        trade(MIDNIGHT, "2", "SELL"),
        book("update", MIDNIGHT, ("bid", "1.25", "1"), ("offer", "3.5", "2")),
    ]
    writer = create_recording(path, Header("coinbase-advanced", "wss://x", lines[0].time, "test"))
    for line in lines:
        writer.write(line, FEED.describe(line.payload) if isinstance(line, Frame) else None)
    writer.finish()
    return path


@pytest.fixture(scope="module", params=["made", "coinbase-advanced", "coinbase-exchange"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("csv")
    path = folder / "a.jsonl.zst"
    export(
        made(path) if request.param == "made" else record_capture(path, request.param), partial(begin, folder / "csv")
    )
    return folder / "csv"


def files(folder: Path, kind: str) -> list[Path]:
    found = sorted(folder.glob(f"coinbase_{kind}_*.csv.gz"))
    assert found
    return found


def same_times(data: Any, row: dict[str, str]) -> bool:
    times = int(row["timestamp"]) * 1_000, int(row["local_timestamp"]) * 1_000
    return (data.ts_event, data.ts_init) == times and str(data.instrument_id) == f"{row['symbol']}.COINBASE"


def test_trades_are_loaded_with_the_side_of_the_taker(folder: Path) -> None:
    for path in files(folder, "trades"):
        for loaded, row in zip(loader().load_trades(path), rows_of(path), strict=True):
            assert same_times(loaded, row)
            assert (str(loaded.trade_id), loaded.aggressor_side) == (row["id"], SIDES[row["side"]])
            assert (loaded.price.as_decimal(), loaded.size.as_decimal()) == (
                Decimal(row["price"]),
                Decimal(row["amount"]),
            )


def test_quotes_are_loaded(folder: Path) -> None:
    for path in files(folder, "quotes"):
        for loaded, row in zip(loader().load_quotes(path), rows_of(path), strict=True):
            assert same_times(loaded, row)
            numbers = loaded.ask_size, loaded.ask_price, loaded.bid_price, loaded.bid_size
            assert [one.as_decimal() for one in numbers] == [Decimal(cell) for cell in list(row.values())[4:]]


def test_best_levels_are_loaded_of_which_ten_are_taken(folder: Path) -> None:
    for path in files(folder, "book_snapshot_25"):
        for loaded, row in zip(loader().load_depth10(path, 25), rows_of(path), strict=True):
            assert same_times(loaded, row)
            for side, levels in (("asks", loaded.asks), ("bids", loaded.bids)):
                for place, level in enumerate(levels):
                    cells = row[f"{side}[{place}].price"], row[f"{side}[{place}].amount"]
                    assert [level.price.as_decimal(), level.size.as_decimal()] == [Decimal(cell or 0) for cell in cells]


def frames_of(deltas: list[Any]) -> Iterator[list[Any]]:
    """Yield the deltas that were received together."""
    frame: list[Any] = []
    for delta in deltas:
        if frame and delta.ts_init != frame[0].ts_init:
            yield frame
            frame = []
        frame.append(delta)
    yield frame


def levels(side: list[Any]) -> list[tuple[Decimal, Decimal]]:
    return [(level.price.as_decimal(), sum(order.size.as_decimal() for order in level.orders())) for level in side]


def test_the_book_of_the_loaded_deltas_is_the_recorded_one(folder: Path) -> None:
    """At every 1,000th delta, and at the end of each file; over snapshots too, at which this loader clears nothing."""
    books: dict[str, Any] = {}
    for path in files(folder, "incremental_book_L2"):
        rows = rows_of(path)
        deltas = loader().load_deltas(path)
        assert len(deltas) == len(rows)
        book = books.setdefault(rows[0]["symbol"], OrderBook(deltas[0].instrument_id, BookType.L2_MBP))
        applied = compared = 0
        expected: Any = None
        for frame, (time, expected) in zip(frames_of(deltas), rebuilt(rows), strict=True):
            assert frame[0].ts_init == time * 1_000
            for delta in frame:
                book.apply_delta(delta)
            if applied // 1_000 != (applied + len(frame)) // 1_000:
                assert (levels(book.asks()), levels(book.bids())) == best(expected, 1_000_000)
                compared += 1
            applied += len(frame)
        assert compared >= len(rows) // 50_000
        assert (levels(book.asks()), levels(book.bids())) == best(expected, 1_000_000)


def test_what_the_page_shows_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"^```python-nautilus\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    export(DEMO, partial(begin, Path("csv")))
    exec(code, {})
    assert "bids" in capsys.readouterr().out
