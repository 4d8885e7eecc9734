"""Days, of which each has files of its own: those of UTC, by the recorder's clock."""

from __future__ import annotations

from datetime import date

from ..model import NANOSECONDS

__all__ = ["DAY", "date_of", "day_of"]

DAY = 86_400 * NANOSECONDS
"""A day, in nanoseconds."""

_EPOCH = date(1970, 1, 1).toordinal()


def day_of(time: int) -> int:
    """Return when the day of a time begins; both in nanoseconds since 1970."""
    return time - time % DAY


def date_of(time: int) -> date:
    """Return the date of a time in nanoseconds since 1970."""
    return date.fromordinal(_EPOCH + time // DAY)
