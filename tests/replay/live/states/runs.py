"""Runs of a made-up market, for tests of what knows its state."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from hypothesis import strategies as st

from feedrec.feeds import find_feed, rule_of, venue_of
from feedrec.feeds.venue import Key, VenueFeed
from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.model import NANOSECONDS, Event, Frame, Header, Record
from feedrec.replay.live.states.run_state import RunState

__all__ = ["ENDPOINT", "KEYS", "START", "exchange", "known", "lines_of", "records", "run_header", "write"]

START = 1_786_309_548 * NANOSECONDS

ENDPOINT = "coinbase-exchange"
KEYS = [(channel, product) for channel in ("level2", "ticker", "matches", "heartbeat") for product in ("A", "B", "C")]


def exchange() -> VenueFeed:
    """Return the feed of these runs."""
    found = venue_of(ENDPOINT)
    assert found is not None
    return found


def known(state: RunState, keys: Sequence[Key] = KEYS) -> dict[Key, bytes | None]:
    """Return all that a state knows of some keys."""
    return {key: state.snapshot(key, START) for key in keys}


def run_header(part: int | None = None) -> Header:
    """Return the header of a run, or of a file of one in several."""
    extra = {} if part is None else {"part": part}
    return Header(ENDPOINT, "wss://venue.example", START, "feedrec 0", extra=extra)


def lines_of(run: Sequence[Record]) -> list[bytes]:
    """Return the lines of records."""
    return [encode_event(one) if isinstance(one, Event) else encode_frame(one) for one in run]


def write(path: Path, run: Sequence[Record], part: int | None = None) -> Path:
    """Write a finished file of a run, as a recorder does."""
    feed = find_feed(ENDPOINT)
    describe = feed.describe
    with create_recording(path, run_header(part), make_rule=rule_of(feed)) as writer:
        for one in run:
            if isinstance(one, Frame) and one.direction == "in" and not one.binary:
                writer.write(one, describe(one.payload))
            else:
                writer.write(one)
    return path


def _message(kind: str, product: str, number: int) -> dict[str, object]:
    price, time = f"{100 + number % 7}.00", "2026-08-09T21:05:48.000000Z"
    match kind:
        case "snapshot":
            levels = {"bids": [[price, "1"]], "asks": [["200.00", f"{number}"]]}
            return {"type": kind, "product_id": product, **levels, "time": time}
        case "l2update":
            changes = [["buy", price, f"{number % 3}"], ["sell", f"{200 + number % 5}.00", "2"]]
            return {"type": kind, "product_id": product, "changes": changes, "time": time}
        case "heartbeat":
            return {"type": kind, "product_id": product, "sequence": number, "last_trade_id": number, "time": time}
        case _:
            return {
                "type": kind,
                "sequence": number,
                "product_id": product,
                "price": price,
                "trade_id": number,
                "time": time,
            }


_KINDS = ["snapshot", *["l2update"] * 4, "ticker", "match", "heartbeat"]


@st.composite
def records(draw: st.DrawFn, most: int = 40, *, replaces: bool = True) -> list[Record]:
    """Draw a run: books and trades over connections that may replace each other, a clock that is set, gaps."""
    run: list[Record] = [Event(START, 0, "open", {})]
    time, conns, latest = START, [0], 0
    for number in range(1, draw(st.integers(0, most))):
        time += draw(st.sampled_from([1, 1_000_000, NANOSECONDS, 90 * NANOSECONDS]))
        conn = draw(st.sampled_from(conns))
        what = draw(st.integers(0, 20))
        if what == 0:
            latest += 1
            details = draw(st.sampled_from([{}, {"replaces": conns[-1]} if replaces else {}]))
            run.append(Event(time, latest, "open", details))
            conns = [*conns[-1:], latest]
        elif what == 1 and len(conns) > 1:
            run.append(Event(time, conns[0], "close", {"code": 1000}))
            conns = conns[1:]
        elif what == 2:
            time += draw(st.sampled_from([-5, 5])) * NANOSECONDS
            run.append(Event(time, conn, "clock", {"steady": time - START}))
        elif what == 3:
            run.append(Event(time, conn, "gap", {"product": "A", "expected": 1, "received": 3}))
        elif what == 4:
            run.append(Frame(time, conn, b'{"type":"subscribe"}', "out"))
        elif what == 5:
            run.append(Frame(time, conn, b"\x00", binary=True))
        else:
            kind, product = draw(st.sampled_from(_KINDS)), draw(st.sampled_from("ABC"))
            payload = json.dumps(_message(kind, product, number), separators=(",", ":")).encode()
            run.append(Frame(time, conn, payload))
    return run
