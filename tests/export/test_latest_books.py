"""The books as they are by now."""

from __future__ import annotations

from feedrec.export.latest_books import LatestBooks
from feedrec.feeds.market.told import BookChanges


def book_changes(
    product: str, time: int, levels: list[tuple[bool, str, str]], *, is_snapshot: bool = False
) -> BookChanges:
    are_bids, prices, sizes = map(list, zip(*levels, strict=True)) if levels else ([], [], [])
    return BookChanges(product, time, is_snapshot, are_bids, prices, sizes)


def test_a_book_is_what_its_snapshot_and_all_changes_since_make() -> None:
    books = LatestBooks()
    books.take(book_changes("A", 1, [(True, "9", "1")], is_snapshot=True))
    books.take(book_changes("A", 2, [(True, "1", "2"), (True, "3", "4"), (False, "5", "6")], is_snapshot=True))
    books.take(book_changes("A", 3, [(True, "1.0", "0.00"), (False, "4", "7"), (False, "x", "7")]))
    assert list(books.known()) == [
        book_changes("A", 3, [(True, "3", "4"), (False, "4", "7"), (False, "5", "6")], is_snapshot=True)
    ]


def test_a_book_that_is_known_and_empty_is_a_snapshot_without_levels() -> None:
    books = LatestBooks()
    books.take(book_changes("A", 5, [], is_snapshot=True))
    assert list(books.known()) == [book_changes("A", 5, [], is_snapshot=True)]


def test_a_book_is_not_known_before_its_snapshot_nor_after_it_was_lost() -> None:
    books = LatestBooks()
    books.take(book_changes("A", 1, [(True, "1", "2")]))
    books.take(book_changes("B", 1, [(True, "1", "2")], is_snapshot=True))
    books.lose("B")
    books.lose("C")
    books.take(book_changes("B", 2, [(True, "3", "4")]))
    assert list(books.known()) == []
