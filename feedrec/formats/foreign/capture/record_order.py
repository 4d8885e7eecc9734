"""
Records in the order in which they began.

A message takes several packets, and has the time of the first; other connections' messages may be whole before that. So
each has a place from its first packet on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ....model import Frame, Record

__all__ = ["Place", "RecordOrder"]

_MOST_HELD = 64 << 20
"""Bytes of whole messages that wait for one that is not: then it comes late, where the time steps back."""

_MOST_PLACES = 100_000


class Place:
    """Where records will stand that have begun; `records` is None as long as they are not whole."""

    __slots__ = ("records",)

    def __init__(self) -> None:
        self.records: Sequence[Record] | None = None


class RecordOrder:
    """Gives out places, and records in their order."""

    def __init__(self) -> None:
        self._places: deque[Place] = deque()
        self._held = 0

    def begin(self) -> Place:
        """Return the next place."""
        place = Place()
        self._places.append(place)
        return place

    def fill(self, place: Place, records: Sequence[Record]) -> None:
        """Put records into their place; none if nothing came of it."""
        place.records = records
        self._held += _size(records)

    def add(self, records: Sequence[Record]) -> None:
        """Add records that begin and are whole now."""
        self.fill(self.begin(), records)

    def take(self, *, is_end: bool = False) -> list[Record]:
        """Return the records that can be told, once; at the end all that are whole."""
        found: list[Record] = []
        while self._places and (records := self._places[0].records) is not None:
            self._places.popleft()
            self._held -= _size(records)
            found += records
        if is_end or self._held > _MOST_HELD or len(self._places) > _MOST_PLACES:
            found += [record for place in self._places for record in place.records or ()]
            self._places = deque(place for place in self._places if place.records is None)
            self._held = 0
        return found


def _size(records: Sequence[Record]) -> int:
    return sum(len(record.payload) for record in records if isinstance(record, Frame))
