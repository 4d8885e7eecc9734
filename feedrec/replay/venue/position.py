"""A place in the timeline, as a client is at one."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Position"]


class Position(NamedTuple):
    """
    A place in the timeline.

    Attributes:
        line: All lines before this one are past.
        since: Text frames at and after that line that are past as well.
        time: The recorded time there, in nanoseconds.
        sure_time: A time in nanoseconds before which all lines are past.

    """

    line: int
    since: list[bytes]
    time: int
    sure_time: int = 0
