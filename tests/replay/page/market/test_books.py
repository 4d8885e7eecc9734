"""The ladder of a page is the book that `book_at` tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import UsageError
from feedrec.model import Record
from feedrec.replay import book_at
from feedrec.replay.page.market.books import BookName, Books, book_names
from feedrec.replay.page.recordings import PageRecordings

from ...books.making import event, record, second, told
from ..market_recordings import lines_of, record_plain

BTC = BookName("coinbase-advanced", "BTC-USD")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("books") / "x.jsonl.zst", lines_of(20), block_size=3000)


@pytest.fixture
def recordings(path: Path) -> Iterator[PageRecordings]:
    with PageRecordings([path]) as recordings:
        yield recordings


def test_it_is_the_book_as_of_each_moment_forward_and_back(path: Path, recordings: PageRecordings) -> None:
    with closing(Books(recordings)) as books:
        for time in (1, 1.1, 1.15, 7, 19, 3, 3.1, 12):
            expected = book_at(path, second(time), depth=3)
            ladder = books.ladder(BTC, second(time), 3)
            assert (ladder.bids, ladder.asks, ladder.known, ladder.why) == (expected.bids, expected.asks, True, None)
            assert ladder.ms == time * 1000


def test_it_says_why_a_book_is_not_known(tmp_path: Path) -> None:
    lines: list[Record] = [
        told(0, 0, "snapshot", "b1=1 a2=1"),
        event(1, "gap", missing=3),
        told(2, 4, "update", "b1=2"),
    ]
    with PageRecordings([record(tmp_path / "x.jsonl.zst", lines)]) as recordings, closing(Books(recordings)) as books:
        ladder = books.ladder(BTC, second(2), 3)
    assert (ladder.bids, ladder.asks, ladder.known, ladder.why) == ([], [], False, "frames are missing")


def test_few_books_are_kept(recordings: PageRecordings) -> None:
    with closing(Books(recordings)) as books:
        for depth in range(1, 6):
            books.ladder(BTC, second(5), depth)
        assert len(books._followers) == 2


def test_a_book_that_is_not_there_is_refused(recordings: PageRecordings) -> None:
    with closing(Books(recordings)) as books:
        with pytest.raises(UsageError, match="there is no book of 'BTC-EUR'"):
            books.ladder(BookName("coinbase-advanced", "BTC-EUR"), second(1), 3)
        with pytest.raises(UsageError, match="no recording here is of 'raw'"):
            books.ladder(BookName("raw", "BTC-USD"), second(1), 3)


def test_indexes_and_subscriptions_tell_which_books_there_are(tmp_path: Path, recordings: PageRecordings) -> None:
    assert book_names(recordings) == [BTC]
    asked: list[dict[str, Any]] = [
        {"channel": "level2", "products": ["ETH-USD"]},
        {"channel": "ticker", "products": ["X-Y"]},
        {"channel": 5},
    ]
    path = record(tmp_path / "x.jsonl.zst", lines_of(1), is_cut=True, subscriptions=asked)
    with PageRecordings([path, record_plain(tmp_path / "y.jsonl", lines_of(1))]) as others:
        assert book_names(others) == [BookName("coinbase-advanced", "ETH-USD")]
