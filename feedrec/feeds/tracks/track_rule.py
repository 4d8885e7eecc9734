"""
What frames of one feed have in common, when two connections received it: the rule for recordings of the same feed.

A *track* is what the venue tells of a product in a channel, in an order that is the same on every connection. A frame
covers a part of one track, or of several: from a position to another. Positions are what the venue says: numbers that
it counts for all connections alike, else its times. How many changes share a frame, how frames of a connection are
numbered, and when acks and snapshots come, is different on each connection, and so is no part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

import msgspec

from ...model import FrameInfo

__all__ = ["Cover", "Track", "TrackRule"]


class Track(msgspec.Struct, frozen=True):
    """
    What a venue tells of a product in a channel.

    Attributes:
        channel: The channel.
        product: The product; empty if there is none.
        is_counted: Whether positions are numbers without holes, the same on every connection; else they are times of
            the venue, in nanoseconds.
        is_state: Whether frames change what a snapshot tells, so that without one they are of no use.
        is_beat: Whether a frame says nothing but that the venue is there.
        reach: By how much the positions of frames may be out of order, if they are told apart by their contents.

    """

    channel: str
    product: str
    is_counted: bool = False
    is_state: bool = False
    is_beat: bool = False
    reach: int = 0


class Cover(NamedTuple):
    """
    What a frame covers of a track.

    Attributes:
        first: Its first position; that of a track that is not counted is the last one.
        last: Its last position.
        content: What it tells, the same on every connection: by this, frames of one position are told apart.
        spans: Of a track that is counted, the first and the last of the numbers that follow each other, in order, if it
            lacks some between its first and its last; else none.

    """

    first: int
    last: int
    content: bytes
    spans: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of_numbers(cls, numbers: Sequence[int]) -> Cover | None:
        """Return what a frame covers that has these numbers alone, in any order; None without any."""
        if not numbers:
            return None
        first, last = min(numbers), max(numbers)
        if last - first < 2:
            return cls(first, last, b"")
        found = sorted(set(numbers))
        if len(found) == last - first + 1:
            return cls(first, last, b"")
        ends = [place for place, (one, following) in enumerate(pairwise(found)) if following != one + 1]
        begins = [found[0], *(found[place + 1] for place in ends)]
        return cls(first, last, b"", tuple(zip(begins, [*(found[place] for place in ends), last], strict=True)))


class TrackRule(Protocol):
    """
    Tells what frames cover; pure, and never raises.

    Attributes:
        is_by_product: Whether a gap in the venue's numbers tells of one product alone; else of the whole connection.

    """

    is_by_product: bool = False

    def tracks(self, info: FrameInfo) -> Sequence[Track]:
        """Return the tracks that a frame is of, by what it is without its number; none for acks and the like."""
        ...

    def cover(self, track: Track, info: FrameInfo, payload: bytes) -> Cover | None:
        """Return what a frame covers of one of its tracks; None if it does not say."""
        ...

    def venue_time(self, payload: bytes) -> int | None:
        """Return the time of the venue's clock that a frame names, in nanoseconds; None if it names none."""
        ...
