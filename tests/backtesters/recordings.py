"""
Recordings as they come from lines of JSON, with the time at which each was received: real captures, and one made here.

Both ways, into a recording and out of it, go by the command line.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..cli.command import feedrec
from ..export.captures import CAPTURES, captured

__all__ = ["NAMES", "Recorded", "record"]

NAMES = [*CAPTURES, "made"]
"""What there is: captures, by the name of their endpoint."""

_MADE = "coinbase-exchange"


class Recorded(NamedTuple):
    """
    A recording.

    Attributes:
        path: The file.
        endpoint: Where it was recorded.
        received: When each frame was received, in nanoseconds, and the frame.

    """

    path: Path
    endpoint: str
    received: list[tuple[int, bytes]]


def record(name: str, folder: Path) -> Recorded:
    """Convert a capture, or what is made here; skip the test if it is not there."""
    if name == "made":
        rows = list(_made_rows(random.Random(17)))
        source, endpoint = folder / "made.jsonl", _MADE
        source.write_text("".join(json.dumps(row) + "\n" for row in rows))
        received = [(round(row["ts"] * 1_000_000) * 1_000, row["data"].encode()) for row in rows]
    else:
        received = list(captured(name))
        source, endpoint = CAPTURES[name], name
    path = folder / "recorded.jsonl.zst"
    fields = ("--time-field", "ts", "--payload-field", "data", "--direction-field", "dir")
    done = feedrec("convert", source, "--input-format", "jsonl", *fields, "--endpoint", endpoint, "-o", path)
    assert done.returncode == 0, done.stderr.decode()
    return Recorded(path, endpoint, received)


_START = 1_786_316_400  # 2026-08-09T23:00:00Z
_FRAMES = 4000


def _made_rows(chance: random.Random) -> Iterator[dict[str, Any]]:
    """
    Yield lines of Coinbase Exchange, from the hour before midnight to the hour after it.

    Two snapshots, changes and trades, each received between 1 and 40 ms after it took place.
    """

    def line(time: float, latency: float, frame: dict[str, Any]) -> dict[str, Any]:
        moment = dt.datetime.fromtimestamp(time, dt.UTC).isoformat(timespec="microseconds")
        said = json.dumps({**frame, "product_id": "ABC-USD", "time": moment.replace("+00:00", "Z")})
        return {"ts": round(time + latency, 6), "dir": "recv", "data": said}

    rows = [line(_START, 0.005, _made_snapshot()), line(_START + 1800, 0.005, _made_snapshot())]
    for number in range(1, _FRAMES):
        time = _START + number * 7200 / _FRAMES
        side, price = chance.choice([("buy", 100.0 - chance.randrange(30)), ("sell", 101.0 + chance.randrange(30))])
        change = [side, f"{price:.2f}", chance.choice(["0.00000000", f"{chance.uniform(0.01, 5):.8f}"])]
        rows.append(line(time, chance.uniform(0.001, 0.04), {"type": "l2update", "changes": [change]}))
        if number % 7 == 0:  # at the same time as the change, and received before it or after it
            trade = {
                "type": "match",
                "trade_id": number // 7,
                "sequence": number,
                "side": chance.choice(["buy", "sell"]),
            }
            trade |= {"size": "0.5", "price": "100.00", "maker_order_id": "m", "taker_order_id": "t"}
            rows.append(line(time, chance.uniform(0.001, 0.04), trade))
    return iter(sorted(rows, key=lambda row: row["ts"]))


def _made_snapshot() -> dict[str, Any]:
    bids = [[f"{100 - step:.2f}", "1.5"] for step in range(25)]
    return {"type": "snapshot", "bids": bids, "asks": [[f"{101 + step:.2f}", "2.5"] for step in range(25)]}
