"""The book of a product as of a moment of recordings, and as of one moment after another."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...formats.places.url_path import place_of
from .book_at import BookAt, book_found
from .first_place import first_time
from .following import reading_from
from .indexed import by_index
from .read_through import ReadThrough
from .sources import BookSource
from .standing import NO_SNAPSHOT, Unknown

__all__ = ["DEPTH", "BookAt", "book_at", "book_of", "books_every", "books_of"]

DEPTH = 20
"""Levels of each side, if nothing else is said."""


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
        return book_found(source, moment, (book, None, found.received, found.sequence), depth)
    with contextlib.closing(ReadThrough(source, first_time(source, moment))) as reading:
        return book_found(source, moment, reading.book_at(moment), depth)


def books_of(source: BookSource, every: int, start: int | None, end: int | None, depth: int | None) -> Iterator[BookAt]:
    """Yield the books of a source; see `books_every`."""
    last = source.last_received
    first = -(-source.first_time // every) * every if start is None else start
    after = (first if last is None else last + 1) if end is None else end
    if first >= after:
        return
    with contextlib.closing(reading_from(source, first)) as reading:
        for moment in range(first, after, every):
            yield book_found(source, moment, reading.book_at(moment), depth, again=True)


def _as_paths(paths: Path | str | Sequence[Path | str]) -> list[Path]:
    return [place_of(paths)] if isinstance(paths, str | Path) else [place_of(path) for path in paths]
