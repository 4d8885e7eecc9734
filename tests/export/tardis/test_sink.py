"""The files of all products get their names together; what is rebuilt from them is what the real captures say."""

from __future__ import annotations

import resource
from bisect import bisect_right
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from feedrec.errors import RecordingExistsError
from feedrec.export.continuity import BookLost, Gap
from feedrec.export.market_export import MarketExport
from feedrec.export.market_sink import MarketSink
from feedrec.export.tardis import begin
from feedrec.feeds.market.told import BookChanges, Candle, Ticker, Trades
from feedrec.model import NANOSECONDS

from ..captures import CAPTURES, Book, captured, export, own_books, record_capture, trades_in
from .csv_files import best, levels_of, rebuilt, rows_of

NOON = 20_000 * 86_400 * NANOSECONDS + 43_200 * NANOSECONDS


def book(product: str, *, is_snapshot: bool = True) -> BookChanges:
    return BookChanges(product, NOON, is_snapshot, [True, False], ["1", "2"], ["3", "4"])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_everything_that_is_told_is_in_its_file_and_what_was_left_out_is_noted(tmp_path: Path) -> None:
    sink: MarketSink = begin(tmp_path, "coinbase")
    sink.take(NOON, book("A-B"))
    sink.take(NOON, Trades("A-B", False, ["1", "2"], [NOON] * 2, [True] * 2, ["1", "odd"], ["1", "1"]))
    sink.take(NOON, Ticker("C-D", NOON, "1", best_bid="1", best_bid_size="2"))
    sink.take(NOON, Candle("A-B", NOON, NOON, 60, "1", "1", "1", "1", "1"))
    sink.take(NOON, BookLost("A-B", "gap"))
    sink.take(NOON + 9_999, book("A-B", is_snapshot=False))
    sink.take(NOON + 9_999, Gap("A-B", "book", "gap", NOON, NOON + 9_999))
    assert len(names(tmp_path)) == 1
    exported = sink.finish()
    day = "2024-10-04"
    assert [(file.path.name, file.rows, file.product) for file in exported] == [
        ("gaps.csv", 1, ""),
        (f"coinbase_book_snapshot_25_{day}_A-B.csv.gz", 1, "A-B"),
        (f"coinbase_incremental_book_L2_{day}_A-B.csv.gz", 2, "A-B"),
        (f"coinbase_quotes_{day}_A-B.csv.gz", 1, "A-B"),
        (f"coinbase_quotes_{day}_C-D.csv.gz", 1, "C-D"),
        (f"coinbase_trades_{day}_A-B.csv.gz", 1, "A-B"),
    ]
    assert [file.notes for file in exported if file.notes] == [
        ("1 trade of it was left out: price or size is no number",)
    ]
    assert names(tmp_path) == sorted(file.path.name for file in exported)
    assert rows_of(tmp_path / "gaps.csv") == [
        {"product": "A-B", "of": "book", "reason": "gap", "start": f"{NOON // 1_000}", "end": f"{NOON // 1_000 + 9}"}
    ]


def test_an_export_of_nothing_says_that_nothing_is_missing(tmp_path: Path) -> None:
    (file,) = begin(tmp_path / "out", "coinbase").finish()
    assert file.path.read_text() == "product,of,reason,start,end\n"


def test_nothing_is_left_of_what_is_discarded_or_cannot_be_written(tmp_path: Path) -> None:
    sink = begin(tmp_path, "coinbase")
    sink.take(NOON, book("A-B"))
    sink.discard()
    assert names(tmp_path) == []
    sink = begin(tmp_path, "coinbase")
    sink.take(NOON, book("A-B"))
    (tmp_path / "coinbase_quotes_2024-10-04_A-B.csv.gz").touch()
    with pytest.raises(RecordingExistsError, match="already exists"):
        sink.finish()
    assert names(tmp_path) == ["coinbase_quotes_2024-10-04_A-B.csv.gz"]


def test_an_export_is_replaced_only_if_that_is_wanted(tmp_path: Path) -> None:
    begin(tmp_path, "coinbase").finish()
    with pytest.raises(RecordingExistsError, match=r"gaps.csv: already exists: choose another folder"):
        begin(tmp_path, "coinbase")
    assert names(tmp_path) == ["gaps.csv"]
    begin(tmp_path, "coinbase", overwrite=True).finish()


def test_products_with_odd_names_have_files_of_their_own_within_the_folder(tmp_path: Path) -> None:
    odd = ["A-B", "A/B", "a-b", "../../x", "=1,2\n", '"', "\x1b[2J", "ä" * 200, ""]
    sink = begin(tmp_path / "out", "coinbase")
    for product in odd:
        sink.take(NOON, book(product))
        sink.take(NOON, Gap(product, "trades", "a,b", NOON, NOON))
    sink.finish()
    assert names(tmp_path) == ["out"]
    files = list((tmp_path / "out").glob("*incremental*"))
    assert len(files) == len(odd)
    for file in files:
        assert len(rows_of(file)) == 2
    assert [row["reason"] for row in rows_of(tmp_path / "out" / "gaps.csv")] == [""] * len(odd)


def test_hundreds_of_products_need_few_descriptors(memory_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(128, soft), hard))
    try:
        sink = begin(memory_path / "out", "coinbase")
        for turn in range(3):
            for product in range(500):
                sink.take(NOON + turn * 1_000, book(f"P{product}-USD", is_snapshot=turn == 0))
                sink.take(NOON, Trades(f"P{product}-USD", False, [f"{turn}"], [NOON], [True], ["1"], ["1"]))
        exported = sink.finish()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(exported) == 1 + 500 * 4
    assert len(rows_of(memory_path / "out" / "coinbase_incremental_book_L2_2024-10-04_P7-USD.csv.gz")) == 6


@pytest.fixture(scope="module", params=CAPTURES)
def of_capture(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, MarketExport]:
    folder = tmp_path_factory.mktemp("capture")
    recording = record_capture(folder / "a.jsonl.zst", request.param)
    done = export(recording, partial(begin, folder / "out"))
    return request.param, folder / "out", done


def by_product(folder: Path, kind: str) -> dict[str, list[dict[str, str]]]:
    files = sorted(folder.glob(f"coinbase_{kind}_*"))
    return {rows[0]["symbol"]: rows for rows in map(rows_of, files)}


def test_the_book_that_is_rebuilt_is_that_of_the_capture(of_capture: tuple[str, Path, MarketExport]) -> None:
    """After every 100th frame; and each frame has its rows."""
    endpoint, folder, done = of_capture
    readers = {product: rebuilt(rows) for product, rows in by_product(folder, "incremental_book_L2").items()}
    now: dict[str, tuple[int, Book]] = {}
    compared = 0
    for number, (product, received, book) in enumerate(own_books(endpoint)):
        time = received // 1_000
        if product not in now or now[product][0] < time:
            now[product] = next(readers[product])
        assert now[product][0] == time
        if number % 100 == 99:
            assert now[product][1] == book
            compared += 1
    assert compared >= 5
    assert all(next(reader, None) is None for reader in readers.values())
    assert done.not_understood == 0


def test_best_levels_and_quotes_are_those_of_the_capture(of_capture: tuple[str, Path, MarketExport]) -> None:
    """The last rows up to a frame say what its book is; that there is one for each change, simpler tests show."""
    endpoint, folder, _ = of_capture
    snapshots, quotes = by_product(folder, "book_snapshot_25"), by_product(folder, "quotes")
    compared = 0
    for number, (product, received, book) in enumerate(own_books(endpoint)):
        time = received // 1_000
        if number % 50 == 49:
            asks, bids = best(book, 25)
            assert levels_of(last_row(snapshots[product], time)) == (asks, bids)
            quote = last_row(quotes[product], time)
            cells = [quote[name] for name in ("ask_price", "ask_amount", "bid_price", "bid_amount")]
            assert [Decimal(cell) for cell in cells if cell] == [one for side in (asks, bids) for one in side[:1][0]]
            compared += 1
    assert compared >= 10


def last_row(rows: list[dict[str, str]], time: int) -> dict[str, str]:
    """Return the last row that was received up to a time."""
    return rows[bisect_right(rows, time, key=lambda row: int(row["local_timestamp"])) - 1]


def test_trades_are_those_of_the_capture_with_the_side_of_the_taker(of_capture: tuple[str, Path, MarketExport]) -> None:
    endpoint, folder, _ = of_capture
    expected = {
        (product, number): (side, price, size)
        for _, payload in captured(endpoint)
        for product, number, side, price, size in trades_in(endpoint, payload)
    }
    rows = [row for rows in by_product(folder, "trades").values() for row in rows]
    assert {(row["symbol"], row["id"]): (row["side"], row["price"], row["amount"]) for row in rows} == expected
    assert len(rows) == len(expected)


def test_a_made_up_name_is_never_that_of_another_product_and_gaps_have_the_same(tmp_path: Path) -> None:
    sink = begin(tmp_path, "coinbase", ["trades"])
    for product in ("A,B", "A B", "A-B"):
        sink.take(NOON, Trades(product, False, ["1"], [NOON], [True], ["1"], ["1"]))
        sink.take(NOON, Gap(product, "trades", "gap", NOON, NOON))
    files = [file for file in sink.finish() if file.product]
    symbols = {file.product: rows_of(file.path)[0]["symbol"] for file in files}
    assert symbols["A-B"] == "A-B"
    assert len(set(symbols.values())) == 3
    assert [row["product"] for row in rows_of(tmp_path / "gaps.csv")] == [symbols[one] for one in ("A,B", "A B", "A-B")]


def test_what_is_left_out_is_noted_even_if_nothing_else_is_there(tmp_path: Path) -> None:
    sink = begin(tmp_path, "coinbase")
    sink.take(NOON, Trades("A-B", False, ["1"], [NOON], [True], ["odd"], ["1"]))
    sink.take(NOON, Ticker("A-B", NOON, "1", best_bid="odd"))
    sink.take(NOON, Ticker("C-D", NOON, "1", best_bid="1", best_ask="odd"))
    gaps, quotes = sink.finish()
    assert gaps.notes == (
        "trades that were left out: 1; price or size is no number",
        "tickers that were left out: 1; price or size is no number",
    )
    assert quotes.notes == ("1 ticker of it was left out: price or size is no number",)


def test_files_of_an_earlier_export_beside_the_new_ones_are_noted(tmp_path: Path) -> None:
    """The file of gaps is not about them."""
    for products in (("A", "B"), ("A",)):
        sink = begin(tmp_path, "coinbase", ["trades"], overwrite=True)
        for product in products:
            sink.take(NOON, Trades(product, False, ["1"], [NOON], [True], ["1"], ["1"]))
        gaps = sink.finish()[0]
    assert gaps.notes == ("the folder has 1 file of an earlier export, whose gaps are not in it",)
