"""A heatmap adds up the books that `book_at` tells, and comes in pieces."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.replay import BookAt, book_at
from feedrec.replay.page.market.heatmap import Column, Heatmaps, HeatmapView, nice_step

from ...books.making import START, record, second
from ..market_recordings import lines_of

VIEW = HeatmapView("coinbase-advanced", "BTC-USD", second(2), second(12), 20, 10)


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("heatmap") / "x.jsonl.zst", lines_of(20), block_size=3000)


@pytest.fixture
def books(path: Path) -> Callable[[str, str, int], BookAt]:
    return lambda _, product, time: book_at(path, time, product, depth=None)


def test_each_cell_has_what_the_book_has_between_its_prices(
    path: Path, books: Callable[[str, str, int], BookAt]
) -> None:
    told = Heatmaps(books, START).tell(VIEW, 0, never)
    assert (told.start, told.end, told.done, told.next) == (2000, 12000, True, 20)
    assert told.price_low is not None
    assert told.price_step is not None
    for number, column in enumerate(told.columns):
        assert column.ms == 2000 + number * 500
        book = book_at(path, second(2 + number / 2), depth=None)
        assert column.mid == (float(book.bids[0][0]) + float(book.asks[0][0])) / 2
        for cells, levels in ((column.bids, book.bids), (column.asks, book.asks)):
            for row, size in cells:
                low = told.price_low + row * told.price_step
                within = [float(one) for price, one in levels if low <= float(price) < low + told.price_step]
                assert math.isclose(size, sum(within), rel_tol=1e-5)
            rows = {math.floor((float(price) - told.price_low) / told.price_step) for price, _ in levels}
            middle = math.floor((column.mid - told.price_low) / told.price_step)
            assert {row for row, _ in cells} == {row for row in rows if abs(row - middle) <= VIEW.rows}


def test_with_fewer_levels_rows_are_finer(books: Callable[[str, str, int], BookAt]) -> None:
    few = msgspec.structs.replace(VIEW, levels=2)
    near, far = (Heatmaps(books, START).tell(view, 0, never) for view in (few, VIEW))
    assert near.price_step is not None
    assert far.price_step is not None
    assert near.price_step < far.price_step
    assert [column.mid for column in near.columns] == [column.mid for column in far.columns]


def test_it_comes_in_pieces_that_make_the_whole(books: Callable[[str, str, int], BookAt]) -> None:
    whole = Heatmaps(books, START).tell(VIEW, 0, never).columns
    heatmaps, columns, after, is_done = Heatmaps(books, START), list[Column](), 0, False
    while not is_done:
        told = heatmaps.tell(VIEW, after, lambda: True)
        assert len(told.columns) == 1
        columns += told.columns
        after, is_done = told.next, told.done
    assert columns == whole


def test_what_was_made_is_not_made_again_and_few_views_are_kept(books: Callable[[str, str, int], BookAt]) -> None:
    asked: list[int] = []

    def counted(endpoint: str, product: str, time: int) -> BookAt:
        asked.append(time)
        return books(endpoint, product, time)

    heatmaps = Heatmaps(counted, START)
    for end in (12, 13, 12):
        heatmaps.tell(HeatmapView("coinbase-advanced", "BTC-USD", second(2), second(end), 5, 10), 0, never)
    assert len(asked) == 10
    for end in range(13, 17):
        heatmaps.tell(HeatmapView("coinbase-advanced", "BTC-USD", second(2), second(end), 5, 10), 0, never)
    assert len(heatmaps._made) == 2


def test_a_book_that_is_not_known_is_an_empty_column(path: Path) -> None:
    lines = [BookAt("BTC-USD", START), book_at(path, second(3)), BookAt("BTC-USD", START)]
    given_books = iter(lines)
    view = HeatmapView("coinbase-advanced", "BTC-USD", START, START + 3, 3, 10)
    told = Heatmaps(lambda *_: next(given_books), START).tell(view, 0, never)
    assert [column.mid is None for column in told.columns] == [True, False, True]
    assert (told.columns[0].bids, told.columns[2].asks) == ([], [])
    assert told.price_step is not None


def test_a_book_of_one_level_a_side_has_a_grid() -> None:
    book = BookAt("X-Y", START, [("100", "1")], [("100", "2")], 1, 1)
    told = Heatmaps(lambda *_: book, START).tell(HeatmapView("", "X-Y", START, START + 1, 1, 50), 0, never)
    assert told.columns[0].mid == 100.0
    assert sum(size for _, size in told.columns[0].bids) == 1


@given(st.floats(1e-12, 1e12))
def test_a_step_is_a_number_for_people_and_not_too_small(least: float) -> None:
    step = nice_step(least)
    assert least * (1 - 1e-6) <= step <= least * 2.5 * (1 + 1e-6)
    assert f"{step:.6e}"[:3] in ("1.0", "2.0", "2.5", "5.0")
