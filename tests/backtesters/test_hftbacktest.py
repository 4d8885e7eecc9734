"""hftbacktest reads what is exported to it, and finds in it what was recorded."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hftbacktest import BacktestAsset, HashMapMarketDepthBacktest, ROIVectorMarketDepthBacktest
from hftbacktest import types as theirs
from hftbacktest.data import correct_event_order, correct_local_timestamp, validate_event_order
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from feedrec.export.hftbacktest import rows

from ..cli.command import DEMO, feedrec
from ..export.captures import books_in, trades_in
from ..export.hftbacktest.drawn_rows import DRAWN, rows_of
from ..export.hftbacktest.test_ordering import ordered
from .recordings import Recorded

Book = tuple[dict[float, float], dict[float, float]]
"""Sizes by price: of bids, and of asks."""

PAGE = Path(__file__).parents[2] / "docs" / "export.md"

_EVERY = 1000
_KIND = 0xFF
_FLAGS = theirs.EXCH_EVENT | theirs.LOCAL_EVENT
_SECOND = 1_000_000_000


class Exported(NamedTuple):
    """
    What was exported of a recording.

    Attributes:
        recorded: The recording.
        files: The files of each product, day by day.
        fixed: The same, with times of receipt put off so that no latency is negative.

    """

    recorded: Recorded
    files: dict[str, list[Path]]
    fixed: dict[str, list[Path]]

    def rows(self, product: str) -> np.ndarray[Any, Any]:
        """Return the rows of all files of a product."""
        return np.concatenate([load(path) for path in self.files[product]])


def load(path: Path) -> np.ndarray[Any, Any]:
    with np.load(path) as archive:
        data: np.ndarray[Any, Any] = archive["data"]
    return data


def export(recorded: Recorded, folder: Path, *options: str) -> dict[str, list[Path]]:
    done = feedrec("export", recorded.path, "--to", "hftbacktest", "-o", folder, "--json", *options)
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert not told["not_understood"]
    files = defaultdict(list)
    for file in told["files"]:
        files[file["product"]].append(Path(file["path"]))
    return files


@pytest.fixture(scope="module")
def exported(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("exported")
    as_is = export(recorded, folder / "as-is")
    return Exported(recorded, as_is, export(recorded, folder / "fixed", "--fix-latency"))


def changed(book: Book, row: Any) -> int:
    """Change a book as a row says; return what kind of row it is. This is all that a book needs to know of rows."""
    kind, side = int(row["ev"]) & _KIND, book[not row["ev"] & theirs.BUY_EVENT]
    if kind == theirs.DEPTH_CLEAR_EVENT:
        assert np.isnan(row["px"])
        side.clear()
    elif kind in {theirs.DEPTH_EVENT, theirs.DEPTH_SNAPSHOT_EVENT}:
        if row["qty"]:
            side[float(row["px"])] = float(row["qty"])
        else:
            side.pop(float(row["px"]), None)
    return kind


def with_flag(data: np.ndarray[Any, Any], flag: int) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = data[(data["ev"] & flag) != 0]
    return found


def test_a_row_is_laid_out_as_theirs() -> None:
    assert theirs.event_dtype == rows.EVENT
    assert theirs.event_dtype.isalignedstruct
    assert (theirs.DEPTH_EVENT, theirs.TRADE_EVENT) == (rows.DEPTH, rows.TRADE)
    assert (theirs.DEPTH_CLEAR_EVENT, theirs.DEPTH_SNAPSHOT_EVENT) == (rows.CLEAR, rows.SNAPSHOT)
    assert (theirs.EXCH_EVENT, theirs.LOCAL_EVENT) == (rows.EXCH, rows.LOCAL)
    assert (theirs.BUY_EVENT, theirs.SELL_EVENT) == (rows.BUY, rows.SELL)


def test_their_validator_finds_nothing_wrong(exported: Exported) -> None:
    for path in itertools.chain(*exported.files.values(), *exported.fixed.values()):
        data = load(path)
        assert data.dtype == theirs.event_dtype
        validate_event_order(data)
        assert (data["ev"][:2] & _KIND == theirs.DEPTH_CLEAR_EVENT).all()
        assert {int(ev) & _FLAGS for ev in data["ev"][:2]} == {_FLAGS}


def in_their_order(data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """
    Have their function order rows that are in the order of the local clock.

    Times are doubled, so that at equal times trades go first: that is what their converters do by their order of files.
    """
    data = data.astype(theirs.event_dtype)  # of a file, numpy does not know that it is aligned
    data["ev"] &= ~np.uint64(_FLAGS)
    is_depth = (data["ev"] & _KIND) != theirs.TRADE_EVENT
    for clock in ("exch_ts", "local_ts"):
        data[clock] = data[clock] * 2 + is_depth
    indexes = (np.argsort(data[clock], kind="mergesort") for clock in ("exch_ts", "local_ts"))
    found: np.ndarray[Any, Any] = correct_event_order(data, *indexes)
    for clock in ("exch_ts", "local_ts"):
        found[clock] >>= 1
    return found


def test_rows_and_flags_are_those_that_their_function_gives(exported: Exported) -> None:
    for path in itertools.chain(*exported.files.values()):
        data = load(path)[2:]  # what stands at the beginning was not received
        assert in_their_order(with_flag(data, theirs.LOCAL_EVENT)).tobytes() == data.tobytes()


@given(DRAWN, st.integers(1, 20))
def test_any_rows_are_ordered_as_by_their_function(drawn: list[tuple[int, int, int]], block: int) -> None:
    drawn_rows = rows_of(drawn)
    if len(drawn_rows):
        expected = in_their_order(rows.widened(drawn_rows))
        assert rows.widened(ordered(drawn_rows, block, block)).tobytes() == expected.tobytes()


def test_times_of_receipt_are_put_off_as_their_function_does(exported: Exported) -> None:
    """By the worst latency of all files, where theirs knows one."""
    latency = min(
        int((load(path)["local_ts"] - load(path)["exch_ts"]).min())
        for path in itertools.chain(*exported.files.values())
    )
    for product, paths in exported.fixed.items():
        for path, unfixed in zip(paths, exported.files[product], strict=True):
            expected = load(unfixed)
            worst = np.zeros(1, theirs.event_dtype)
            worst["local_ts"] = latency  # of all files, theirs sees this one
            together = np.concatenate((worst, expected)).astype(theirs.event_dtype)
            both = correct_local_timestamp(together, 0)
            assert load(path).tobytes() == both[1:].tobytes()


def test_the_book_is_the_recorded_one_at_every_1000th_event(exported: Exported) -> None:
    """Each level of both sides, of all products; and every row was received when its frame was."""
    own: dict[str, Book] = defaultdict(lambda: ({}, {}))
    found: dict[str, Book] = defaultdict(lambda: ({}, {}))
    received = {product: iter(received_levels(exported.rows(product))) for product in exported.files}
    number = checked = 0
    for time, frame in exported.recorded.received:
        for product, is_snapshot, levels in books_in(exported.recorded.endpoint, frame):
            change(own[product], levels, is_snapshot=is_snapshot)
            kind = theirs.DEPTH_SNAPSHOT_EVENT if is_snapshot else theirs.DEPTH_EVENT
            take(received[product], found[product], kind, len(levels), time)
            number += 1
            if number % _EVERY == 0:
                assert found == own
                checked += 1
    assert found == own
    assert checked == number // _EVERY
    assert not any(list(rest) for rest in received.values())


def change(book: Book, levels: list[list[str]], *, is_snapshot: bool) -> None:
    """Change a book as a frame says."""
    if is_snapshot:
        for side in book:
            side.clear()
    for name, price, size in levels:
        side = book["bo".index(name)]
        if float(size):
            side[float(price)] = float(size)
        else:
            side.pop(float(price), None)


def received_levels(data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    levels = with_flag(data, theirs.LOCAL_EVENT)
    found: np.ndarray[Any, Any] = levels[(levels["ev"] & _KIND) != theirs.TRADE_EVENT]
    return found


def take(received: Iterator[Any], book: Book, kind: int, count: int, time: int) -> None:
    """Change a book by rows, up to a number of those of a kind."""
    for row in received:
        if changed(book, row) == kind:
            count -= 1
            assert abs(int(row["local_ts"]) - time) < 1000 or kind != theirs.DEPTH_EVENT
        if not count:
            return
    raise AssertionError("rows are missing")


def test_the_exchange_has_the_same_book_in_the_end(exported: Exported) -> None:
    """By its own clock, by which rows come in another order."""
    own: dict[str, Book] = defaultdict(lambda: ({}, {}))
    for _, frame in exported.recorded.received:
        for product, is_snapshot, levels in books_in(exported.recorded.endpoint, frame):
            change(own[product], levels, is_snapshot=is_snapshot)
    for product in exported.files:
        book: Book = ({}, {})
        for row in with_flag(exported.rows(product), theirs.EXCH_EVENT):
            changed(book, row)
        assert book == own[product]


def test_trades_have_the_side_of_their_taker(exported: Exported) -> None:
    """Each trade of the frames once, by each clock."""
    sides = {"buy": theirs.BUY_EVENT, "sell": theirs.SELL_EVENT}
    own = defaultdict(list)
    for _, frame in exported.recorded.received:
        for product, _, side, price, size in trades_in(exported.recorded.endpoint, frame):
            own[product].append((sides[side] | theirs.TRADE_EVENT, float(price), float(size)))
    assert sum(map(len, own.values())) > 50
    for product in exported.files:
        for flag in (theirs.LOCAL_EVENT, theirs.EXCH_EVENT):
            data = with_flag(exported.rows(product), flag)
            trades = data[(data["ev"] & _KIND) == theirs.TRADE_EVENT]
            trades["ev"] &= ~np.uint64(_FLAGS)
            assert sorted(trades[["ev", "px", "qty"]].tolist()) == sorted(own[product])


_STEPS = 40
_TICKS = {"BTC-USD": 0.01, "ABC-USD": 0.01, "SKL-USD": 0.0001}


@njit  # type: ignore[untyped-decorator]
def step_through(backtest: Any, step: int, seen: np.ndarray[Any, Any]) -> int:
    """Let time pass, step by step; after each, note it, the best prices, and what there is at them."""
    for number in range(len(seen)):
        if backtest.elapse(step) != 0:
            return number
        depth = backtest.depth(0)
        seen[number, 0] = backtest.current_timestamp
        seen[number, 1], seen[number, 2] = depth.best_bid_tick, depth.best_ask_tick
        seen[number, 3] = round(depth.bid_qty_at_tick(depth.best_bid_tick) * 1e8)
        seen[number, 4] = round(depth.ask_qty_at_tick(depth.best_ask_tick) * 1e8)
    return len(seen)


@pytest.mark.parametrize("backtest_class", [HashMapMarketDepthBacktest, ROIVectorMarketDepthBacktest])
def test_a_backtest_sees_the_recorded_book_and_latency(exported: Exported, backtest_class: Any) -> None:
    """Of one product: the best prices and their sizes after each step are those that were received by then."""
    product = next(iter(exported.files.keys() & _TICKS))
    tick, paths = _TICKS[product], exported.fixed[product]
    received = np.concatenate([with_flag(load(path), theirs.LOCAL_EVENT) for path in paths])
    asset = (
        BacktestAsset()
        .data([str(path) for path in paths])
        .linear_asset(1.0)
        .constant_order_latency(1_000_000, 1_000_000)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0, 0)
        .tick_size(tick)
        .lot_size(1e-8)
    )
    if backtest_class is ROIVectorMarketDepthBacktest:
        middle = float(np.median(received["px"][np.isfinite(received["px"])]))
        asset = asset.roi_lb(middle / 2).roi_ub(middle * 2)
    backtest = backtest_class([asset])
    seen = np.zeros((_STEPS, 5), np.int64)
    duration = int(received["local_ts"][-1] - received["local_ts"][0])
    done = step_through(backtest, duration // _STEPS, seen)
    assert done >= _STEPS - 1
    book: Book = ({}, {})
    place = compared = 0
    for time, *best in seen[:done].tolist():
        upto = int(np.searchsorted(received["local_ts"], time, side="right"))
        for row in received[place:upto]:
            changed(book, row)
        place = upto
        if book[0]:  # there are trades before the first snapshot
            bid, ask = max(book[0]), min(book[1])
            sizes = (round(book[0][bid] * 1e8), round(book[1][ask] * 1e8))
            assert best == [round(bid / tick), round(ask / tick), *sizes]
            compared += 1
    assert compared > _STEPS - 5
    exchange_time, local_time = backtest.feed_latency(0)
    assert 0 <= local_time - exchange_time < _SECOND
    assert (exchange_time, local_time) in set(received[["exch_ts", "local_ts"]].tolist())
    backtest.close()


def test_what_the_page_shows_runs(tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python-hftbacktest\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert feedrec("export", DEMO, "--to", "hftbacktest", "-o", tmp_path / "npz").returncode == 0
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    *prices, latency = done.stdout.splitlines()
    assert len(prices) > 10
    bid, ask = map(float, prices[-1].split())
    assert 0 < bid < ask
    assert latency.startswith("(")
