"""
Whether the book of a product is known, by what recordings say of its connections. Pure.

1. It is known from a snapshot on.
2. It is not known any more once frames of the connection that tells it are missing, or may be: after a `gap` or a
   `reset` (of its product, where a venue counts by product), after `lost` or `damage`, where it was `crossed`, and
   while it is subscribed again (`resync`). The next snapshot makes it known again.
3. When its connection is closed, it is still known if another one tells the same, as one does that takes its place.
4. A `close` at the very time that is asked for comes after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ...feeds.state.doubts import DOUBTS, DOUBTS_OF_RUN
from ...model import Event

__all__ = ["CLOSED", "ENDED", "NO_SNAPSHOT", "PART_MISSING", "Connection", "Standing", "Unknown"]

Connection = tuple[int, int]
"""The number of a run, and that of a connection in it."""

CLOSED, ENDED, PART_MISSING, NO_SNAPSHOT = "close", "end", "part missing", "no snapshot"
"""Further reasons why a book is not known."""

_REASONS = {
    NO_SNAPSHOT: "there is no snapshot before",
    PART_MISSING: "a file is missing",
    CLOSED: "its connection was closed",
    ENDED: "the recording ends there",
    "gap": "frames are missing",
    "lost": "frames are missing",
    "damage": "frames are missing",
    "reset": "frames may be missing",
    "crossed": "it was crossed",
    "resync": "it was subscribed again",
}


class Unknown(NamedTuple):
    """
    Why a book is not known.

    Attributes:
        reason: The name of the event that told so (`gap`, `reset`, `crossed`, `resync`, `lost`, `damage`, `close`), or
            `no snapshot`, `part missing`, `end`.
        since: From when on, in nanoseconds; None if it was not known before either.

    """

    reason: str
    since: int | None = None

    def __str__(self) -> str:
        return _REASONS[self.reason]


class Standing:
    """
    Follows whether the book of a product is known.

    Args:
        product: The product.
        channel: Its channel, as frames are described.

    Attributes:
        received: When its last frame was received; None if there was none.
        sequence: The venue's number of that frame, if it has one.

    """

    def __init__(self, channel: str, product: str) -> None:
        self.received: int | None = None
        self.sequence: int | None = None
        self._channel = channel
        self._product = product
        self._unknown: Unknown | None = Unknown(NO_SNAPSHOT)
        self._telling: set[Connection] = set()  # whose frames the book is made of
        self._is_guess = False
        self._carrying: set[Connection] = set()  # these, and those that bring the same

    def unknown_at(self, time: int) -> Unknown | None:
        """Return why the book is not known at a time, after what came until then; None if it is known."""
        unknown = self._unknown
        is_over = unknown is not None and unknown.reason in (CLOSED, ENDED) and unknown.since == time
        return None if is_over else unknown

    def told(self, conns: Iterable[Connection], time: int, sequence: int | None) -> None:
        """Take updates of the book that count, from these connections; time and number are those of the last one."""
        if self._is_guess:
            self._carrying -= self._telling
            self._telling = set()
            self._is_guess = False
        self._telling.update(conns)
        self._carrying |= self._telling
        self.received, self.sequence = time, sequence

    def repeated(self, conn: Connection) -> None:
        """Take a frame of the book that does not count, since another connection has brought the same."""
        self._carrying.add(conn)

    def began(self, conn: Connection, time: int, sequence: int | None, *, is_synthetic: bool = False) -> None:
        """Take a snapshot of the book that counts; one that the venue did not send may have another's connection."""
        self._unknown = None
        self._telling = {conn}
        self._is_guess = is_synthetic
        self._carrying.add(conn)
        self.received, self.sequence = time, sequence

    def take_event(self, run: int, event: Event, *, by_channel: bool = False) -> None:
        """
        Take an event of a run.

        Args:
            run: Number of the run.
            event: The event.
            by_channel: Whether a gap tells of one channel alone, on all connections, as where recordings were merged.

        """
        conn = None if event.conn is None else (run, event.conn)
        if event.name == CLOSED and conn is not None:
            self.closed(lambda one: one == conn, event.time, CLOSED)
        elif event.name in DOUBTS_OF_RUN:
            self.doubt(lambda one: one[0] == run, event.time, event.name)
        elif event.name in DOUBTS and self._is_about(event, by_channel=by_channel):
            self.doubt(lambda one: by_channel or one == conn, event.time, event.name)

    def doubt(self, is_one: Callable[[Connection], bool], time: int, reason: str) -> None:
        """Take note that frames of some connections may be missing."""
        if any(map(is_one, self._telling)):
            self._lose(time, reason)

    def closed(self, is_one: Callable[[Connection], bool], time: int, reason: str) -> None:
        """Take note that some connections tell nothing any more."""
        told_before = bool(self._telling)
        self._carrying = {one for one in self._carrying if not is_one(one)}
        self._telling &= self._carrying
        if told_before and not self._telling:
            self._telling = set(self._carrying)
            if not self._telling:
                self._lose(time, reason)

    def _is_about(self, event: Event, *, by_channel: bool) -> bool:
        """Return whether an event is about this book, by the product and the channel that it names, if any."""
        product, channel = event.details.get("product"), event.details.get("channel")
        is_other_channel = by_channel and event.name == "gap" and channel not in (None, self._channel)
        return product in (None, self._product) and not is_other_channel

    def _lose(self, time: int, reason: str) -> None:
        if self._unknown is None:
            self._unknown = Unknown(reason, time)
