"""A recording in which much happens: the demo, with a gap, a connection that is lost, one refused, and hostile text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from feedrec.feeds import feed_of
from feedrec.formats import create_recording, open_recording
from feedrec.model import NANOSECONDS, Event, Frame, Record

from ..cli.command import DEMO

__all__ = ["GAP", "HOSTILE", "LOST", "REOPENED", "SECONDS", "write_eventful"]

SAID, GAP, LOST, REFUSED, REOPENED = 4, 8, 16, 17, 18
"""When it happens, in seconds from where the recording was begun. There is no frame between `LOST` and `REOPENED`."""

SECONDS = 30
"""How long it is, about."""

HOSTILE = "<img src=x onerror=alert(1)>\x1b[2J\u202etxt.exe</pre><script>alert(2)</script>"


def write_eventful(path: Path, source: Path = DEMO, stretch: int = 1) -> Path:
    """
    Write it; the second connection begins with the books as they are by then.

    Args:
        path: Where.
        source: What is in it beside.
        stretch: How many times as late everything happens.

    """
    with open_recording(source) as demo:
        header, records = demo.header, list(demo)
    feed = feed_of(header.endpoint)
    assert feed is not None
    start = header.created
    before = [record for record in records if record.time < start + LOST * stretch * NANOSECONDS]
    after = [record for record in records if record.time >= start + REOPENED * stretch * NANOSECONDS]
    again = [msgspec.structs.replace(record, conn=1) for record in after]
    all_of_it = [*before, *_happening(start, stretch), *_snapshots(records, after), *again]
    writer = create_recording(path, header)
    for record in sorted(all_of_it, key=lambda one: one.time):
        writer.write(record, feed.describe(record.payload) if isinstance(record, Frame) else None)
    writer.finish()
    return path


def _happening(start: int, stretch: int) -> Iterator[Record]:
    def at(second: int) -> int:
        return start + second * stretch * NANOSECONDS

    said = {"channel": "status", "events": [{"type": "update", "products": [{"id": HOSTILE}]}]}
    yield Frame(at(SAID), 0, json.dumps(said, ensure_ascii=False).encode())
    gap = {"expected": 41, "received": 44, "missing": 3, "channel": "level2", "product": "ETH-USD"}
    yield Event(at(GAP), 0, "gap", gap)
    yield Event(at(LOST), 0, "close", {"code": 1006, "reason": HOSTILE})
    yield Event(at(REFUSED), 1, "refused", {"url": "wss://x", "status": 429, "retry_after": 1.0, "error": HOSTILE})
    yield Event(at(REOPENED), 1, "open", {"url": "wss://x"})


def _snapshots(records: list[Record], after: list[Record]) -> Iterator[Frame]:
    """Yield the books before some records, as the venue would send them on a new connection."""
    levels: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    following = next(record for record in after if isinstance(record, Frame))
    for record in records:
        if record.time < following.time and isinstance(record, Frame) and b'"l2_data"' in record.payload:
            for event in json.loads(record.payload)["events"]:
                book = levels.setdefault(event["product_id"], {})
                book.update({(level["side"], level["price_level"]): level for level in event["updates"]})
    number = json.loads(following.payload)["sequence_num"] - len(levels)
    for place, (product, book) in enumerate(levels.items()):
        kept = [level for level in book.values() if level["new_quantity"] != "0"]
        event = {"type": "snapshot", "product_id": product, "updates": kept}
        frame = {"channel": "l2_data", "timestamp": "", "sequence_num": number + place, "events": [event]}
        yield Frame(following.time - 1000 + place, 1, json.dumps(frame).encode())
