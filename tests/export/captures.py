"""The real captures, as recordings whose receive times are those of the captures."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import zstandard

from feedrec.export.market_export import MarketExport, export_market
from feedrec.export.market_sink import MarketSink
from feedrec.feeds import feed_of
from feedrec.formats import create_recording, open_recording
from feedrec.formats.several.inputs import inspect_recording
from feedrec.model import Frame, Header

from ..shared import SHARED

_SAMPLES = SHARED / "samples"

CAPTURES = {
    "coinbase-advanced": _SAMPLES / "advanced_2026-08-09.frames.jsonl.zst",
    "coinbase-exchange": _SAMPLES / "exchange_2021-04-17.frames.jsonl.zst",
}
"""By the name of the endpoint."""


def captured(endpoint: str) -> Iterator[tuple[int, bytes]]:
    """Yield the frames that the venue sent, each with the time at which it was received, in nanoseconds."""
    path = CAPTURES[endpoint]
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        for row in map(json.loads, io.TextIOWrapper(stream, encoding="utf-8")):
            if row["dir"] == "recv":
                yield round(row["ts"] * 1_000_000) * 1_000, row["data"].encode()


def record_capture(path: Path, endpoint: str) -> Path:
    """Write a recording of a capture."""
    feed = feed_of(endpoint)
    assert feed is not None
    frames = list(captured(endpoint))
    writer = create_recording(path, Header(endpoint, "wss://x", frames[0][0], "test"))
    for time, payload in frames:
        writer.write(Frame(time, 0, payload), feed.describe(payload))
    writer.finish()
    return path


def export(path: Path, begin: Callable[[str], MarketSink]) -> MarketExport:
    """Export a recording by what begins a sink, given the name of the exchange."""
    return export_market([inspect_recording(partial(open_recording, path))], begin)


# What follows reads the venue's payloads by itself.

Book = tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]
"""Sizes by price: of bids, and of asks."""


def _advanced_books(payload: dict[str, Any]) -> Iterator[tuple[str, bool, list[list[str]]]]:
    if payload.get("channel") == "l2_data":
        for event in payload["events"]:
            levels = [[one["side"][0], one["price_level"], one["new_quantity"]] for one in event["updates"]]
            yield event["product_id"], event["type"] == "snapshot", levels


def _exchange_books(payload: dict[str, Any]) -> Iterator[tuple[str, bool, list[list[str]]]]:
    if payload.get("type") == "snapshot":
        levels = [["b", *level] for level in payload["bids"]] + [["o", *level] for level in payload["asks"]]
        yield payload["product_id"], True, levels
    elif payload.get("type") == "l2update":
        changes = [["b" if side == "buy" else "o", price, size] for side, price, size in payload["changes"]]
        yield payload["product_id"], False, changes


def _advanced_trades(payload: dict[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    if payload.get("channel") == "market_trades":
        for event in payload["events"]:
            for one in event["trades"] if event["type"] == "update" else ():
                side = {"BUY": "sell", "SELL": "buy"}[one["side"]]  # that of the maker
                yield one["product_id"], one["trade_id"], side, one["price"], one["size"]


def _exchange_trades(payload: dict[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    if payload.get("type") == "match":
        side = {"buy": "sell", "sell": "buy"}[payload["side"]]
        yield payload["product_id"], str(payload["trade_id"]), side, payload["price"], payload["size"]


_ORACLES = {
    "coinbase-advanced": (_advanced_books, _advanced_trades),
    "coinbase-exchange": (_exchange_books, _exchange_trades),
}


def own_books(endpoint: str) -> Iterator[tuple[str, int, Book]]:
    """Yield the book after each frame, with product and time, as the payloads have it."""
    books: defaultdict[str, Book] = defaultdict(lambda: ({}, {}))
    for time, text in captured(endpoint):
        for product, is_snapshot, levels in books_in(endpoint, text):
            if is_snapshot:
                books[product] = ({}, {})
            for side, price, size in levels:
                of_side = books[product]["bo".index(side)]
                if Decimal(size):
                    of_side[Decimal(price)] = Decimal(size)
                else:
                    of_side.pop(Decimal(price), None)
            yield product, time, books[product]


def books_in(endpoint: str, text: bytes) -> Iterator[tuple[str, bool, list[list[str]]]]:
    """
    Yield what a frame says of books: product, whether it is a snapshot, and levels.

    A level is its side, `b` for a bid and `o` for an ask, its price and its size.
    """
    return _ORACLES[endpoint][0](json.loads(text))


def trades_in(endpoint: str, text: bytes) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield product, number, side of the taker, price and size of each trade in a frame, but not in a snapshot."""
    return _ORACLES[endpoint][1](json.loads(text))
