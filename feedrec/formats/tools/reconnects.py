"""
The connections of a recording: how many were open at once, and which ones are reconnects.

A connection that is opened while fewer are open than once were takes the place of one that was lost: it is a reconnect.
One that is opened beside all the others is not, as many products may take several connections.

A connection is open from its `open` event to its `close` event. Where the file begins in between, it is open from the
first line that shows it. Where the file was never finished, or goes on in another one, it stays open; where it just
lacks the event, as a file of another tool may, the connection is open to the last line that shows it.

A connection that has taken the place of one that was closed for that goes on as that one. If the old one was lost
before that, it is a reconnect; if the new one ended first, or together with the old one, it does not count.
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

_CLOSED_TOGETHER = 4  # events from one closing to the next, with no more than a last word in between


class Span(msgspec.Struct):
    """
    The lines of a file between which a connection was open.

    Attributes:
        conn: Its number.
        begin: Where it was opened, or seen for the first time.
        end: Where it was closed, or seen for the last time; after everything else if it stays open.
        opened: When it was opened, in nanoseconds; None if that is not in the file.
        replaces: Number of the connection whose place it was to take; None for none.
        has_replaced: Whether it has.

    """

    conn: int
    begin: Place
    end: Place
    opened: int | None = None
    replaces: int | None = None
    has_replaced: bool = False


def spans_of(facts: FileFacts, shift: int = 0, *, stays_open: bool = False) -> list[Span]:
    """
    Return when the connections of a file were open.

    Args:
        facts: What is known of the file.
        shift: Nanoseconds from the steady times there to those that are to be returned.
        stays_open: Whether the connections that were not closed stay open after it.

    """
    begin = shift + (facts.begin or 0)
    found = {one.conn: (one.replaces, one.is_done) for one in facts.replacements}
    return [
        Span(
            span.conn,
            (begin, span.begin),
            _NEVER if stays_open and not span.is_closed else (begin, span.end),
            None if span.opened is None else span.opened + shift,
            *found.get(span.conn, (None, False)),
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
    return {run: _reconnects(_one_at_a_time(_joined(spans))) for run, spans in runs.items()}


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return each connection once, in the order in which they were opened."""
    joined: list[Span] = []
    latest: dict[int, Span] = {}
    for span in sorted(spans, key=lambda span: span.begin):
        known = latest.get(span.conn)
        if known is not None and span.opened is None:  # it goes on in this file
            known.end = span.end
            known.replaces = span.replaces if known.replaces is None else known.replaces
            known.has_replaced |= span.has_replaced
        else:
            latest[span.conn] = msgspec.structs.replace(span)
            joined.append(latest[span.conn])
    return joined


def _one_at_a_time(spans: Sequence[Span]) -> list[Span]:
    """Return connections without those that were to take the place of another one while that was open."""
    kept: list[Span] = []
    places: dict[int, Span] = {}  # by the connections that have them
    for span in spans:
        old = None if span.replaces is None else places.get(span.replaces)
        if old is not None and span.has_replaced:
            old.end = max(old.end, span.end)
            places[span.conn] = old
            continue
        if old is not None:
            if span.end <= (old.end[0], old.end[1] + _CLOSED_TOGETHER) or old.end == _NEVER:
                continue
            span.begin = (old.end[0], old.end[1] + 1)
        kept.append(span)
        places[span.conn] = span
    return sorted(kept, key=lambda span: span.begin)


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
