"""Recordings of books, trades and events, for tests of what a page shows of them."""

from __future__ import annotations

import json
import random
from pathlib import Path

from feedrec.formats.line.codec import encode_event, encode_frame, encode_header
from feedrec.model import Event, Frame, Header, Record, format_time

from ..books.making import START, URL, beat, event, record, second, told

__all__ = ["SECONDS", "lines_of", "record_plain", "record_two", "trade"]

SECONDS = 40
"""How long each recording is."""


def trade(time: float, sequence: int, number: int, product: str = "BTC-USD", conn: int = 0) -> Frame:
    """Make a frame with a trade."""
    one = {
        "trade_id": str(number),
        "product_id": product,
        "price": str(100 + number % 7),
        "size": f"0.{number:04d}",
        "side": "SELL" if number % 2 else "BUY",
        "time": format_time(second(time)),
    }
    payload = {"channel": "market_trades", "sequence_num": sequence, "events": [{"type": "update", "trades": [one]}]}
    return Frame(second(time), conn, json.dumps(payload).encode())


def lines_of(seconds: int, seed: int = 1, start: float = 0.0) -> list[Record]:
    """Make ten frames a second: a book with its changes, trades and heartbeats, and events between them."""
    choose = random.Random(seed)
    lines: list[Record] = [event(start, "open", url=URL)]
    for number in range(seconds * 10):
        time = start + number / 10
        if not number:
            lines.append(told(time, 0, "snapshot", "b99=1 b98=2 b97=3 a101=1 a102=2 a103=3"))
        elif number % 5 == 4:
            lines.append(trade(time, number, number, choose.choice(["BTC-USD", "ETH-USD"])))
        elif number % 10 == 7:
            lines.append(beat(time, number))
        else:
            side, price = choose.choice([("b", 100 - choose.randint(1, 20)), ("a", 100 + choose.randint(1, 20))])
            lines.append(told(time, number, "update", f"{side}{price}={choose.randint(0, 9)}"))
        if number % 97 == 96:
            lines.append(event(time, "pause", backlog=number))
    return lines


def record_two(folder: Path, *, is_cut: bool = False) -> list[Path]:
    """Write two recordings that overlap in time."""
    return [
        record(folder / f"{number}.jsonl.zst", lines_of(SECONDS, number, 0.05 * number), block_size=3000, is_cut=is_cut)
        for number in (1, 2)
    ]


def record_plain(path: Path, lines: list[Record]) -> Path:
    """Write a recording as text, which has no index."""
    encoded = [encode_event(one) if isinstance(one, Event) else encode_frame(one) for one in lines]
    header = encode_header(Header("coinbase-advanced", url=URL, created=START))
    path.write_bytes(b"".join(line + b"\n" for line in [header, *encoded]))
    return path
