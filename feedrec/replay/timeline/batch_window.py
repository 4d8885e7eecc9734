"""
A window of decoded batches from which several clients take, each at its own pace. Pure: no file, no event loop.

1. Batches are appended in order. A cursor takes each of them once, in order.
2. A batch is kept until every cursor has taken the one after it: a client may still join in the batch that is played.
   From the beginning on, up to `keep` bytes are kept beyond that, for clients that begin there a little later.
3. A cursor that has yet to take more than `limit` bytes of payload, not counting the newest batch, is cut loose: the
   window keeps nothing more for it. The cursor knows its place, from which its client can read on alone without losing
   or repeating a frame.
4. A cursor can join at a steady time, or at a place where a batch ends, if everything from there on is in the window or
   still to be appended; but not at a time far beyond what was appended: it would have to wait for all in between.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import deque
from typing import NamedTuple

from ...model import NANOSECONDS
from ..clock.time_types import RecordedSteady
from .frame_batches import FrameBatch, payload_size

__all__ = ["BatchWindow", "Cursor", "Place"]

_NEAR = NANOSECONDS
"""Steady time beyond the last batch at which a cursor still joins: what is played may have been read up to here."""


class Place(NamedTuple):
    """
    A place in a timeline to read on from.

    Attributes:
        start: The first line at or after this steady time is not past the place; None for the beginning.
        position: Lines before this position are past; see `FrameBatch`.

    """

    start: RecordedSteady | None
    position: int = 0


class Cursor:
    """
    How far a client has come.

    Attributes:
        place: Where it would have to read on alone.
        is_cut_loose: Whether it has to.
        skips_to: The time of the first frame that it takes, until it has taken one; None for any.

    """

    def __init__(self, place: Place, number: int, taken: int) -> None:
        self.place = place
        self.is_cut_loose = False
        self.number = number  # of the batch that it takes next
        self.taken = taken  # bytes before that batch
        self.skips_to = place.start


class BatchWindow:
    """
    The window.

    Args:
        place: Where the batches that will be appended begin.
        limit: Bytes of payload by which a cursor may be behind.
        keep: Bytes of payload to keep from the beginning on.

    Attributes:
        limit: See above.
        keep: See above.

    """

    def __init__(self, place: Place, limit: int, keep: int = 0) -> None:
        self.limit = limit
        self.keep = keep
        self._start = place.start
        self._batches: deque[tuple[FrameBatch, int]] = deque()  # each with the bytes up to its end
        self._first = 0  # number of the first batch that is kept
        self._appended = 0  # bytes up to the end of the last batch
        self._dropped = 0  # bytes up to the end of the batch dropped last
        self._dropped_time = place.start if place.position else None
        self._dropped_end = place.position
        self._cursors: set[Cursor] = set()

    @property
    def has_cursors(self) -> bool:
        """Whether any cursor still takes batches from it."""
        return bool(self._cursors)

    @property
    def size(self) -> int:
        """Bytes of payload in it."""
        return self._appended - self._dropped

    def join(self, start: RecordedSteady | None) -> Cursor | None:
        """Make a cursor that begins at a time, or at the beginning; None if the window does not reach to it."""
        if not self._reaches_back(start) or not self._is_near(start):
            return None
        cursor = Cursor(Place(start), self._first, self._dropped)
        self._cursors.add(cursor)
        return cursor

    def join_at(self, place: Place) -> Cursor | None:
        """Make a cursor that goes on at the place of another one; None if the window does not have what follows."""
        if not place.position:
            return self.join(place.start)
        number, taken, end = self._first, self._dropped, self._dropped_end
        if self._start is not None and not end:  # the lines before its first batch were not read
            end = self._batches[0][0].start if self._batches else place.position + 1
        for batch, appended in self._batches:
            if end <= place.position <= batch.start:
                break
            number, taken, end = number + 1, appended, batch.end
        else:
            if end != place.position:
                return None
        cursor = Cursor(place, number, taken)
        cursor.skips_to = None
        self._cursors.add(cursor)
        return cursor

    def leave(self, cursor: Cursor) -> None:
        """Keep nothing more for a cursor."""
        self._cursors.discard(cursor)
        self._drop()

    def append(self, batch: FrameBatch) -> None:
        """Append the next batch, and cut loose the cursors that are too far behind."""
        for cursor in [cursor for cursor in self._cursors if self._appended - cursor.taken > self.limit]:
            cursor.is_cut_loose = True
            self._cursors.discard(cursor)
        self._appended += payload_size(batch.frames)
        self._batches.append((batch, self._appended))
        self._drop()

    def is_at_end(self, cursor: Cursor) -> bool:
        """Return whether the next batch of a cursor is still to be appended."""
        return cursor.number == self._first + len(self._batches)

    def take(self, cursor: Cursor) -> FrameBatch | None:
        """Take the next batch of a cursor that is not cut loose; None if it is still to be appended."""
        while not self.is_at_end(cursor):
            batch, cursor.taken = self._batches[cursor.number - self._first]
            cursor.number += 1
            if cursor.skips_to is not None:
                batch = _from_time(batch, cursor.skips_to)
            if batch.first < len(batch.frames):
                cursor.skips_to = None
                cursor.place = Place(batch.times[-1], batch.end)
                self._drop()
                return batch
        self._drop()
        return None

    def ahead(self, cursor: Cursor) -> list[FrameBatch]:
        """Return the batches that a cursor which is not cut loose is still to take, in order."""
        return [batch for batch, _ in itertools.islice(self._batches, cursor.number - self._first, None)]

    def _is_near(self, start: RecordedSteady | None) -> bool:
        last = self._batches[-1][0].times[-1] if self._batches else self._start
        return start is None or (last is not None and start <= last + _NEAR)

    def _reaches_back(self, start: RecordedSteady | None) -> bool:
        if start is None:
            return self._start is None and not self._dropped_end
        if self._dropped_end:
            return self._dropped_time is not None and self._dropped_time < start
        return self._start is None or self._start <= start

    def _drop(self) -> None:
        """Drop what every cursor has played."""
        if not self._first and self.size <= self.keep:
            return
        needed = min((cursor.number for cursor in self._cursors), default=self._first) - 1
        while self._first < needed:
            batch, self._dropped = self._batches.popleft()
            self._dropped_time, self._dropped_end = batch.times[-1], batch.end
            self._first += 1


def _from_time(batch: FrameBatch, start: RecordedSteady) -> FrameBatch:
    """Leave out the frames before the first one at or after a time."""
    return batch._replace(first=bisect_left(batch.times, start))
