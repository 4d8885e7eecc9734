"""Which connections of a run are open, and which of them are reconnects or replacements."""

from __future__ import annotations

from typing import Protocol

__all__ = ["ConnectionCounts", "OpenConnections"]


class ConnectionCounts(Protocol):
    """The figures that are kept here; see `Counts`."""

    connections: int
    most_open: int
    replacements: int
    vain_replacements: int


class OpenConnections:
    """
    Counts connections as their events are written.

    One that is to take the place of another is no connection of its own before it has: it is a replacement if the other
    is closed for it, a reconnect if the other is lost before that, and else in vain.

    Args:
        counts: The figures of the run.

    """

    def __init__(self, counts: ConnectionCounts) -> None:
        self._counts = counts
        self._open = 0
        self._expected: dict[int, int] = {}  # the same of connections that are not open yet
        self._places: dict[int, int] = {}  # by the connections that are to take them
        self._left: set[int] = set()  # whose place is taken

    def expect(self, conn: int, replaces: int | None) -> None:
        """Take note which connection one will replace that is about to be opened; None for none."""
        self._expected.pop(conn, None)
        if replaces is not None:
            self._expected[conn] = replaces

    def opened(self, conn: int) -> int | None:
        """Take note that a connection was opened; return that whose place it is to take."""
        self._counts.connections += 1
        replaces = self._expected.pop(conn, None)
        if replaces is not None:
            self._places[conn] = replaces
            self._counts.vain_replacements += 1  # until it has
            return replaces
        self._open += 1
        self._counts.most_open = max(self._counts.most_open, self._open)
        return None

    def replaced(self, conn: int, by: int) -> None:
        """Take note that a connection is closed because another one has taken its place."""
        self._counts.replacements += 1
        self._counts.vain_replacements -= self._places.pop(by, None) is not None
        self._left.add(conn)

    def closed(self, conn: int, *, is_over: bool = False) -> None:
        """Take note that a connection is closed; once the run is over, no other one goes on in its place."""
        if conn in self._left:
            self._left.discard(conn)
        elif self._places.pop(conn, None) is None:
            heir = next((new for new, place in self._places.items() if place == conn), None)
            if heir is None or is_over:
                self._open -= 1
            else:
                del self._places[heir]
                self._counts.vain_replacements -= 1
