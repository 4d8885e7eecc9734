"""
Lines of several recordings on the clock of the first.

Its own lines, readings of its clock included, stay as they are. The others get its wall time: by how much the clocks
differ is told by how late the frames seem to come, compared with the times that the venue gave them. As the lead passes
from one recording to another, lines follow each other by the venue's order. So a time is moved up to that of the line
before, or down to that of the next line of the first recording.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from ...model import format_time

__all__ = ["LeadersClock", "lag_of", "with_time"]

_TIME_AT, _AFTER_TIME = len(b'{"time":"'), len(b'{"time":"2026-11-21T17:00:00.000000000Z')


def lag_of(samples: Iterable[tuple[int, int]]) -> int | None:
    """Return how late frames come, given when they came and the venue's time of each; None if there is none."""
    found = [came - told for came, told in samples]
    return int(median(found)) if found else None


class LeadersClock:
    """
    Follows the wall clock of the first recording, in the order of the output.

    Args:
        shift: From its wall time to the steady time at its beginning.

    """

    def __init__(self, shift: int) -> None:
        self._shift = shift
        self._latest = 0

    def follow(self, wall: int, shift: int) -> None:
        """Take a line of the first recording."""
        self._latest, self._shift = wall, shift

    def place(self, steady: int, not_after: int | None) -> int:
        """Return the time of a line of another recording, before that of the next line of the first one if known."""
        time = max(steady - self._shift, self._latest)
        self._latest = time if not_after is None else max(min(time, not_after), self._latest)
        return self._latest


def with_time(line: bytes, time: int) -> bytes:
    """Return a line, as a writer writes it, with another time."""
    return b"%b%b%b" % (line[:_TIME_AT], format_time(time).encode(), line[_AFTER_TIME:])
