"""
Segments: what one connection received of a track without a break.

1. A segment ends where frames may be missing: at a gap, a reset, damage, a file that is missing, and with its
   connection. So does it where a snapshot begins a book anew.
2. Of a counted track, numbers tell: a segment goes on as long as none is left out, and begins right before its first.
   Where a frame leaves out some between its own, that is after the last of these; those before are told beside.
3. Else what was lost before a frame is not known, so the track is complete only *after* the first frame of a segment;
   with a snapshot of a book, after that. Where the connection went on, so did the track: it is complete half a
   second after the first frame of the connection, whatever that was about; and up to half a second before the last.
4. Snapshots of a counted track tell again what was told already. They are segments of their own, and the last resort.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .protocols import Track

__all__ = ["LAST_RESORT", "Estimate", "Segment"]

LAST_RESORT = 1_000_000
"""Added to the rank of a segment that repeats what was told before."""

Estimate = Callable[[int], int]
"""Returns the venue's time at a steady time."""


class Segment:
    """
    What one connection received of a track without a break.

    Attributes:
        rank: The place of its recording among all: the lower, the sooner it leads.
        conn: The connection, by its number in the output.
        track: The track.
        start: The position after which it is complete.
        end: The position up to which it is.
        first: The number of its first line.
        first_time: The steady time of that line.
        last: That of the last line of the connection before the break.
        end_time: The steady time of that line.
        beside: Spans of numbers that its first frame has from before its start; of a counted track.
        is_reset: Whether the venue's count began anew with it.
        passed: The last position of it that was left to another segment.
        recent_position: That of its last frame that was looked at, as `recent` is about.
        recent: How often each content came at it, by its hash.

    """

    __slots__ = (
        "beside",
        "conn",
        "end",
        "end_time",
        "first",
        "first_time",
        "is_reset",
        "last",
        "passed",
        "rank",
        "recent",
        "recent_position",
        "start",
        "track",
    )

    def __init__(self, rank: int, conn: int, track: Track, start: int, end: int, line: int, time: int) -> None:
        self.rank = rank
        self.conn = conn
        self.track = track
        self.start, self.end = start, end
        self.first = self.last = line
        self.first_time = self.end_time = time
        self.beside: Sequence[tuple[int, int]] = ()
        self.is_reset = False
        self.passed = self.recent_position = -1
        self.recent: dict[int, int] = {}

    @property
    def numbers(self) -> Sequence[tuple[int, int]]:
        """The spans of the numbers that it has, if the track is counted."""
        return (*self.beside, (self.start + 1, self.end))

    def note(self, position: int, content: int) -> None:
        """Take note of what one of its frames tells, by its hash."""
        if position != self.recent_position:
            self.recent, self.recent_position = {}, position
        self.recent[content] = self.recent.get(content, 0) + 1

    def count(self, position: int, content: int) -> int:
        """Return how many of its frames at a position told the same before."""
        return self.recent.get(content, 0) if position == self.recent_position else 0

    def __repr__(self) -> str:
        """Show it to those who debug."""
        return f"<{self.track.channel} {self.track.product} {self.rank}/{self.conn} ({self.start}, {self.end}]>"
