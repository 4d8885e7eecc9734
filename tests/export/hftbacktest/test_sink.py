"""Files for hftbacktest: one for each product and day."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from feedrec.errors import RecordingExistsError, WriteError
from feedrec.export.continuity import BookLost, Gap
from feedrec.export.days import DAY
from feedrec.export.hftbacktest import HftbacktestSink, begin
from feedrec.export.hftbacktest.rows import CLEAR, DEPTH, SNAPSHOT, TRADE
from feedrec.feeds.market.told import BookChanges, Ticker, Trades
from feedrec.model import parse_time

MORNING = parse_time("2026-08-09T09:00:00Z")
MIDNIGHT = parse_time("2026-08-10T00:00:00Z")
_LATE = 20_000_000


def snapshot(time: int, product: str = "BTC-USD", price: str = "9") -> BookChanges:
    return BookChanges(product, time, True, [True, False], [price, "10"], ["1", "2"])


def change(time: int, product: str = "BTC-USD", price: str = "8") -> BookChanges:
    return BookChanges(product, time, False, [True], [price], ["3"])


def trade(time: int, product: str = "BTC-USD", *, is_snapshot: bool = False) -> Trades:
    return Trades(product, is_snapshot, ["1"], [time], [True], ["9.5"], ["1"])


def take(sink: HftbacktestSink, *told: Any) -> None:
    """Have the sink take what was received 20 ms after it happened."""
    for one in told:
        time = one.times[-1] if isinstance(one, Trades) else one.time
        sink.take(time + _LATE, one)


def rows_of(path: Path) -> list[tuple[int, int, float]]:
    """Return of each row of a file its kind, when it was received, and its price."""
    with np.load(path) as archive:
        rows = archive["data"]
    return [(ev & 0xFF, time, price) for ev, time, price in rows[["ev", "local_ts", "px"]].tolist()]


def kinds_of(path: Path) -> list[int]:
    return [kind for kind, _, _ in rows_of(path)]


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[HftbacktestSink]:
    made = begin(tmp_path, "coinbase")
    yield made
    made.discard()


def test_each_product_and_day_of_receipt_has_a_file(tmp_path: Path, sink: HftbacktestSink) -> None:
    """What happened before midnight and was received after it is of the new day."""
    take(sink, snapshot(MORNING), snapshot(MORNING, "ETH-USD"), trade(MORNING + 1), change(MIDNIGHT - 1))
    files = sink.finish()
    assert [(file.path.name, file.rows, file.product) for file in files] == [
        ("BTC-USD_20260809.npz", 5, "BTC-USD"),
        ("BTC-USD_20260810.npz", 5, "BTC-USD"),
        ("ETH-USD_20260809.npz", 4, "ETH-USD"),
    ]
    assert sorted(tmp_path.iterdir()) == [file.path for file in files]
    assert rows_of(files[1].path)[2:] == [
        (SNAPSHOT, MIDNIGHT, 9.0),
        (SNAPSHOT, MIDNIGHT, 10.0),
        (DEPTH, MIDNIGHT - 1 + _LATE, 8.0),
    ]


def test_a_book_that_was_lost_is_not_there_on_the_next_day(sink: HftbacktestSink) -> None:
    take(sink, snapshot(MORNING))
    sink.take(MIDNIGHT - 5, BookLost("BTC-USD", "gap"))
    take(sink, trade(MIDNIGHT))
    sink.take(MIDNIGHT + _LATE, Gap("BTC-USD", "book", "gap", MIDNIGHT - 5, MIDNIGHT + _LATE))
    take(sink, snapshot(MIDNIGHT + 1))
    files = sink.finish()
    assert kinds_of(files[1].path) == [CLEAR, CLEAR, TRADE, CLEAR, CLEAR, SNAPSHOT, SNAPSHOT]


def test_a_product_of_which_nothing_is_told_on_a_day_has_no_file_for_it_but_its_book_goes_on(
    sink: HftbacktestSink,
) -> None:
    take(sink, snapshot(MORNING), snapshot(MORNING, "ETH-USD"))
    take(sink, trade(MIDNIGHT + 1, "ETH-USD"), change(MIDNIGHT + DAY, price="7"))
    files = {file.path.name: file.path for file in sink.finish()}
    assert sorted(files) == [
        "BTC-USD_20260809.npz",
        "BTC-USD_20260811.npz",
        "ETH-USD_20260809.npz",
        "ETH-USD_20260810.npz",
    ]
    assert rows_of(files["BTC-USD_20260811.npz"])[2] == (SNAPSHOT, MIDNIGHT + DAY, 9.0)


def test_what_is_told_of_other_things_is_in_no_file(tmp_path: Path, sink: HftbacktestSink) -> None:
    """Tickers, and the trades before the recording."""
    sink.take(MORNING, Ticker("BTC-USD", MORNING))
    take(sink, trade(MORNING, is_snapshot=True))
    assert sink.finish() == []
    assert list(tmp_path.iterdir()) == []


def test_where_the_clock_was_set_back_the_order_stays(sink: HftbacktestSink) -> None:
    take(sink, snapshot(MORNING))
    sink.take(MORNING - 30_000_000, change(MORNING + 1))
    take(sink, change(MORNING + 2, price="7"))
    (file,) = sink.finish()
    assert [time - MORNING for _, time, _ in rows_of(file.path)[4:]] == [_LATE, _LATE + 2]
    assert file.notes == [
        "rows that have the time of receipt of the one before: 1; the clock had been set back by 50.000 ms"
    ]


def test_negative_latencies_are_reported(sink: HftbacktestSink) -> None:
    sink.take(MORNING, snapshot(MORNING + 5_000_000))
    (file,) = sink.finish()
    assert file.notes == [
        "rows with a negative latency: 2, the worst -5.000 ms; --fix-latency puts off all times of receipt"
    ]
    assert {time for _, time, _ in rows_of(file.path)} == {MORNING}


@pytest.mark.parametrize("base", [0, 1_000_000])
def test_times_of_receipt_are_put_off_in_all_files_by_the_same(tmp_path: Path, base: int) -> None:
    """By the worst of all days and products; the day of a file stays that of the receipt."""
    sink = begin(tmp_path, "coinbase", fix_latency=True, base_latency=base)
    take(sink, snapshot(MORNING))
    sink.take(MIDNIGHT + 1, change(MIDNIGHT + 1 + 3_000_000))
    sink.take(MIDNIGHT + 2, snapshot(MIDNIGHT + 2 + 7_000_000, "ETH-USD"))
    files = sink.finish()
    shift = 7_000_000 + base
    assert [file.path.stem[-2:] for file in files] == ["09", "10", "10"]
    assert [rows_of(file.path)[-1][1] for file in files] == [
        MORNING + _LATE + shift,
        MIDNIGHT + 1 + shift,
        MIDNIGHT + 2 + shift,
    ]
    assert len({note for file in files for note in file.notes}) == 1
    with np.load(files[1].path) as archive:
        assert (archive["data"]["local_ts"] - archive["data"]["exch_ts"]).min() >= base


def test_nothing_is_put_off_if_no_latency_is_negative(tmp_path: Path) -> None:
    sink = begin(tmp_path, "coinbase", fix_latency=True, base_latency=1_000_000)
    take(sink, snapshot(MORNING))
    (file,) = sink.finish()
    assert rows_of(file.path)[0][1] == MORNING + _LATE
    assert file.notes == []


def test_the_file_is_the_same_however_little_is_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for most in (1 << 17, 3, 1):
        monkeypatch.setattr("feedrec.export.hftbacktest.sink._MOST_COLLECTED", most)
        sink = begin(tmp_path / str(most), "coinbase")
        for number in range(0, 400, 10):
            told = snapshot(MORNING + number) if number % 100 == 0 else change(MORNING + number)
            take(sink, told, trade(MORNING + number - number % 70))
        (file,) = sink.finish()
        written.append(file.path.read_bytes())
    assert written[0] == written[1] == written[2]


def test_what_was_all_received_at_one_time_is_written_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedrec.export.hftbacktest.sink._MOST_AT_ONE_TIME", 10)
    sink = begin(tmp_path, "coinbase")
    for number in range(100):
        sink.take(MORNING, change(MORNING - number))
    (file,) = sink.finish()
    assert kinds_of(file.path).count(DEPTH) == 199  # all but the first are belated


@pytest.mark.parametrize("product", ["../../etc/x", ".hidden", "a/b\x1b[2J", "", "x" * 300, "\ud800"])
def test_a_product_never_leads_out_of_the_folder(tmp_path: Path, product: str) -> None:
    folder = tmp_path / "out"
    sink = begin(folder, "coinbase")
    take(sink, trade(MORNING, product))
    (file,) = sink.finish()
    assert file.path.parent == folder
    assert list(tmp_path.iterdir()) == [folder]
    assert set(file.path.name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")
    assert not file.path.name.startswith(".")


def test_products_that_look_alike_have_files_of_their_own(sink: HftbacktestSink) -> None:
    """Also on a disk to which capitals are the same."""
    products = ["BTC-USD", "BTC/USD", "btc-usd", "BTC USD"]
    take(sink, *(trade(MORNING, product) for product in products))
    files = sink.finish()
    assert sorted(file.product for file in files) == sorted(products)
    assert len({file.path.name.casefold() for file in files}) == 4


def test_a_file_is_not_overwritten(tmp_path: Path) -> None:
    """That shows when the day begins, and not when all was read."""
    (tmp_path / "BTC-USD_20260809.npz").write_bytes(b"other")
    sink = begin(tmp_path, "coinbase")
    with pytest.raises(RecordingExistsError, match="already exists"):
        take(sink, snapshot(MORNING))
    sink.discard()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("BTC-USD_20260809.npz", b"other")]
    sink = begin(tmp_path, "coinbase", overwrite=True)
    take(sink, snapshot(MORNING))
    (file,) = sink.finish()
    assert kinds_of(file.path) == [CLEAR, CLEAR, SNAPSHOT, SNAPSHOT]


def test_what_is_discarded_leaves_nothing(tmp_path: Path) -> None:
    sink = begin(tmp_path / "out", "coinbase")
    take(sink, snapshot(MORNING), change(MIDNIGHT))
    sink.discard()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    program = (
        "import os, pathlib\n"
        "from feedrec.export.hftbacktest import begin\n"
        "from feedrec.feeds.market.told import Trades\n"
        "sink = begin(pathlib.Path.cwd(), 'coinbase')\n"
        f"sink.take({MORNING}, Trades('BTC-USD', False, ['1'], [{MORNING}], [True], ['1'], ['1']))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=False).returncode == -9
    sink = begin(tmp_path, "coinbase")
    take(sink, trade(MORNING))
    (file,) = sink.finish()
    assert list(tmp_path.iterdir()) == [file.path]


def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = begin(tmp_path, "coinbase")
    take(sink, snapshot(MORNING))

    def write(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("feedrec.export.hftbacktest.product_day.write_npz", write)
    with pytest.raises(WriteError, match=r"BTC-USD_20260809.npz: cannot be written: No space left on device"):
        sink.finish()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_which_nothing_can_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError, match="cannot be written"):
        begin(tmp_path / "file" / "out", "coinbase")


def test_without_numpy_the_error_says_how_to_install_it() -> None:
    program = (
        "import sys; sys.modules['numpy'] = None\n"
        "from feedrec.errors import UsageError\n"
        "try: import feedrec.export.hftbacktest\n"
        "except UsageError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout == "--to hftbacktest needs numpy: pip install 'feedrec[export]'\n"


@pytest.mark.parametrize("year", [2117, 2264, 9999])
def test_times_that_no_row_can_have_are_left_out_and_what_comes_later_too(tmp_path: Path, year: int) -> None:
    """As after a clock that jumped by centuries."""
    sink = begin(tmp_path, "coinbase")
    take(sink, snapshot(MORNING))
    sink.take(parse_time(f"{year}-01-01T00:00:00Z"), change(MORNING + 1))
    sink.take(MORNING + 2 * _LATE, trade(MORNING + 2))
    first, second = sink.finish()
    assert kinds_of(first.path) == [CLEAR, CLEAR, SNAPSHOT, SNAPSHOT]
    assert kinds_of(second.path) == [CLEAR, CLEAR, SNAPSHOT, SNAPSHOT]  # of the last day of all
    assert any("left out: 2" in note for note in second.notes)


def test_no_file_is_open_for_each_day_that_waits_for_the_latency_of_all(tmp_path: Path) -> None:
    sink = begin(tmp_path, "coinbase", fix_latency=True)
    before = len(list(Path("/dev/fd").iterdir()))
    for day in range(20):
        take(sink, snapshot(MORNING + day * DAY), change(MORNING + day * DAY + 1))
    assert len(list(Path("/dev/fd").iterdir())) == before
    assert [kinds_of(file.path)[-1] for file in sink.finish()] == [DEPTH] * 20
