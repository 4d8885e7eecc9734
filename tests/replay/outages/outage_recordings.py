"""Recordings of connections that come and go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from feedrec.feeds import find_feed, rule_of
from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_event, encode_received
from feedrec.model import NANOSECONDS, Event, Header
from feedrec.replay.outages.plan import FOREVER, OutagePlan
from feedrec.replay.outages.reading import OutageReading
from feedrec.replay.timeline.timeline import Timeline

ENDPOINT = "coinbase-exchange"
START = 1_786_309_548 * NANOSECONDS

Line = tuple[float, int, str, Any]
"""Seconds from START, connection, and an event with its details, or `frame` with a payload."""


def at(seconds: float) -> int:
    """Return a time so many seconds after the start."""
    return START + round(seconds * NANOSECONDS)


def opened(time: float, conn: int, **details: Any) -> Line:
    return time, conn, "open", details


def closed(time: float, conn: int, code: int = 1006, reason: str = "", **details: Any) -> Line:
    return time, conn, "close", {"code": code, "reason": reason, **details}


def refused(time: float, conn: int, status: int | None = None, **details: Any) -> Line:
    return time, conn, "refused", details if status is None else {"status": status, **details}


def ticker(time: float, conn: int, number: int = 0, size: int = 0) -> Line:
    return (
        time,
        conn,
        "frame",
        b'{"type":"ticker","product_id":"BTC-USD","price":"%d","x":"%s"}' % (number, b"x" * size),
    )


def write(
    path: Path,
    lines: Sequence[Line],
    *,
    endpoint: str = ENDPOINT,
    created: int = START,
    part: int | None = None,
    knows: bool = True,
) -> Path:
    """Write a recording; one that knows its feed has a summary."""
    feed = find_feed(endpoint)
    extra = {} if part is None else {"part": part}
    header = Header(endpoint, "wss://venue.test", created, "feedrec 1", extra=extra)
    writer = create_recording(path, header, make_rule=rule_of(feed) if knows else None)
    for seconds, conn, name, what in lines:
        time = at(seconds)
        if name != "frame":
            writer.write_line(encode_event(Event(time, conn, name, what)), (time, conn, None, 0, True))
            continue
        info = feed.describe(what)
        line = encode_received(time, conn, what, binary=False, parses=info.parses)
        writer.write_line(line, (time, conn, info, len(what), True))
    return writer.finish()


def plan_of(*paths: Path) -> OutagePlan:
    """Return the outages of recordings, all read."""
    reading = OutageReading(Timeline(paths))
    reading.start()
    try:
        while reading.known_until < FOREVER:
            assert reading._thread is not None
            reading._thread.join(0.01)
    finally:
        reading.close()
    return reading.plan
