"""Frames of level2 and its batches cut to the best levels: what a client sees of them."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
import zstandard

from feedrec.feeds import find_feed

from ...shared import SHARED

FEED = find_feed("coinbase-exchange")
_CAPTURE = SHARED / "samples" / "exchange_2021-04-17.frames.jsonl.zst"


def text(kind: str, **fields: Any) -> bytes:
    return json.dumps({"type": kind, "product_id": "A-B", **fields}, separators=(",", ":")).encode()


def trimmed(*payloads: bytes, levels: int = 2) -> list[bytes | None]:
    change = FEED.trimming(levels)
    assert change is not None
    return [change.received(one, FEED.describe(one), in_sequence=True) for one in payloads]


def test_a_snapshot_and_updates_are_cut_in_the_shape_of_the_venue() -> None:
    """Whichever side comes first; an added level comes after the recorded ones, a removal as the venue writes it."""
    bids, asks = [["9.0", "1"], ["8.0", "1"], ["7.0", "1"]], [["10.0", "1"], ["11.0", "1"]]
    recorded = (
        text("snapshot", asks=asks, bids=bids, time="t"),
        text("l2update", changes=[["sell", "9.5", "3"]], time="t1"),
        text("l2update", changes=[["buy", "7.0", "2"]], time="t2"),
        text("l2update", changes=[["buy", "9.0", "0.00"], ["sell", "9.5", "4"]], time="t3"),
        text("l2update", changes=[["buy", "8.5", "2"]], time="t4"),
        text("ticker", sequence=5),
    )
    assert trimmed(*recorded) == [
        text("snapshot", asks=asks, bids=bids[:2], time="t"),
        text("l2update", changes=[["sell", "9.5", "3"], ["sell", "11.0", "0.00000000"]], time="t1"),
        None,
        text("l2update", changes=[["buy", "9.0", "0.00"], ["sell", "9.5", "4"], ["buy", "7.0", "2"]], time="t3"),
        text("l2update", changes=[["buy", "8.5", "2"], ["buy", "7.0", "0.00"]], time="t4"),
        text("ticker", sequence=5),
    ]
    assert trimmed(text("snapshot", bids=bids, asks=[])) == [text("snapshot", bids=bids[:2], asks=[])]
    assert trimmed(text("snapshot", asks=asks, bids=[]), levels=1) == [text("snapshot", asks=asks[:1], bids=[])]


def test_what_is_not_understood_stays_and_is_counted() -> None:
    change = FEED.trimming(2)
    assert change is not None
    odd = (text("l2update", changes=[]), text("snapshot"), text("snapshot", asks=[1], bids=[]))
    for payload in odd:
        assert change.received(payload, FEED.describe(payload), in_sequence=True) == payload
    assert change.missed == len(odd)


def test_of_the_real_capture_a_client_sees_the_best_20_after_each_frame() -> None:
    """Of 3,000 frames; both books are those of a client that parses all of each frame."""
    if not _CAPTURE.exists():
        pytest.skip(f"{_CAPTURE} is not there")
    with _CAPTURE.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        rows = [json.loads(line) for line in islice(io.TextIOWrapper(stream, encoding="utf-8"), 3000)]
    payloads = [row["data"].encode() for row in rows if row["dir"] == "recv"]
    whole: dict[tuple[str, str], dict[Decimal, str]] = {}
    client: dict[tuple[str, str], dict[Decimal, str]] = {}
    updates = 0
    for payload, changed in zip(payloads, trimmed(*payloads, levels=20), strict=True):
        if FEED.describe(payload).channel != "level2":
            assert changed == payload
            continue
        for books, one in ((whole, payload), (client, changed)):
            if one is not None:
                follow(books, json.loads(one))
        product = json.loads(payload)["product_id"]
        for side in ("buy", "sell"):
            book = whole[product, side]
            best = sorted(book, reverse=side == "buy")[:20]
            assert client[product, side] == {key: book[key] for key in best}
            updates += 1
    assert updates > 1000


def follow(books: dict[tuple[str, str], dict[Decimal, str]], frame: dict[str, Any]) -> None:
    changes = frame.get("changes", [])
    if frame["type"] == "snapshot":
        books.update({(frame["product_id"], side): {} for side in ("buy", "sell")})
        changes = [("buy", *level) for level in frame["bids"]] + [("sell", *level) for level in frame["asks"]]
    for side, price, size in changes:
        book = books[frame["product_id"], side]
        book.pop(Decimal(price), None)
        if Decimal(size):
            book[Decimal(price)] = size
