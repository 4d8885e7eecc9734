"""The book at one moment after another, as they come: what is read on to the next, and when it is looked up anew."""

from __future__ import annotations

import time
from collections.abc import Callable

from ...model import NANOSECONDS
from .book_at import BookAt, book_found
from .first_place import first_time
from .indexed import Known, by_index
from .read_through import ReadThrough
from .sources import BookSource
from .standing import NO_SNAPSHOT, Unknown

__all__ = ["BookFollower", "reading_from"]

_FAR = 60 * NANOSECONDS
"""Recorded time from one moment to the next above which looking it up is quicker than reading on."""

_REST = 10  # times as long as the last look-up took, until a recording that grows is looked at again


def reading_from(source: BookSource, first: int) -> ReadThrough:
    """
    Return what tells the book at a moment and at later ones; close it.

    Args:
        source: The recordings.
        first: The first moment, in nanoseconds.

    Raises:
        RecordingError: If a recording cannot be read.

    """
    found = by_index(source, first)
    known = found if isinstance(found, Known) else None
    is_told = known is not None or (isinstance(found, Unknown) and found.reason == NO_SNAPSHOT)
    begin = first + 1 if is_told else first_time(source, first)
    return ReadThrough(source, begin, known)


class BookFollower:
    """
    Follows a book from moment to moment, which may be earlier ones, too. Close it.

    Args:
        source: The recordings.
        depth: How many levels of each side it tells.
        now: Returns the nanoseconds of a clock that never steps.

    """

    def __init__(self, source: BookSource, depth: int, now: Callable[[], int] = time.monotonic_ns) -> None:
        self._source = source
        self._depth = depth
        self._now = now
        self._reading: ReadThrough | None = None
        self._last = 0
        self._again_at = 0

    def close(self) -> None:
        """Close the recordings."""
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def book_at(self, moment: int) -> BookAt:
        """
        Return the book as of a moment, in nanoseconds.

        Raises:
            RecordingError: If a recording cannot be read.

        """
        reading = self._reading
        if reading is None or not self._last <= moment <= self._last + _FAR or self._may_know_more(reading):
            self.close()
            began = self._now()
            reading = self._reading = reading_from(self._source, moment)
            found = reading.book_at(moment)
            ended = self._now()
            self._again_at = ended + max(_REST * (ended - began), NANOSECONDS)
        else:
            found = reading.book_at(moment)
        self._last = moment
        return book_found(self._source, moment, found, self._depth, again=True)

    def _may_know_more(self, reading: ReadThrough) -> bool:
        """Return whether a recording has ended that may have grown since."""
        return reading.is_over and any(one.is_live for one in self._source.ends) and self._now() >= self._again_at
