"""Days begin with the books that the rows before make, whatever these are, and wherever they were written."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedrec.export.continuity import BookLost
from feedrec.export.days import DAY
from feedrec.export.staged_folder import StagedFolder
from feedrec.export.ticks import TicksSink
from feedrec.export.ticks.hive_names import partition_folder
from feedrec.feeds.market.told import BookChanges

from ..captures import Book

Level = tuple[bool, str, str]
Step = tuple[str, int, str, list[Level]]

COLUMNS = ["event", "is_snapshot", "side", "price", "size"]

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where files take no time to be synchronized."""

steps: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.integers(-DAY // 3, DAY),
        st.sampled_from(["snapshot", "update", "update", "lost"]),
        st.lists(
            st.tuples(
                st.booleans(),
                st.sampled_from(["1", "1.0", "2", "0.5"]),
                st.sampled_from(["0", "0.0", "1", "2.5"]),
            ),
            max_size=4,
        ),
    ),
    max_size=15,
)


@example(steps=[("A", 0, "snapshot", []), ("A", -1, "update", [(False, "1", "1")]), ("A", 1, "update", [])], most=0)
@settings(deadline=None, max_examples=20)
@given(steps=steps, most=st.sampled_from([0, 3, 1000]))
def test_each_day_by_itself_makes_the_book_that_was_known_at_its_end(steps: list[Step], most: int) -> None:
    """Clocks go back, books are lost and come back, snapshots are empty, and row groups end anywhere."""
    now = 10 * DAY
    books: dict[str, Book] = {}
    expected: dict[tuple[str, int], Book] = {}
    latest: defaultdict[str, int] = defaultdict(int)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        sink = TicksSink(StagedFolder(Path(folder)), "x", most_held=most, most_tabled=most, group_rows=2)
        for product, step, kind, some in steps:
            now += step
            if kind == "lost":
                sink.take(now, BookLost(product, "gap"))
                books.pop(product, None)
            if kind == "lost" or (product not in books and kind == "update"):
                continue  # of a book that is not known, nothing is told
            are_bids, prices, sizes = map(list, zip(*some, strict=True)) if some else ([], [], [])
            changes = BookChanges(product, now, kind == "snapshot", are_bids, prices, sizes)
            sink.take(now, changes)
            books[product] = after(({}, {}) if changes.is_snapshot else books[product], some)
            latest[product] = max(latest[product], now // DAY)
            if now // DAY == latest[product]:
                expected[product, now // DAY] = books[product]
            else:  # the clock went back: that day goes on with what is later, and has no book of its end
                expected.pop((product, now // DAY), None)
        sink.finish()
        assert {key: rebuilt(Path(folder), *key) for key in expected} == expected


def test_a_clock_that_went_back_over_midnight_puts_a_book_together_of_several_files(tmp_path: Path) -> None:
    """In the order in which they were written, whatever days they are of."""
    sink = TicksSink(StagedFolder(tmp_path), "x")
    midnight = 10 * DAY
    for number, time in enumerate((midnight - 2, midnight, midnight - 1, midnight + 1, midnight + DAY)):
        prices = [f"{number}", "100"]
        sink.take(time, BookChanges("A", time, number == 0, [True, False], prices, ["1", f"{number + 1}"]))
    assert len(sink.finish()) == 5
    bids = {Decimal(number): Decimal(1) for number in range(5)}
    assert rebuilt(tmp_path, "A", 11) == (bids, {Decimal(100): Decimal(5)})


def after(book: Book, some: list[Level]) -> Book:
    """Return a book after changes."""
    sides = dict(book[0]), dict(book[1])
    for is_bid, price, size in some:
        sides[0 if is_bid else 1][Decimal(price)] = Decimal(size)
    return without_zeros(sides)


def without_zeros(book: Book) -> Book:
    bids, asks = ({price: size for price, size in side.items() if size} for side in book)
    return bids, asks


def rebuilt(folder: Path, product: str, day: int) -> Book:
    """Return the book at the end of a day, from the rows of that day alone."""
    book: Book = ({}, {})
    files = (folder / partition_folder("book_changes", day, product)).glob("*.parquet")
    before = -1
    for file in sorted(files):
        for row in pq.ParquetFile(file).read(columns=COLUMNS).to_pylist():
            if row["is_snapshot"] and row["event"] != before:
                book = ({}, {})
            before = row["event"]
            book[row["side"] == "ask"][row["price"]] = row["size"]
    return without_zeros(book)
