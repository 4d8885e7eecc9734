"""Small recordings for batches, made once."""

from __future__ import annotations

from pathlib import Path

from feedrec.formats import create_recording
from feedrec.model import NANOSECONDS, Frame, Header

BEGIN = 1_793_000_000 * NANOSECONDS
"""When the first of them begins: 2026-10-26T08:53:20Z."""


def small_recording(path: Path, number: int = 0, frames: int = 20, step: int = NANOSECONDS) -> Path:
    """Write a recording of ticker frames, a different one for each number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    begin = BEGIN + number * 86_400 * NANOSECONDS
    header = Header(
        endpoint="coinbase-exchange-direct",
        url="wss://ws-direct.exchange.coinbase.com",
        created=begin,
        software="feedrec tests",
        subscriptions=[{"channels": ["ticker"], "products": ["BTC-USD"]}],
    )
    with create_recording(path, header) as writer:
        for place in range(frames):
            text = b'{"type":"ticker","product_id":"BTC-USD","sequence":%d,"price":"%d","trade_id":%d}'
            writer.write(Frame(begin + place * step, 0, text % (place + 1, 50_000 + number + place, place + 1)))
    return path


def files_below(folder: Path) -> dict[str, bytes]:
    """Give what is in a folder, by name, without what a batch keeps for itself."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_relative_to(folder / ".batch")
    }


def left_in(folder: Path) -> set[str]:
    """Give the names of what a batch keeps for itself."""
    return {path.relative_to(folder / ".batch").as_posix() for path in (folder / ".batch").rglob("*")}
