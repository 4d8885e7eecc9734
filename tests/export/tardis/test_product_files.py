"""What is told of a product becomes rows, each day's by themselves."""

from __future__ import annotations

import tempfile
from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedrec.export.staged_folder import StagedFolder
from feedrec.export.tardis.layouts import kinds_of
from feedrec.export.tardis.product_files import ProductFiles
from feedrec.export.tardis.row_file import RowFiles
from feedrec.feeds.market.told import BookChanges, Ticker, Trades
from feedrec.model import NANOSECONDS, format_time

from ..captures import Book
from .csv_files import best, levels_of, rebuilt, rows_of

DAY = 86_400 * NANOSECONDS
NOON = 20_000 * DAY + DAY // 2
MIDNIGHT = 20_001 * DAY
BOOK, BEST, QUOTES, TRADES = "incremental_book_L2", "book_snapshot_25", "quotes", "trades"

Changes = Sequence[tuple[bool, str, str]]
FIRST: Changes = [(True, "1", "5"), (True, "0.9", "1"), (False, "2", "6.50")]


class Written:
    """What was written of a product, by its kind and its day."""

    def __init__(self, folder: Path, product: str = "A-B", kinds: Sequence[str] = ()) -> None:
        self.stage = StagedFolder(folder)
        self.files = ProductFiles(RowFiles(self.stage), "coinbase", product, "A-B", kinds_of(kinds))

    def book(self, time: int, changes: Changes, *, is_snapshot: bool = False, made: int = 0) -> None:
        columns = ([one[0] for one in changes], [one[1] for one in changes], [one[2] for one in changes])
        self.files.take_book(time, BookChanges("A-B", made or time - 1_999, is_snapshot, *columns))

    def rows(self, kind: str, day: str = "2024-10-04") -> list[str]:
        """Return the rows, without exchange and symbol."""
        if self.stage._lock >= 0:
            self.files.close()
            self.stage.commit()
        (path,) = self.stage.folder.glob(f"coinbase_{kind}_{day}_A-B.csv.gz")
        rows = rows_of(path)
        assert {(row["exchange"], row["symbol"]) for row in rows} == {("coinbase", "A-B")}
        return [",".join(list(row.values())[2:]).rstrip(",") for row in rows]

    def names(self) -> list[str]:
        return sorted(path.name for path in self.stage.folder.iterdir())


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def times(time: int) -> str:
    """Return the times of a frame that was received then, in microseconds: the venue's is the one before."""
    return f"{(time - 1_999) // 1_000},{time // 1_000}"


def test_changes_are_rows_with_both_times_and_the_texts_of_the_venue(written: Written) -> None:
    written.book(NOON, FIRST, is_snapshot=True)
    written.book(NOON + 999, [(True, "1", "0.00"), (False, "2.0", "1e-3")])
    assert written.rows(BOOK) == [
        f"{times(NOON)},true,bid,1,5",
        f"{times(NOON)},true,bid,0.9,1",
        f"{times(NOON)},true,ask,2,6.50",
        f"{times(NOON + 999)},false,bid,1,0",
        f"{times(NOON + 999)},false,ask,2.0,0.001",
    ]


def test_all_changes_of_a_frame_are_one_row_of_best_levels_and_one_quote(written: Written) -> None:
    written.book(NOON, FIRST, is_snapshot=True)
    later = NOON + 5_000
    written.book(later, [(True, "1", "4")])
    written.book(later, [(True, "1", "0")], made=later + 7_000)
    written.book(later + 1_000, [(True, "0.9", "1"), (False, "9", "0")])  # which changes nothing
    written.book(later + 2_000, [(False, "3", "7")])
    assert written.rows(BEST) == [
        f"{times(NOON)},2,6.50,1,5,,,0.9,1",
        f"{later // 1_000 + 7},{later // 1_000},2,6.50,0.9,1",
        f"{times(later + 2_000)},2,6.50,0.9,1,3,7",
    ]
    assert written.rows(QUOTES) == [
        f"{times(NOON)},6.50,2,1,5",
        f"{later // 1_000 + 7},{later // 1_000},6.50,2,0.9,1",
    ]


def test_a_side_without_levels_is_empty_cells(written: Written) -> None:
    written.book(NOON, [(True, "1", "5")], is_snapshot=True)
    written.book(NOON + 1_000, [(True, "1", "0")])
    assert written.rows(QUOTES) == [f"{times(NOON)},,,1,5", times(NOON + 1_000)]
    assert written.rows(BEST) == [f"{times(NOON)},,,1,5", times(NOON + 1_000)]


def test_after_a_book_is_lost_there_are_no_rows_until_its_next_snapshot(written: Written) -> None:
    """Its row of best levels is there even if nothing is new: from then on it is known."""
    written.book(NOON, FIRST, is_snapshot=True)
    written.files.lose_book()
    written.book(NOON + 1_000, [(True, "0.5", "1")])
    written.book(NOON + 2_000, FIRST, is_snapshot=True)
    assert {row.split(",")[1] for row in written.rows(BOOK)} == {str(NOON // 1_000), str(NOON // 1_000 + 2)}
    assert [row.split(",")[1] for row in written.rows(BEST)] == [str(NOON // 1_000), str(NOON // 1_000 + 2)]
    assert len(written.rows(QUOTES)) == 1 + 1


def test_levels_that_a_snapshot_lacks_are_removed_after_it(written: Written) -> None:
    """Who clears a book at the first row of a snapshot does not see where a second one begins, and some never clear."""
    written.book(NOON, FIRST, is_snapshot=True)
    written.book(NOON + 1_000, FIRST[:1], is_snapshot=True)
    assert written.rows(BOOK)[3:] == [
        f"{times(NOON + 1_000)},true,bid,1,5",
        f"{times(NOON + 1_000)},false,bid,0.9,0",
        f"{times(NOON + 1_000)},false,ask,2,0",
    ]


def test_a_snapshot_without_levels_removes_what_was_there(written: Written) -> None:
    written.book(NOON, FIRST[:1], is_snapshot=True)
    written.book(NOON + 1_000, [(True, "1", "0")], is_snapshot=True)
    assert written.rows(BOOK)[1:] == [f"{times(NOON + 1_000)},false,bid,1,0"]
    assert written.rows(QUOTES)[1:] == [times(NOON + 1_000)]


def test_a_day_begins_with_the_book_as_it_stood_at_midnight(written: Written) -> None:
    written.book(NOON, FIRST, is_snapshot=True)
    written.book(MIDNIGHT - 1, [(False, "3", "1")])
    written.book(MIDNIGHT, [(False, "3", "2"), (False, "2", "0")])
    assert written.rows(BOOK)[3:] == [f"{times(MIDNIGHT - 1)},false,ask,3,1"]
    midnight = f"{MIDNIGHT // 1_000},{MIDNIGHT // 1_000}"
    assert written.rows(BOOK, "2024-10-05") == [
        f"{midnight},true,bid,1,5",
        f"{midnight},true,bid,0.9,1",
        f"{midnight},true,ask,2,6.50",
        f"{midnight},true,ask,3,1",
        f"{times(MIDNIGHT)},false,ask,3,2",
        f"{times(MIDNIGHT)},false,ask,2,0",
    ]
    # The first frame of the day is of the moment at which it begins, and one row with it.
    assert written.rows(BEST, "2024-10-05") == [
        f"{midnight},2,6.50,1,5,3,1,0.9,1",
        f"{times(MIDNIGHT)},3,2,1,5,,,0.9,1",
    ]
    assert written.rows(QUOTES, "2024-10-05") == [f"{midnight},6.50,2,1,5", f"{times(MIDNIGHT)},2,3,1,5"]


def test_a_day_that_begins_without_a_book_begins_with_its_snapshot(written: Written) -> None:
    written.book(NOON, FIRST, is_snapshot=True)
    written.files.lose_book()
    written.book(MIDNIGHT + 1_000, [(False, "3", "2")])
    written.book(MIDNIGHT + 2_000, FIRST, is_snapshot=True)
    assert {row.split(",")[1] for row in written.rows(BOOK, "2024-10-05")} == {str(MIDNIGHT // 1_000 + 2)}


def test_a_day_of_which_nothing_is_told_has_no_file(written: Written) -> None:
    written.book(NOON, FIRST, is_snapshot=True)
    written.book(MIDNIGHT + DAY, [(False, "3", "2")])
    written.rows(BOOK, "2024-10-06")
    assert len(written.names()) == 2 * 3
    assert not [name for name in written.names() if "2024-10-05" in name]


def test_a_clock_that_is_set_back_over_midnight_stays_in_the_day(written: Written) -> None:
    written.book(MIDNIGHT, FIRST, is_snapshot=True)
    written.book(MIDNIGHT - 1_000, [(True, "1", "0")])
    assert written.rows(BOOK, "2024-10-05")[-1] == f"{times(MIDNIGHT - 1_000)},false,bid,1,0"


def test_trades_have_the_side_of_the_taker(written: Written) -> None:
    made = [NOON - 5_000, NOON - 4_000, NOON]
    written.files.take_trades(
        NOON, Trades("A-B", False, ["7", "8,=1", "9"], made, [True, False, True], ["1.0", "2e0", "x"], ["3", "4", "5"])
    )
    assert written.rows(TRADES) == [
        f"{NOON // 1_000 - 5},{NOON // 1_000},7,buy,1.0,3",
        f"{NOON // 1_000 - 4},{NOON // 1_000},,sell,2,4",
    ]
    assert written.files.odd_trades == 1


def test_trades_from_before_the_recording_are_none_of_its(written: Written) -> None:
    written.files.take_trades(NOON, Trades("A-B", True, ["7"], [NOON], [True], ["1"], ["3"]))
    written.files.close()
    written.stage.commit()
    assert written.names() == []


@pytest.mark.parametrize("kind", [BOOK, BEST, QUOTES, TRADES])
def test_only_the_kinds_that_are_wanted_are_written(tmp_path: Path, kind: str) -> None:
    written = Written(tmp_path, kinds=[kind])
    written.files.take_ticker(NOON, ticker())
    written.book(NOON, FIRST, is_snapshot=True)
    written.book(NOON + 1, FIRST)
    written.files.take_trades(NOON, Trades("A-B", False, ["7"], [NOON], [True], ["1"], ["3"]))
    assert len(written.rows(kind)) == (6 if kind == BOOK else 1)
    assert len(written.names()) == 1


def ticker(bid: str = "1", bid_size: str = "5", ask: str = "2", ask_size: str = "6") -> Ticker:
    return Ticker("A-B", NOON, "1.5", bid, bid_size, ask, ask_size)


def test_without_a_book_quotes_are_those_of_the_tickers_that_changed_them(written: Written) -> None:
    for late, one in enumerate([ticker(), ticker(), ticker(bid=""), ticker("", "", "", ""), ticker(bid="odd\n")]):
        written.files.take_ticker(NOON + late * 1_000, one)
    written.files.take_ticker(MIDNIGHT, ticker())
    first = NOON // 1_000
    assert written.rows(QUOTES) == [f"{first},{first},6,2,1,5", f"{first},{first + 2},6,2,,5"]
    assert written.rows(QUOTES, "2024-10-05") == [f"{first},{MIDNIGHT // 1_000},6,2,1,5"]
    assert len(written.names()) == 2


def test_a_day_with_a_book_has_quotes_of_nothing_else(written: Written) -> None:
    written.files.take_ticker(NOON - 1, ticker("7"))
    written.book(NOON, FIRST, is_snapshot=True)
    written.files.take_ticker(NOON + 1, ticker("8"))
    assert written.rows(QUOTES) == [f"{times(NOON)},6.50,2,1,5"]


def test_levels_that_are_no_numbers_are_left_out_and_counted(written: Written) -> None:
    written.book(NOON, [(True, "1", "5"), (True, "2\n3", "1"), (False, "=1", "1"), (False, "2", "")], is_snapshot=True)
    assert written.rows(BOOK) == [f"{times(NOON)},true,bid,1,5"]
    assert written.files.odd_levels == 3


def _take(written: Written, steps: Sequence[tuple[int, str, Changes]]) -> dict[str, dict[int, Book]]:
    """Take what is drawn; return by day and time which book there is after each frame that changed it."""
    time, is_known = NOON + 1_000, False
    book: Book = ({}, {})
    expected: dict[str, dict[int, Book]] = {}
    for wait, what, levels in steps:
        time += wait
        if what == "lost":
            written.files.lose_book()
            is_known = False
        elif what == "ticker":
            written.files.take_ticker(time, ticker())
        else:
            if what == "snapshot":
                levels = [*levels, (True, "31", "1")]  # noqa: PLW2901  never empty, which no row could tell
            written.book(time, levels, is_snapshot=what == "snapshot")
            is_known = is_known or what == "snapshot"
            if is_known:
                book = ({}, {}) if what == "snapshot" else (dict(book[0]), dict(book[1]))
                for is_bid, price, size in levels:
                    side = book[0 if is_bid else 1]
                    if Decimal(size):
                        side[Decimal(price)] = Decimal(size)
                    else:
                        side.pop(Decimal(price), None)
                expected.setdefault(format_time(time)[:10], {})[time // 1_000] = book
    return expected


level = st.tuples(st.booleans(), st.integers(1, 30).map(str), st.sampled_from(["0", "1", "2.5", "0.0"]))
step = st.tuples(
    st.sampled_from([0, 1_000, NANOSECONDS, DAY // 3, 2 * DAY]),
    st.sampled_from(["change", "change", "change", "snapshot", "lost", "ticker"]),
    st.lists(level, min_size=1, max_size=40),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(step, max_size=15))
def test_each_day_by_itself_rebuilds_the_book_after_every_frame(
    memory_path: Path, steps: list[tuple[int, str, list[tuple[bool, str, str]]]]
) -> None:
    """Days and gaps come as they like; the book here is two plain dictionaries."""
    with tempfile.TemporaryDirectory(dir=memory_path) as folder:
        written = Written(Path(folder))
        expected = _take(written, steps)
        written.files.close()
        written.stage.commit()
        for day, frames in expected.items():
            rows = rows_of(Path(folder, f"coinbase_{BOOK}_{day}_A-B.csv.gz"))
            assert rows[0]["is_snapshot"] == "true"
            after = {time: (dict(bids), dict(asks)) for time, (bids, asks) in rebuilt(rows)}
            midnight = min(frames) // (DAY // 1_000) * (DAY // 1_000)
            assert {time: after[time] for time in after if time != midnight} == frames
            tops = rows_of(Path(folder, f"coinbase_{BEST}_{day}_A-B.csv.gz"))
            times = [int(row["local_timestamp"]) for row in tops]
            for time, book in frames.items():
                assert levels_of(tops[bisect_right(times, time) - 1]) == best(book, 25)
