"""Frames that a replay makes, among recorded ones, through real sockets."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from feedrec.feeds.coinbase_advanced.frames import own_time
from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_frame
from feedrec.model import NANOSECONDS, Frame, Header, format_time
from feedrec.replay import ReplayOptions, ReplayServer

from ..timing import HANG_TIMEOUT

START = 1_786_309_548_300_000_000
MILLISECOND = 1_000_000
WAYS = [40, 95, 20, 60, 110, 25]  # milliseconds that frames are on their way


def recording(path: Path, ahead: int) -> Path:
    """Write seven seconds of tickers, whose venue's clock is so far ahead; they have a client_id."""
    writer = create_recording(path, Header("coinbase-advanced", created=START))
    time = 0
    for number, way in enumerate(itertools.islice(itertools.cycle(WAYS), 200)):
        sent = START + number * 35 * MILLISECOND
        time = max(time, sent + way * MILLISECOND)
        event = {"type": "update" if number else "snapshot", "tickers": [{"product_id": "BTC-USD", "price": number}]}
        stamp = format_time(sent + ahead)
        fields = {"channel": "ticker", "client_id": "", "timestamp": stamp, "sequence_num": number, "events": [event]}
        writer.write_line(encode_frame(Frame(time, 0, json.dumps(fields).encode())))
    return writer.finish()


@pytest.mark.parametrize("ahead", [0, -3600 * NANOSECONDS, 90 * NANOSECONDS])
@pytest.mark.parametrize("start", [None, START + 3 * NANOSECONDS])
def test_made_frames_fit_between_the_recorded_ones(tmp_path: Path, ahead: int, start: int | None) -> None:
    """An ack, heartbeats, and with a late start a snapshot: stamped in order, with the keys that recorded ones have."""
    path = recording(tmp_path / "a.jsonl.zst", ahead)

    async def visit() -> list[bytes]:
        options = ReplayOptions(port=0, speed=math.inf, settle=0.02, start=start)
        async with ReplayServer(path, options) as server, connect(server.url) as client:
            for channel in ("ticker", "heartbeats"):
                request = {"type": "subscribe", "channel": channel, "product_ids": ["BTC-USD"]}
                await client.send(json.dumps(request))
            return [str(message).encode() async for message in client]

    messages = asyncio.run(asyncio.wait_for(visit(), HANG_TIMEOUT))
    stamps = [own_time(message) or 0 for message in messages]
    assert stamps == sorted(stamps)
    frames = [json.loads(message) for message in messages]
    assert {tuple(frame) for frame in frames} == {("channel", "client_id", "timestamp", "sequence_num", "events")}
    beats = [frame["events"][0]["heartbeat_counter"] for frame in frames if frame["channel"] == "heartbeats"]
    assert beats == list(range(beats[0], beats[0] + len(beats)))
    assert len(beats) >= 3
    assert sum(frame["channel"] == "subscriptions" for frame in frames) == 2
    assert stamps[0] - START - ahead < (NANOSECONDS if start is None else 4 * NANOSECONDS)
