"""
When the connections of a file were open, in the order of its lines.

A connection is open from its `open` event to its `close` event. Where the file begins in between, it is open from the
first line that shows it. Where the file ends before its `close` event, only who knows why can tell how long it stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeGuard

import msgspec

from ...model import Event

__all__ = ["Connections", "OpenSpan", "Replacement", "is_number"]


class OpenSpan(msgspec.Struct, array_like=True):
    """
    The events of a file between which a connection was open.

    Attributes:
        conn: Its number.
        begin: Where it was opened, or seen for the first time: the number of events until then, closings counted twice.
        end: Where it was closed, or seen for the last time.
        opened: The steady time at which it was opened, in nanoseconds; None if that is not in the file.
        is_closed: Whether it was closed.

    """

    conn: int
    begin: int
    end: int
    opened: int | None = None
    is_closed: bool = False


class Replacement(msgspec.Struct, array_like=True):
    """
    A connection that was opened to take the place of another one.

    Attributes:
        conn: Its number.
        replaces: That of the other one.
        is_done: Whether the other one was closed for that.

    """

    conn: int
    replaces: int
    is_done: bool = False


class Connections:
    """
    The connections of one file.

    Attributes:
        spans: When they were open.
        replacements: Which of them were to take the place of another one, in the order in which events say so.

    """

    def __init__(self) -> None:
        self.spans: list[OpenSpan] = []
        self.replacements: list[Replacement] = []
        self._current: dict[int, OpenSpan] = {}
        self._now = 0

    def see(self, conns: Iterable[int]) -> None:
        """Note the connections of frames that were received next."""
        for conn in conns:
            self._show(conn)

    def take_event(self, event: Event, steady: int) -> None:
        """Take the next event, and its steady time."""
        self._now += 1
        conn = event.conn
        if conn is None:
            return
        if event.name == "open":
            self._current.pop(conn, None)
            self._show(conn).opened = steady
            if is_number(replaces := event.details.get("replaces")):
                self.replacements.append(Replacement(conn, replaces))
        elif event.name == "close":
            self._show(conn)
            self._current.pop(conn).is_closed = True
            self._now += 1  # what is opened next is not open at the same time
        elif event.name == "replaced" and is_number(by := event.details.get("by")):
            known = next((one for one in reversed(self.replacements) if (one.conn, one.replaces) == (by, conn)), None)
            if known is None:  # it was opened in an earlier file of the recording
                self.replacements.append(known := Replacement(by, conn))
            known.is_done = True

    def _show(self, conn: int) -> OpenSpan:
        """Note that a connection is open."""
        span = self._current.get(conn)
        if span is None:
            span = self._current[conn] = OpenSpan(conn, self._now, self._now)
            self.spans.append(span)
        span.end = self._now
        return span


def is_number(value: object) -> TypeGuard[int]:
    """Tell whether a value in an event can be the number of a connection."""
    return type(value) is int and 0 <= value < 1 << 63
