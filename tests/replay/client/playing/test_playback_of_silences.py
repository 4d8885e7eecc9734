"""Silences that are cut short, in a time that passes only while the playing sleeps; and the heartbeats made in them."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_frame
from feedrec.model import NANOSECONDS, Frame, Header
from feedrec.replay import ReplayOptions, ReplayServer
from feedrec.replay.clock.schedule import Schedule
from feedrec.replay.clock.silences import Silences
from feedrec.replay.clock.time_types import Monotonic, RecordedSteady

from ...clocks import MILLISECOND
from ...raw_client import run
from ...recordings import START
from .test_playback import Stage, batch_of

SUBSCRIBE = '{"type":"subscribe","product_ids":["BTC-USD"],"channels":["ticker","heartbeat"]}'


def schedule_of(speed: float, longest: int) -> Schedule:
    silences = Silences(longest * MILLISECOND)
    silences.read_from(RecordedSteady(START))
    return Schedule(RecordedSteady(START), Monotonic(0), speed, silences)


@pytest.mark.parametrize("speed", [1.0, 10.0])
def test_what_follows_a_silence_comes_when_the_longest_is_over(speed: float) -> None:
    """Within a batch, and from one to the next; nothing is late because of it."""
    stage = Stage(speed)
    stage.playback._schedule.silences.longest = 100 * MILLISECOND  # of a client with a time of its own
    stage.play(batch_of([0, 20, 5000, 5020]), batch_of([9000, 9100]))
    writes = [(round(written * speed) // MILLISECOND, data[2:]) for written, data in stage.writes]
    due = {b"0": 0, b"20": 20, b"5000": 120, b"5020": 140, b"9000": 240, b"9100": 340}
    assert [data for _, data in writes] == list(due)
    assert all(0 <= written - due[data] <= 1 for written, data in writes)
    handed = stage.playback.handed
    assert handed.recorded == 340 * MILLISECOND
    assert handed.lateness.max < MILLISECOND


def test_each_lap_has_its_silences_once_more() -> None:
    stage = Stage(1.0)
    stage.playback._schedule.silences.longest = 100 * MILLISECOND
    stage.play(batch_of([0, 5000]), batch_of([0, 5000], lap=1))
    assert [written // MILLISECOND for written, _ in stage.writes] == [0, 100, 100, 200]
    assert stage.playback.handed.recorded == 200 * MILLISECOND


def recorded(path: Path, seconds: list[int]) -> Path:
    """Write tickers of an exchange at these seconds."""
    writer = create_recording(path, Header("coinbase-exchange", created=START))
    for number, second in enumerate(seconds):
        ticker = {"type": "ticker", "sequence": number, "product_id": "BTC-USD", "price": "1", "trade_id": number}
        writer.write_line(encode_frame(Frame(START + second * NANOSECONDS, 0, json.dumps(ticker).encode())))
    return writer.finish()


@pytest.mark.parametrize(("longest", "expected"), [(None, 14), (9.0, 14), (3.5, 9), (1.0, 7)])
def test_no_heartbeats_are_made_of_what_takes_no_time(tmp_path: Path, longest: float | None, expected: int) -> None:
    """From second 4 to 13 there is no frame: those at 5, 6 and 7 come, and that of 13, but no other."""
    path = recorded(tmp_path / "a.jsonl", [1, 2, 3, 4, 13, 14, 15])

    async def scenario() -> list[str]:
        options = ReplayOptions(port=0, speed=math.inf, max_gap=longest)
        async with ReplayServer(path, options) as server, connect(server.url) as client:
            await client.send(SUBSCRIBE)
            return [str(message) async for message in client]

    beats = [message for message in run(scenario()) if '"heartbeat"' in message and "last_trade_id" in message]
    times = Counter(json.loads(beat)["time"] for beat in beats)
    assert max(times.values(), default=1) == 1
    assert len(beats) == expected
