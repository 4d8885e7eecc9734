"""The tables that are written: each day by itself, whole or not at all, of any number of products."""

from __future__ import annotations

import resource
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from feedrec.errors import RecordingError, RecordingExistsError, UsageError
from feedrec.export.continuity import BookLost, Gap
from feedrec.export.market_export import MarketExport
from feedrec.export.market_sink import MarketSink
from feedrec.export.staged_folder import StagedFolder
from feedrec.export.ticks import TicksSink, begin
from feedrec.feeds.market.told import BookChanges, Candle, Ticker, Trades
from feedrec.model import parse_time

from ..captures import CAPTURES, Book, captured, export, own_books, record_capture, trades_in

NOON = parse_time("2026-08-09T12:00:00.000000001Z")
MIDNIGHT = parse_time("2026-08-10T00:00:00Z")
HOUR = 3_600_000_000_000


def changes(product: str, time: int, *levels: tuple[str, str, str], is_snapshot: bool = False) -> BookChanges:
    columns = [list(column) for column in zip(*levels, strict=True)] or [[], [], []]
    return BookChanges(product, time, is_snapshot, [side == "bid" for side in columns[0]], *columns[1:])


def trade(product: str, number: int, time: int = NOON) -> Trades:
    return Trades(product, False, [f"{number}"], [time], [True], ["1.5"], ["2"])


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """Return all rows of a table, with times as integers, by file and place."""
    found = ds.dataset(folder / table, partitioning="hive").to_table()
    for place, field in enumerate(found.schema):
        if field.type == pa.timestamp("ns"):
            found = found.set_column(place, field.name, found[field.name].cast(pa.int64()))
    listed: list[dict[str, Any]] = found.to_pylist()
    return listed


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_everything_that_is_told_is_in_its_table(tmp_path: Path) -> None:
    sink: MarketSink = begin(tmp_path / "out", "coinbase")
    sink.take(NOON, changes("A-B", NOON - 5, ("bid", "1", "2"), ("ask", "3", "0.000000000000000004"), is_snapshot=True))
    sink.take(NOON + 1, trade("A-B", 7))
    sink.take(NOON + 2, Ticker("A-B", NOON, price="1.5", best_ask="2"))
    sink.take(NOON + 3, Candle("A-B", NOON, 0, 300, "1", "2", "1", "2", "9"))
    sink.take(NOON + 4, BookLost("A-B", "gap"))
    sink.take(NOON + 9, Gap("A-B", "book", "gap", NOON + 4, NOON + 9))
    done = sink.finish()
    places = [f"{one.path.relative_to(tmp_path / 'out')}" for one in done]
    assert places == [
        f"{table}/date=2026-08-09/product=A-B/part-0.parquet"
        for table in ("book_changes", "trades", "tickers", "candles", "gaps")
    ]
    assert [(one.rows, one.product) for one in done] == [(2, "A-B"), *[(1, "A-B")] * 4]
    assert names(tmp_path / "out") == sorted(places)
    where = {"date": "2026-08-09", "product": "A-B"}
    one, other = rows(tmp_path / "out", "book_changes")
    assert one == {
        **where,
        "time": NOON - 5,
        "local_time": NOON,
        "event": 0,
        "side": "bid",
        "price": 1,
        "size": 2,
        "is_snapshot": True,
    }
    assert other == {**one, "side": "ask", "price": 3, "size": Decimal("0.000000000000000004")}
    assert rows(tmp_path / "out", "trades")[0].items() >= {**where, "id": "7", "side": "buy", "time": NOON}.items()
    ticker = rows(tmp_path / "out", "tickers")[0]
    assert (ticker["price"], ticker["best_ask"], ticker["best_bid"]) == (Decimal("1.5"), 2, None)
    assert rows(tmp_path / "out", "candles")[0].items() >= {"end_time": 300, "volume": 9}.items()
    assert rows(tmp_path / "out", "gaps") == [
        {
            **where,
            "local_time": NOON + 9,
            "missing": "book",
            "reason": "gap",
            "start_time": NOON + 4,
            "end_time": NOON + 9,
        }
    ]


def test_a_day_can_be_read_by_itself(tmp_path: Path) -> None:
    """It begins with the book as it was at midnight, if that is known."""
    sink = begin(tmp_path, "coinbase")
    for product in ("A", "B"):
        sink.take(NOON, changes(product, NOON, ("bid", "1", "2"), ("ask", "3", "4"), is_snapshot=True))
    sink.take(NOON + 1, changes("A", NOON + 1, ("bid", "1", "0"), ("bid", "0.5", "1")))
    sink.take(NOON + 1, BookLost("B", "gap"))
    sink.take(MIDNIGHT + 5, changes("A", MIDNIGHT + 4, ("ask", "3", "9")))
    sink.take(MIDNIGHT + 6, changes("B", MIDNIGHT + 4, ("ask", "7", "9"), is_snapshot=True))
    sink.finish()
    second = [row for row in rows(tmp_path, "book_changes") if row["date"] == "2026-08-10"]
    columns = ("product", "time", "local_time", "event", "side", "price", "size", "is_snapshot")
    assert [tuple(row[name] for name in columns) for row in second] == [
        ("A", NOON + 1, MIDNIGHT, 0, "bid", Decimal("0.5"), 1, True),
        ("A", NOON + 1, MIDNIGHT, 0, "ask", 3, 4, True),
        ("A", MIDNIGHT + 4, MIDNIGHT + 5, 1, "ask", 3, 9, False),
        ("B", MIDNIGHT + 4, MIDNIGHT + 6, 0, "ask", 7, 9, True),
    ]


def test_where_a_clock_goes_back_over_midnight_a_day_goes_on_in_another_file(tmp_path: Path) -> None:
    sink = begin(tmp_path, "coinbase")
    for number, time in enumerate((MIDNIGHT - 2, MIDNIGHT, MIDNIGHT - 1, MIDNIGHT + 1)):
        sink.take(time, trade("A", number))
        sink.take(time, changes("A", time, ("bid", "1", f"{number}"), is_snapshot=not number))
    files = [(one.path.name, one.rows) for one in sink.finish() if "trades" in one.path.parts]
    assert sorted(files) == [("part-0.parquet", 1)] * 2 + [("part-1.parquet", 1)] * 2
    found = {(row["date"], row["id"]) for row in rows(tmp_path, "trades")}
    assert found == {("2026-08-09", "0"), ("2026-08-10", "1"), ("2026-08-09", "2"), ("2026-08-10", "3")}
    events = [(row["date"], row["event"], row["size"]) for row in rows(tmp_path, "book_changes")]
    assert sorted(events) == [
        *(("2026-08-09", 0, 0), ("2026-08-09", 1, 2)),
        *(("2026-08-10", 0, 0), ("2026-08-10", 1, 1)),  # at midnight, the book was empty
        *(("2026-08-10", 2, 2), ("2026-08-10", 3, 3)),  # it stands there again, as the day before has changed it
    ]


@pytest.mark.parametrize("limits", [(1, 1, 1), (20, 50, 10), (1000, 1000, 3)])
def test_rows_that_wait_are_bounded_over_all_products(tmp_path: Path, limits: tuple[int, int, int]) -> None:
    most_held, most_tabled, group_rows = limits
    sink = TicksSink(
        StagedFolder(tmp_path),
        "coinbase",
        ["trades", "book_changes"],
        most_held=most_held,
        most_tabled=most_tabled,
        group_rows=group_rows,
    )
    expected: defaultdict[str, list[str]] = defaultdict(list)
    for number in range(300):
        product = f"P{number % 7 * number % 5}"
        sink.take(NOON + number, trade(product, number))
        expected[product].append(f"{number}")
        assert sink._held <= most_held
        assert sink._tabled <= most_tabled + most_held
        partitions = [day.partition for days in sink._days.values() for day in days.values()]
        assert sink._held == sum(one.held for one in partitions)
        assert sink._tabled == sum(one.tabled for one in partitions)
    sink.finish()
    found = defaultdict(list)
    for row in rows(tmp_path, "trades"):
        found[row["product"]].append(row["id"])
    assert found == expected


def test_hundreds_of_products_need_few_descriptors(memory_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(128, soft), hard))
    try:
        sink = TicksSink(StagedFolder(memory_path / "out"), "coinbase", most_held=50, most_tabled=100)
        for turn in range(2):
            for product in range(150):
                sink.take(NOON + turn, trade(f"P{product}-USD", turn))
        assert len(sink.finish()) == 150
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(rows(memory_path / "out", "trades")) == 300


def test_what_there_is_of_a_product_and_a_day_is_replaced_only_if_that_is_wanted(tmp_path: Path) -> None:
    """Other days and products may be added to a folder."""
    for time, product in ((NOON, "A"), (NOON + 12 * HOUR, "A"), (NOON, "B")):
        sink = begin(tmp_path, "coinbase")
        sink.take(time, trade(product, 1))
        sink.finish()
    before = names(tmp_path)
    assert len(before) == 3
    again = tmp_path / "trades" / "date=2026-08-09" / "product=A"
    (again / "part-1.parquet").write_bytes((again / "part-0.parquet").read_bytes())
    sink = begin(tmp_path, "coinbase")
    with pytest.raises(RecordingExistsError, match=r"product=A: already has rows: .* --overwrite"):
        sink.take(NOON, trade("A", 2))
    sink.discard()
    assert names(tmp_path) == sorted([*before, str((again / "part-1.parquet").relative_to(tmp_path))])
    sink = begin(tmp_path, "coinbase", overwrite=True)
    sink.take(NOON, trade("A", 2))
    sink.finish()
    assert names(tmp_path) == before
    assert sorted(row["id"] for row in rows(tmp_path, "trades")) == ["1", "1", "2"]


def test_a_value_that_does_not_fit_is_an_error_and_nothing_is_left(tmp_path: Path) -> None:
    sink = begin(tmp_path / "out", "coinbase")
    sink.take(NOON, trade("A", 1))
    sink.take(NOON, changes("A", NOON, ("bid", "1", "0.1234567890123456789"), is_snapshot=True))
    told = r"book_changes: A at 2026-08-09T12:00:00.000000001Z: size 0.1234567890123456789 does not fit"
    with pytest.raises(RecordingError, match=told):
        sink.finish()
    sink.discard()
    assert list(tmp_path.iterdir()) == []


def test_only_the_tables_that_are_asked_for_are_written(tmp_path: Path) -> None:
    sink = begin(tmp_path, "coinbase", ["trades"])
    sink.take(NOON, changes("A", NOON, ("bid", "many", "1"), is_snapshot=True))
    sink.take(NOON, trade("A", 1))
    assert [one.path.parts[-4] for one in sink.finish()] == ["trades"]
    with pytest.raises(UsageError, match="there is no table 'trade'; did you mean 'trades'"):
        begin(tmp_path, "coinbase", ["trade"])
    with pytest.raises(UsageError, match="there is no table 'x': choose of book_changes, trades, tickers, candles, "):
        begin(tmp_path, "coinbase", ["x"])


def test_of_nothing_nothing_is_written(tmp_path: Path) -> None:
    assert begin(tmp_path / "out", "coinbase").finish() == []


# What others read in the tables of the real captures.


@pytest.fixture(scope="module", params=CAPTURES)
def of_capture(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, MarketExport]:
    folder = tmp_path_factory.mktemp("capture")
    recording = record_capture(folder / "a.jsonl.zst", request.param)
    return request.param, folder / "out", export(recording, partial(begin, folder / "out"))


def rebuilt(folder: Path, product: str) -> Iterator[tuple[int, Book]]:
    """Yield the book after each event, with the time of receipt."""
    query = f"""
        SELECT epoch_ns(local_time), event, side, price, size, is_snapshot
        FROM '{folder}/book_changes/*/*/*.parquet' WHERE product = '{product}' ORDER BY date, event"""
    book: Book = ({}, {})
    for (time, _), levels in groupby(duckdb.execute(query).fetchall(), key=lambda row: row[:2]):
        some = list(levels)
        if some[0][-1]:
            book = ({}, {})
        for *_, side, price, size, _ in some:
            book[side == "ask"][price] = size
            if not size:
                del book[side == "ask"][price]
        yield time, book


def test_the_book_that_is_rebuilt_is_that_of_the_capture(of_capture: tuple[str, Path, MarketExport]) -> None:
    """Event by event: each is what a frame says of a product."""
    endpoint, folder, done = of_capture
    readers = {one.product: rebuilt(folder, one.product) for one in done.files if "book_changes" in one.path.parts}
    compared = 0
    for number, (product, time, book) in enumerate(own_books(endpoint)):
        received, ours = next(readers[product])
        assert received == time
        if number % 100 == 99:
            assert ours == book
            compared += 1
    assert compared >= 5
    assert all(next(reader, None) is None for reader in readers.values())
    assert done.not_understood == 0


def test_trades_are_those_of_the_capture_with_the_side_of_the_taker(of_capture: tuple[str, Path, MarketExport]) -> None:
    endpoint, folder, _ = of_capture
    expected = {
        (product, number): (side, Decimal(price), Decimal(size))
        for _, payload in captured(endpoint)
        for product, number, side, price, size in trades_in(endpoint, payload)
    }
    table = pl.scan_parquet(folder / "trades", hive_partitioning=True).filter(~pl.col("is_snapshot"))
    found = table.select("product", "id", "side", "price", "size").collect().rows()
    assert {(product, number): tuple(rest) for product, number, *rest in found} == expected
    assert len(found) == len(expected)


def test_duckdb_and_polars_have_the_same_types(of_capture: tuple[str, Path, MarketExport]) -> None:
    """Decimals of 38 digits, times to the nanosecond, and a day and a product to choose by."""
    _, folder, _ = of_capture
    files = f"{folder}/book_changes/*/*/*.parquet"
    described = duckdb.execute(f"DESCRIBE SELECT * FROM '{files}'").fetchall()
    assert {row[0]: row[1] for row in described} == {
        "time": "TIMESTAMP_NS",
        "local_time": "TIMESTAMP_NS",
        "event": "BIGINT",
        "side": "VARCHAR",
        "price": "DECIMAL(38,18)",
        "size": "DECIMAL(38,18)",
        "is_snapshot": "BOOLEAN",
        "date": "DATE",
        "product": "VARCHAR",
    }
    schema = pl.scan_parquet(files, hive_partitioning=True).collect_schema()
    assert schema["price"] == schema["size"] == pl.Decimal(38, 18)
    assert schema["time"] == schema["local_time"] == pl.Datetime("ns")
    assert [schema["date"], schema["product"], schema["side"]] == [pl.Date, pl.String, pl.String]


def test_a_frame_has_nothing_else_between_its_rows(of_capture: tuple[str, Path, MarketExport]) -> None:
    """In the file, rows of an event stand together, and events in their order."""
    _, folder, _ = of_capture
    for file in (folder / "book_changes").rglob("*.parquet"):
        events = pl.read_parquet(file)["event"].to_list()
        assert events == sorted(events)
