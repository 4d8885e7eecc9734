"""Recordings of books, for tests of what they were at any moment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from feedrec.feeds import rule_of, venue_of
from feedrec.formats.line.codec import encode_event, encode_frame, encode_header
from feedrec.formats.line.index_marks import LineMarks
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import NANOSECONDS, Event, Frame, Header, Record

START = 1_795_280_400 * NANOSECONDS
URL = "wss://advanced.example.test"

Levels = dict[tuple[str, Decimal], str]
"""The size at each side and price."""


def second(number: float) -> int:
    """Return the time so many seconds after the start."""
    return START + round(number * NANOSECONDS)


def told(time: float, sequence: int, kind: str, levels: str, product: str = "BTC-USD", conn: int = 0) -> Frame:
    """
    Make a frame of the book.

    Args:
        time: Seconds after the start.
        sequence: The number of the frame in its connection.
        kind: `snapshot` or `update`.
        levels: Such as `b99=1 a101=2`: side, price, size.
        product: The product.
        conn: The connection.

    """
    updates = [
        {
            "side": "bid" if one[0] == "b" else "offer",
            "event_time": f"T{sequence}",
            "price_level": one[1:].partition("=")[0],
            "new_quantity": one.partition("=")[2],
        }
        for one in levels.split()
    ]
    event = {"type": kind, "product_id": product, "updates": updates}
    payload = {"channel": "l2_data", "sequence_num": sequence, "events": [event]}
    return Frame(second(time), conn, json.dumps(payload).encode())


def beat(time: float, sequence: int, conn: int = 0) -> Frame:
    """Make a frame that tells nothing of a book."""
    payload = {"channel": "heartbeats", "sequence_num": sequence, "events": [{"heartbeat_counter": sequence}]}
    return Frame(second(time), conn, json.dumps(payload).encode())


def event(time: float, name: str, conn: int = 0, **details: Any) -> Event:
    """Make an event."""
    return Event(second(time), conn, name, details)


def record(
    path: Path,
    records: Sequence[Record],
    *,
    endpoint: str = "coinbase-advanced",
    block_size: int = 400,
    is_cut: bool = False,
    created: int = START,
    subscriptions: Sequence[dict[str, Any]] = (),
    **extra: Any,
) -> Path:
    """
    Write a recording in blocks of a few lines, as a recorder does.

    Args:
        path: Where to.
        records: Its lines.
        endpoint: Whose it is.
        block_size: Bytes of text in a block, about.
        is_cut: Whether it has no index.
        created: When it was begun.
        subscriptions: What was asked for.
        extra: Further keys of its header.

    """
    feed = venue_of(endpoint)
    lines = [encode_event(one) if isinstance(one, Event) else encode_frame(one) for one in records]
    encoder = BlockEncoder(block_size=block_size, make_rule=rule_of(feed))
    header = Header(endpoint, url=URL, created=created, subscriptions=list(subscriptions), extra=extra)
    data = encoder.begin(encode_header(header))
    marks = LineMarks(feed.describe).of(lines) if feed is not None else []
    data += encoder.add(lines, marks)
    path.write_bytes(data + (encoder.flush() if is_cut else encoder.finish()))
    return path


def best(levels: Levels) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the bids and the asks of a book that is a plain dict, as `BookAt` has them but for zeros at the end."""
    sides = []
    for name in ("bid", "ask"):
        found = sorted((price for side, price in levels if side == name), reverse=name == "bid")
        sides.append([(plain(str(price)), levels[name, price]) for price in found])
    return sides[0], sides[1]


def plain(price: str) -> str:
    """Return a price in one spelling, whatever the venue's."""
    return f"{Decimal(price).normalize():f}"
