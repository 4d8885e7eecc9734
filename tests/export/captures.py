"""The real captures, as recordings whose receive times are those of the captures."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import zstandard

from feedrec.export.market_export import MarketExport, export_market
from feedrec.export.market_sink import MarketSink
from feedrec.feeds import feed_of
from feedrec.formats import create_recording, open_recording
from feedrec.formats.several.inputs import inspect_recording
from feedrec.model import Frame, Header

_SAMPLES = Path(__file__).parents[3] / "shared" / "samples"

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
