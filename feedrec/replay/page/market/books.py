"""The books that a page shows: which there are, and what follows each of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from ....errors import UsageError
from ....feeds.state.book import Level
from ...books.book_at import BookAt
from ...books.following import BookFollower
from ...books.sources import BookSource
from ..parameters import MILLISECOND
from ..recordings import PageFile, PageRecordings

__all__ = ["BookName", "Books", "LadderTold", "book_names"]

_MOST_SOURCES = 8
_MOST_FOLLOWERS = 2  # each keeps a whole book


class BookName(msgspec.Struct, frozen=True, order=True):
    """A book: its endpoint, and its product."""

    endpoint: str
    product: str


class LadderTold(msgspec.Struct):
    """
    The best levels of a book as of a moment.

    Attributes:
        ms: The moment, in milliseconds since the start.
        known: Whether the book is known then.
        why: Why not; None if it is.
        bids: Price and size of the best bids, as the venue wrote them, the highest first.
        asks: The same of asks, the lowest first.

    """

    ms: float
    known: bool
    why: str | None
    bids: Sequence[Level]
    asks: Sequence[Level]


class _Follower(NamedTuple):
    """A book that is followed, to a depth."""

    name: BookName
    depth: int


class Books:
    """
    The books of recordings. Close them.

    Args:
        recordings: The recordings.

    """

    def __init__(self, recordings: PageRecordings) -> None:
        self._recordings = recordings
        self._sources: OrderedDict[BookName, BookSource] = OrderedDict()
        self._followers: OrderedDict[_Follower, BookFollower] = OrderedDict()

    def close(self) -> None:
        """Close what is followed."""
        while self._followers:
            self._followers.popitem()[1].close()

    def ladder(self, name: BookName, time: int, levels: int) -> LadderTold:
        """
        Return the best levels of a book as of a wall time in nanoseconds.

        Raises:
            UsageError: If there is no such book.
            RecordingError: If a recording cannot be read.

        """
        book = self.book_at(name, time, levels)
        why = None if book.unknown is None else str(book.unknown)
        ms = (time - self._recordings.origin) / MILLISECOND
        return LadderTold(ms, book.is_known, why, book.bids[:levels], book.asks[:levels])

    def book_at(self, name: BookName, time: int, depth: int) -> BookAt:
        """Return a book as of a wall time, to a depth; raises as `ladder` does."""
        key = _Follower(name, depth)
        follower = self._followers.pop(key, None) or BookFollower(self._source(name), depth)
        self._followers[key] = follower
        if len(self._followers) > _MOST_FOLLOWERS:
            self._followers.popitem(last=False)[1].close()
        return follower.book_at(time)

    def _source(self, name: BookName) -> BookSource:
        source = self._sources.pop(name, None)
        if source is None:
            paths = [file.path for file in self._recordings.of_endpoint(name.endpoint)]
            if not paths:
                raise UsageError(f"no recording here is of {name.endpoint!r}")
            source = BookSource(paths, name.product)
        self._sources[name] = source
        if len(self._sources) > _MOST_SOURCES:
            self._sources.popitem(last=False)
        return source


def book_names(recordings: PageRecordings) -> list[BookName]:
    """Return which books there are, as far as indexes and subscriptions tell."""
    files = recordings.files
    return sorted({BookName(file.endpoint, product) for file in files for product in _with_books(file) if product})


def _with_books(file: PageFile) -> set[str]:
    described = {*file.book_channels, *file.book_channels.values()}
    return {product for channel, products in file.catalogue.items() if channel in described for product in products}
