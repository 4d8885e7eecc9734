"""What was hit so far, in bounded memory."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

import msgspec

from ...admission.log_limit import Log, shortened
from ...model import FrameInfo, format_time

__all__ = ["MOST_HITS", "FaultHit", "FaultLog"]

MOST_HITS = 10_000
"""Hits that are listed, the first ones; all are counted."""

_PAGE = 1024  # positions whose bits are one number
_MOST_PAGES = 8192  # of one fault: what lies before the last eight million lines that it hit is past


class FaultHit(msgspec.Struct, frozen=True):
    """
    What a fault hit: a frame, a handshake, an authentication, or all connections.

    Attributes:
        fault: The fault, as it was written.
        endpoint: Name of the endpoint.
        time: Recorded time of the frame, or of the moment, in nanoseconds; None if there is none.
        channel: The frame's channel; empty if it is not known, or this is no frame.
        products: Its products.
        position: The position of its line in the recordings, which are merged; None if this is no frame.

    """

    fault: str
    endpoint: str
    time: int | None = None
    channel: str = ""
    products: tuple[str, ...] = ()
    position: int | None = None

    def __str__(self) -> str:
        """Say it on one line."""
        what = " ".join(filter(None, (self.channel, ",".join(self.products))))
        where = "" if self.time is None else f" at {format_time(self.time)}"
        place = "" if self.position is None else f" (line {self.position:,})"
        return shortened(f"{self.fault} hits {self.endpoint}{f' {what}' if what else ''}{where}{place}")


class FaultLog:
    """
    Notes hits: a frame once for each fault, though it hits many clients.

    Args:
        log: Takes a line for each.
        on_hit: Called with each.

    Attributes:
        hits: The first of them.
        counts: How many there were, by fault.

    """

    def __init__(self, log: Log, on_hit: Callable[[FaultHit], object] = lambda hit: None) -> None:  # noqa: ARG005
        self._log = log
        self._on_hit = on_hit
        self.hits: list[FaultHit] = []
        self.counts: Counter[str] = Counter()
        self._seen: dict[tuple[str, str], _Positions] = {}  # by fault and endpoint

    def note_frame(self, fault: str, endpoint: str, position: int, time: int, info: FrameInfo) -> None:
        """Note a frame, unless it was noted before."""
        if self._seen.setdefault((fault, endpoint), _Positions()).add(position):
            self.note(FaultHit(fault, endpoint, time, info.channel, tuple(info.products), position))

    def note_once(self, hit: FaultHit) -> None:
        """Note what happens once at an endpoint, unless it was noted before."""
        if self._seen.setdefault((hit.fault, hit.endpoint), _Positions()).add(0):
            self.note(hit)

    def note(self, hit: FaultHit) -> None:
        """Note a hit."""
        self.counts[hit.fault] += 1
        self._log.log(logging.INFO, "%s", hit)
        if len(self.hits) < MOST_HITS:
            self.hits.append(hit)
            self._on_hit(hit)


class _Positions:
    """Positions, a bit for each; of very many, those that lie far behind count as known."""

    def __init__(self) -> None:
        self._pages: dict[int, int] = {}
        self._first = 0  # page

    def add(self, position: int) -> bool:
        """Add a position; return whether it is new."""
        page, bit = position // _PAGE, 1 << position % _PAGE
        bits = self._pages.get(page, 0)
        if bits & bit or page < self._first:
            return False
        self._pages[page] = bits | bit
        if len(self._pages) > _MOST_PAGES:
            oldest = min(self._pages)
            self._first = oldest + 1
            del self._pages[oldest]
        return True
