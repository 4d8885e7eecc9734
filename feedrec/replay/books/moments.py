"""The book of a product as of a moment of recordings, and as of one moment after another."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from ...feeds.state.book import Level, PriceLevelBook
from .best_levels import best_levels
from .first_place import first_time
from .indexed import Known, by_index
from .read_through import ReadThrough
from .sources import BookSource
from .standing import NO_SNAPSHOT, Unknown

__all__ = ["DEPTH", "BookAt", "book_at", "book_of", "books_every", "books_of"]

DEPTH = 20
"""Levels of each side, if nothing else is said."""


class BookAt(msgspec.Struct, frozen=True):
    """
    The book of a product as of a moment.

    Attributes:
        product: The product.
        time: The moment, in nanoseconds since 1970: frames that were received until then, at it too, are taken in.
        bids: Price and size of the best bids, as the venue wrote them, the highest first; none if it is not known.
        asks: The same of asks, the lowest first.
        bid_levels: How many bids there are.
        ask_levels: How many asks there are.
        received: When its last frame was received; None if there was none.
        venue_time: The venue's time of its last change, as the venue wrote it; empty if it is not known.
        sequence: The venue's number of its last frame; None if it has none.
        unknown: Why the book is not known; None if it is.

    """

    product: str
    time: int
    bids: list[Level] = []
    asks: list[Level] = []
    bid_levels: int = 0
    ask_levels: int = 0
    received: int | None = None
    venue_time: str = ""
    sequence: int | None = None
    unknown: Unknown | None = None

    @property
    def is_known(self) -> bool:
        """Whether it is known."""
        return self.unknown is None

    @property
    def is_crossed(self) -> bool:
        """Whether its best bid is not below its best ask: it is wrong, or the venue is amid an auction."""
        return bool(self.bids and self.asks) and float(self.bids[0][0]) >= float(self.asks[0][0])


def book_at(
    paths: Path | str | Sequence[Path | str],
    time: int | None = None,
    product: str | None = None,
    *,
    depth: int | None = DEPTH,
) -> BookAt:
    """
    Return the book of a product as of a moment.

    Args:
        paths: A recording, or several of one endpoint, or folders of them.
        time: The moment, in nanoseconds since 1970; None for the last frame.
        product: The product; it may be left out where the recordings have the book of one alone.
        depth: How many levels of each side; None for all.

    Raises:
        UsageError: If there is no such book.
        RecordingError: If a recording cannot be read.

    """
    return book_of(BookSource(_as_paths(paths), product), time, depth)


def books_every(
    paths: Path | str | Sequence[Path | str],
    every: int,
    start: int | None = None,
    end: int | None = None,
    product: str | None = None,
    *,
    depth: int | None = DEPTH,
) -> Iterator[BookAt]:
    """
    Yield the book of a product as of one moment after another, in one reading.

    Args:
        paths: See `book_at`.
        every: Nanoseconds from one moment to the next.
        start: The first moment; None for the first one that is a multiple of `every` and has a line before it.
        end: What all moments are before; None to end with the last frame.
        product: See `book_at`.
        depth: See `book_at`.

    Raises:
        ValueError: If `every` is not positive.
        UsageError: If there is no such book.
        RecordingError: If a recording cannot be read.

    """
    if every <= 0:
        raise ValueError("every must be positive")
    yield from books_of(BookSource(_as_paths(paths), product), every, start, end, depth)


def book_of(source: BookSource, time: int | None, depth: int | None) -> BookAt:
    """Return the book of a source as of a moment; see `book_at`."""
    moment = source.last_received if time is None else time
    if moment is None:
        return BookAt(source.product, source.first_time, unknown=Unknown(NO_SNAPSHOT))
    found = by_index(source, moment)
    if isinstance(found, Unknown):
        return BookAt(source.product, moment, unknown=found)
    if found is not None:
        book = source.book_in([found.state])
        return _made(source, moment, (book, None, found.received, found.sequence), depth)
    with contextlib.closing(ReadThrough(source, first_time(source, moment))) as reading:
        return _made(source, moment, reading.book_at(moment), depth)


def books_of(source: BookSource, every: int, start: int | None, end: int | None, depth: int | None) -> Iterator[BookAt]:
    """Yield the books of a source; see `books_every`."""
    last = source.last_received
    first = -(-source.first_time // every) * every if start is None else start
    after = (first if last is None else last + 1) if end is None else end
    if first >= after:
        return
    found = by_index(source, first)
    known = found if isinstance(found, Known) else None
    is_told = known is not None or (isinstance(found, Unknown) and found.reason == NO_SNAPSHOT)
    begin = first + 1 if is_told else first_time(source, first)
    with contextlib.closing(ReadThrough(source, begin, known)) as reading:
        for moment in range(first, after, every):
            yield _made(source, moment, reading.book_at(moment), depth, again=True)


def _made(
    source: BookSource,
    time: int,
    found: tuple[PriceLevelBook | None, Unknown | None, int | None, int | None],
    depth: int | None,
    *,
    again: bool = False,
) -> BookAt:
    """Return the book as of a moment, from what `ReadThrough.book_at` returns; `again` as for `best_levels`."""
    book, unknown, received, sequence = found
    product = source.product
    if book is None:
        why = unknown or Unknown(NO_SNAPSHOT)
        return BookAt(product, time, received=received, sequence=sequence, unknown=why)
    return BookAt(
        product,
        time,
        *best_levels(book, depth, again=again),
        len(book.bids),
        len(book.asks),
        received,
        book.venue_time,
        sequence,
    )


def _as_paths(paths: Path | str | Sequence[Path | str]) -> list[Path]:
    return [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
