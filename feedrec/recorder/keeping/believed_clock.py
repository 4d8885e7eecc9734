"""
The time by which files are old: the wall clock, which is not believed at once when it is set forward.

A clock that is wrong for a minute, after a start without NTP or by a server that is wrong, would make all files old.
Once it has stayed as it is for an hour of the steady clock, it is believed. Set back, it is believed at once: that
removes nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ...model import NANOSECONDS, format_time

__all__ = ["BELIEVED_AFTER", "BelievedClock"]

BELIEVED_AFTER = 3600 * NANOSECONDS
"""Nanoseconds of steady time after which a clock that was set forward is believed."""

_TOLERANCE = 60 * NANOSECONDS  # a clock that is kept right is moved by less

log = logging.getLogger("feedrec")


class BelievedClock:
    """
    A wall clock for who removes what is old.

    Args:
        wall: Returns nanoseconds since 1970, which may step.
        steady: Returns nanoseconds of a clock that never steps.
        doubts: Whether anything is doubted: not where what is removed is somewhere else as well.

    """

    def __init__(
        self,
        wall: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = time.monotonic_ns,
        *,
        doubts: bool = True,
    ) -> None:
        self._wall, self._steady, self._doubts = wall, steady, doubts
        self._offset: int | None = None
        self._doubted_since: int | None = None

    def now(self, newest: int | None, age: int) -> int:
        """
        Return the time that is believed.

        Args:
            newest: When the newest file ended, in nanoseconds; None if there is none. At the first look, a clock by
                which even that is old is doubted, too.
            age: Nanoseconds after which a file is old.

        """
        steady, wall = self._steady(), self._wall()
        if not self._doubts:
            return wall
        offset = wall - steady
        if self._offset is None:
            is_all_old = newest is not None and newest < wall - age
            self._offset = offset if newest is None or not is_all_old else newest - steady
        if offset <= self._offset + _TOLERANCE:
            self._offset, self._doubted_since = offset, None
        elif self._doubted_since is None:
            self._doubted_since = steady
            log.warning(
                "the clock says %s, later than it should: if it stays so for an hour, files are removed by that time",
                format_time(wall),
            )
        elif steady - self._doubted_since >= BELIEVED_AFTER:
            self._offset, self._doubted_since = offset, None
        return steady + self._offset
