"""Replays of recordings whose wall clock was set: the pace, the speed that is reported, and the heartbeats made."""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect

from feedrec.formats import open_recording
from feedrec.model import Event, Frame, Record
from feedrec.replay import ClientResult, ReplayOptions, ReplayServer

from ....set_clocks import DAY, HOUR, SECOND, YEARS, Steps, recorded, wall_at, without_readings, write
from ....shared import SHARED
from ...raw_client import run

CASES = SHARED / "cases"
SUBSCRIBE = '{"type":"subscribe","product_ids":["BTC-USD"],"channels":["ticker","heartbeat"]}'
STEPS: list[Steps] = [{}, {2 * SECOND: -HOUR}, {2 * SECOND: 30 * SECOND}, {-DAY: -YEARS, SECOND: YEARS}]


async def replayed(path: Path, first: str, speed: float, **settings: str) -> tuple[ClientResult, list[str | bytes]]:
    """Return how a replay went, and its messages."""
    results: list[ClientResult] = []
    options = ReplayOptions(port=0, speed=speed, settings=settings)
    async with (
        ReplayServer(path, options, on_client_end=results.append) as server,
        connect(server.url) as client,
    ):
        await client.send(first)
        messages = [message async for message in client]
    return results[0], messages


@pytest.mark.parametrize("steps", STEPS)
def test_a_replay_takes_the_time_that_truly_passed(tmp_path: Path, steps: Steps) -> None:
    """Not an hour, nor no time at all; and the speed that it reports is the one that was asked for."""
    path = write(tmp_path / "a.jsonl", recorded(range(0, 4 * SECOND, SECOND // 5), steps))
    result, messages = run(replayed(path, "{}", 20.0))
    assert len(messages) == 20
    assert result.recorded == 3_800_000_000
    assert result.elapsed >= 190_000_000
    assert 0 < (result.achieved_speed or 0) <= 20


def tickers(steps: Steps, seconds: list[int]) -> list[Record]:
    """Return tickers of an exchange at so many seconds, after a recorder opened its connection."""
    lines: list[Record] = [Event(wall_at(0, steps), 0, "open", {"url": "wss://example.test"})]
    for line in recorded([second * SECOND for second in seconds], steps):
        if isinstance(line, Frame):
            number = json.loads(line.payload)["true"] // SECOND
            ticker = {"type": "ticker", "sequence": number, "product_id": "BTC-USD", "price": "1", "trade_id": number}
            line = Frame(line.time, 0, json.dumps(ticker).encode())  # noqa: PLW2901
        lines.append(line)
    return lines


def heartbeats(path: Path) -> int:
    _, messages = run(replayed(path, SUBSCRIBE, math.inf))
    kinds = Counter(json.loads(message)["type"] for message in messages)
    return kinds["heartbeat"]


@pytest.mark.parametrize("steps", [{4 * SECOND: -HOUR}, {4 * SECOND: 2 * DAY}, {4 * SECOND: -12 * SECOND}, {}])
@pytest.mark.parametrize("has_readings", [True, False])
def test_one_heartbeat_is_made_each_second_whatever_the_clock_says(
    tmp_path: Path, steps: Steps, *, has_readings: bool
) -> None:
    lines = tickers(steps, list(range(1, 9)))
    path = write(tmp_path / "a.jsonl", lines if has_readings else without_readings(lines), "coinbase-exchange")
    missing = 1 if steps and not has_readings else 0  # no time passes from the line before to that after
    assert heartbeats(path) == 7 - missing


def test_none_are_made_over_a_hole(tmp_path: Path) -> None:
    """Afterwards they go on."""
    short = [1, 2, 3, 4, 13, 14, 15]
    assert heartbeats(write(tmp_path / "a.jsonl", tickers({}, short), "coinbase-exchange")) == 14
    long = [1, 2, 3, 4, 40_005, 40_006, 40_007]
    assert heartbeats(write(tmp_path / "b.jsonl", tickers({}, long), "coinbase-exchange")) == 3 + 2


@pytest.mark.parametrize("steps", [{}, {4 * SECOND: -HOUR}, {4 * SECOND: 2 * DAY}])
def test_a_connection_is_closed_after_the_time_that_truly_passed(tmp_path: Path, steps: Steps) -> None:
    """Six tickers come in 5.5 seconds from the first one on, whatever the clock says."""
    path = write(tmp_path / "a.jsonl", tickers(steps, list(range(1, 9))), "coinbase-exchange")
    subscribe = '{"type":"subscribe","product_ids":["BTC-USD"],"channels":["ticker"]}'
    settings = {"close_after": "5500ms", "close_code": "1001"}
    result, messages = run(replayed(path, subscribe, math.inf, **settings))
    assert Counter(json.loads(message)["type"] for message in messages) == {"subscriptions": 1, "ticker": 6}
    assert result.outcome == "disconnected"


async def everything(client: ClientConnection) -> list[str | bytes]:
    return [message async for message in client]


def test_endpoints_that_share_a_timeline_keep_pace_where_both_clocks_were_set(tmp_path: Path) -> None:
    """And a client that joins later gets the rest."""
    exchange = write(tmp_path / "a.jsonl.zst", tickers({4 * SECOND: -HOUR}, list(range(1, 9))), "coinbase-exchange")
    other = write(
        tmp_path / "b.jsonl.zst", recorded(range(0, 8 * SECOND, SECOND), {4 * SECOND: -HOUR}), "coinmarketcap"
    )

    async def scenario() -> list[ClientResult]:
        results: list[ClientResult] = []
        options = ReplayOptions(port=0, speed=20.0, clock="shared", auth="none")
        async with ReplayServer([exchange, other], options, on_client_end=results.append) as server:
            url = server.urls["coinbase-exchange"]
            async with connect(url) as first:
                await first.send(SUBSCRIBE)
                while json.loads(await first.recv())["type"] != "ticker":
                    pass
                async with connect(url) as late:
                    await late.send(SUBSCRIBE)
                    # Both at a time: websockets 13 drops what was not read when the connection closes.
                    assert all(await asyncio.gather(everything(first), everything(late)))
        return results

    late, first = sorted(run(scenario()), key=lambda result: -result.client)
    assert first.outcome == late.outcome == "finished"
    assert first.recorded <= 8 * SECOND
    assert 0 < (first.achieved_speed or 0) <= 20.5
    assert late.recorded <= 8 * SECOND


@pytest.mark.skipif(not (CASES / "01-clock-step-back-pace").is_dir(), reason="the cases are not here")
@pytest.mark.parametrize(
    ("case", "seconds"),
    [
        ("01-clock-step-back-pace/back.jsonl", 3.8),
        ("02-clock-step-forward/forward.jsonl", 3.8),
        ("27-clock-jump-years/boot1970.jsonl", 8.2),
    ],
)
def test_the_cases_that_were_reported_are_paced_right(case: str, seconds: float) -> None:
    result, messages = run(replayed(CASES / case, "{}", 50.0))
    with open_recording(CASES / case) as recording:
        assert len(messages) == sum(isinstance(one, Frame) for one in recording)
    assert abs(result.recorded - seconds * SECOND) < 2 * SECOND
    assert 0 < (result.achieved_speed or 0) <= 50


@pytest.mark.skipif(not (CASES / "28-made-heartbeats-over-hole").is_dir(), reason="the cases are not here")
@pytest.mark.parametrize("case", ["plain", "hole-2d", "back-1h"])
def test_the_cases_that_were_reported_get_their_heartbeats(case: str) -> None:
    assert heartbeats(CASES / "28-made-heartbeats-over-hole" / f"{case}.jsonl") == 7
