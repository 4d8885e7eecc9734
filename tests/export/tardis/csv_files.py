"""What others do with the CSV: read its rows, and rebuild books by the rules of docs.tardis.dev."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from ..captures import Book

Level = tuple[Decimal, Decimal]
"""Price and amount."""


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file, all of which have a cell for each column."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("ascii")
    assert "\r" not in text
    assert text.endswith("\n")
    rows = list(csv.DictReader(text.splitlines(), strict=True))
    assert not any(None in row or None in row.values() for row in rows)
    return rows


def rebuilt(rows: list[dict[str, str]]) -> Iterator[tuple[int, Book]]:
    """Yield the book after each frame, with the time at which that was received, in microseconds; it is reused."""
    bids: dict[Decimal, Decimal] = {}
    asks: dict[Decimal, Decimal] = {}
    was_snapshot = False
    for number, row in enumerate(rows):
        is_snapshot = row["is_snapshot"] == "true"
        if is_snapshot and not was_snapshot:
            bids.clear()
            asks.clear()
        was_snapshot = is_snapshot
        side = {"bid": bids, "ask": asks}[row["side"]]
        if Decimal(row["amount"]):
            side[Decimal(row["price"])] = Decimal(row["amount"])
        else:
            side.pop(Decimal(row["price"]), None)
        if number + 1 == len(rows) or rows[number + 1]["local_timestamp"] != row["local_timestamp"]:
            yield int(row["local_timestamp"]), (bids, asks)


def best(book: Book, levels: int) -> tuple[list[Level], list[Level]]:
    """Return the best asks and bids, the best first."""
    bids, asks = book
    return sorted(asks.items())[:levels], sorted(bids.items(), reverse=True)[:levels]


def levels_of(row: dict[str, str]) -> tuple[list[Level], list[Level]]:
    """Return asks and bids of a row of `book_snapshot_25`."""
    asks, bids = (
        [
            (Decimal(row[f"{side}[{place}].price"]), Decimal(row[f"{side}[{place}].amount"]))
            for place in range(25)
            if row[f"{side}[{place}].price"]
        ]
        for side in ("asks", "bids")
    )
    return asks, bids
