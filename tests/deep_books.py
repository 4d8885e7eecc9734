"""Recordings of a book that are long enough for checkpoints: more than 64 MiB of text, most of it padding."""

from __future__ import annotations

from pathlib import Path

import msgspec

from feedrec.feeds import feed_of, rule_of, venue_of
from feedrec.feeds.state.dumped_state import DumpRules, dump_rules
from feedrec.formats import create_recording
from feedrec.model import NANOSECONDS, Frame, Header

BEGIN = 1_795_280_400 * NANOSECONDS
KEY = ("level2", "BTC-USD")
_STEP = 10_000_000

HEADER = Header(
    "coinbase-advanced",
    "wss://advanced-trade-ws.coinbase.com",
    BEGIN,
    "feedrec",
    [{"channel": "level2", "products": ["BTC-USD"]}],
)


def rules() -> DumpRules:
    found = dump_rules(venue_of("coinbase-advanced"))
    assert found is not None
    return found


def book_frame(number: int, kind: str = "", pad: int = 1_000_000) -> Frame:
    """Return a frame of level2, the first one a snapshot, whose levels depend on its number."""
    levels = ",".join(
        f'{{"side":"{side}","event_time":"T{number}","price_level":"{price}","new_quantity":"{number * price % 7}"}}'
        for side, start in (("bid", 100), ("offer", 200))
        for price in range(start + number % 50, start + number % 50 + 20)
    )
    payload = (
        f'{{"channel":"l2_data","client_id":"","timestamp":"2026-11-21T17:00:00Z","sequence_num":{number},"pad":'
        f'"{"x" * pad}","events":[{{"type":"{kind or ("update" if number else "snapshot")}","product_id":"BTC-USD",'
        f'"updates":[{levels}]}}]}}'
    )
    return Frame(BEGIN + number * _STEP, 0, payload.encode())


def deep_recording(path: Path, frames: int = 90, *, first: int = 0, part: int | None = None) -> Path:
    """Write frames of a megabyte each; 90 have one checkpoint, after the 67th or so."""
    feed = feed_of("coinbase-advanced")
    assert feed is not None
    header = msgspec.structs.replace(HEADER, extra={} if part is None else {"part": part})
    writer = create_recording(path, header, make_rule=rule_of(feed))
    for number in range(first, first + frames):
        frame = book_frame(number)
        writer.write(frame, feed.describe(frame.payload), block=True)
    writer.finish()
    return path


def book_after(frames: int) -> bytes:
    """Return what is written down of the book after so many frames, taken one by one."""
    state = rules().make([KEY])
    assert state is not None
    for number in range(frames):
        frame = book_frame(number, pad=0)
        state.apply(rules().describe(frame.payload), frame.payload)
    dumped = state.dump(*KEY)
    assert dumped is not None
    return dumped
