"""What a feed tells of its frames, so that recordings of it can be compared; see feeds/tracks/track_rule.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ...model import FrameInfo

__all__ = ["Cover", "Track", "TrackRule", "spans_of"]


class Track(Protocol):
    """What a venue tells of a product in a channel, in an order that is the same on every connection; hashable."""

    @property
    def channel(self) -> str:
        """The channel."""

    @property
    def product(self) -> str:
        """The product; empty if there is none."""

    @property
    def is_counted(self) -> bool:
        """Whether positions are numbers without holes; else they are times of the venue, in nanoseconds."""

    @property
    def is_state(self) -> bool:
        """Whether frames change what a snapshot tells."""

    @property
    def is_beat(self) -> bool:
        """Whether a frame says nothing but that the venue is there."""

    @property
    def reach(self) -> int:
        """By how much positions may be out of order."""


class Cover(Protocol):
    """What a frame covers of a track."""

    @property
    def first(self) -> int:
        """The first position."""

    @property
    def last(self) -> int:
        """The last position."""

    @property
    def content(self) -> bytes:
        """What tells frames of one position apart."""

    @property
    def spans(self) -> Sequence[tuple[int, int]]:
        """The spans of its numbers, if some are left out between the first and the last; else none."""


def spans_of(cover: Cover) -> Sequence[tuple[int, int]]:
    """Return the spans of the numbers that a frame has of a counted track, in order."""
    return cover.spans or ((cover.first, cover.last),)


class TrackRule(Protocol):
    """Tells what frames cover; pure, and never raises."""

    is_by_product: bool

    def tracks(self, info: FrameInfo) -> Sequence[Track]:
        """Return the tracks that a frame is of; none for acks and the like."""

    def cover(self, track: Any, info: FrameInfo, payload: bytes) -> Cover | None:
        """Return what a frame covers of one of its tracks, as `tracks` returned it; None if it does not say."""

    def venue_time(self, payload: bytes) -> int | None:
        """Return the time of the venue's clock that a frame names, in nanoseconds."""
