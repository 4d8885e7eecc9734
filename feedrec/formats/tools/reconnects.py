"""
The connections of a recording: how many were open at once, and which ones are reconnects.

A connection that is opened while fewer are open than once were takes the place of one that was lost: it is a reconnect.
One that is opened beside all the others is not, as many products may take several connections.

A connection is open from its `open` event to its `close` event. Where the file begins in between, it is open from the
first line that shows it. Where the file was never finished, or goes on in another one, it stays open; where it just
lacks the event, as a file of another tool may, the connection is open to the last line that shows it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

import msgspec

from ...model import Header
from ..facts.file_facts import FileFacts
from ..several.inputs import RunIdentity, run_identity

__all__ = ["Span", "reconnects_by_run", "spans_of"]

Place = tuple[int, int]
"""When a file begins, in nanoseconds, and what comes before what within it."""


_NEVER: Place = 1 << 63, 0


class Span(msgspec.Struct):
    """
    The lines of a file between which a connection was open.

    Attributes:
        conn: Its number.
        begin: Where it was opened, or seen for the first time.
        end: Where it was closed, or seen for the last time; after everything else if it stays open.
        opened: When it was opened, in nanoseconds; None if that is not in the file.

    """

    conn: int
    begin: Place
    end: Place
    opened: int | None = None


def spans_of(facts: FileFacts, shift: int = 0, *, stays_open: bool = False) -> list[Span]:
    """
    Return when the connections of a file were open.

    Args:
        facts: What is known of the file.
        shift: Nanoseconds from the steady times there to those that are to be returned.
        stays_open: Whether the connections that were not closed stay open after it.

    """
    begin = shift + (facts.begin or 0)
    return [
        Span(
            span.conn,
            (begin, span.begin),
            _NEVER if stays_open and not span.is_closed else (begin, span.end),
            None if span.opened is None else span.opened + shift,
        )
        for span in facts.connections
    ]


def reconnects_by_run(files: Iterable[tuple[Header, Sequence[Span]]]) -> dict[RunIdentity | int, list[int]]:
    """
    Return when there were reconnects in each recording, in nanoseconds.

    Args:
        files: Header and connections of each file, in any order; parts of one recording share its connections.

    """
    runs: dict[RunIdentity | int, list[Span]] = {}
    for number, (header, spans) in enumerate(files):
        is_known = bool(header.url and header.created)  # else files that have nothing in common look like parts
        runs.setdefault(run_identity(header) if is_known else number, []).extend(spans)
    return {run: _reconnects(_joined(spans)) for run, spans in runs.items()}


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return each connection once, in the order in which they were opened."""
    joined: list[Span] = []
    latest: dict[int, Span] = {}
    for span in sorted(spans, key=lambda span: span.begin):
        known = latest.get(span.conn)
        if known is not None and span.opened is None:  # it goes on in this file
            known.end = span.end
        else:
            latest[span.conn] = msgspec.structs.replace(span)
            joined.append(latest[span.conn])
    return joined


def _reconnects(spans: Sequence[Span]) -> list[int]:
    times: list[int] = []
    ends: list[Place] = []  # of the connections that are open
    most = 0
    for span in spans:
        while ends and ends[0] < span.begin:
            heapq.heappop(ends)
        heapq.heappush(ends, span.end)
        if len(ends) > most:
            most = len(ends)
        elif span.opened is not None:
            times.append(span.opened)
    return times
