"""With `max_gap`, a long silence takes no longer than that: for each client alone, or for all endpoints together."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from feedrec.errors import UsageError
from feedrec.replay import ClientResult, ReplayOptions, ReplayServer
from feedrec.replay.venue import endpoints

from ..timing import HANG_TIMEOUT, until
from .fake_venue import MILLISECOND, START, FakeVenue, record
from .raw_client import run

GAP = 0.02
LONG = 1_800_000
"""Milliseconds: of more than an hour, where the clocks were not read, nobody knows how long it took."""

TIMES = [0, 5, LONG, LONG + 5, LONG + 10, 2 * LONG]
PLAYED = 5 + 20 + 5 + 5 + 20
"""Milliseconds that they take: a silence is `GAP`."""


def options(**changes: Any) -> ReplayOptions:
    return ReplayOptions(**{"port": 0, "max_gap": GAP, "settle": 0.0, **changes})


async def all_of(url: str) -> list[str]:
    """Return all messages of a replay that takes no hours, up to a normal close."""
    async with asyncio.timeout(HANG_TIMEOUT), connect(url) as client:
        await client.send("subscribe")
        messages = [str(message) async for message in client]
    assert client.protocol.close_code == 1000
    return messages


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return record(tmp_path / "raw.jsonl.zst", "raw", TIMES)


@pytest.fixture
def two_endpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two endpoints, one of which is silent for an hour, and both together for half of one at most."""
    monkeypatch.setattr(endpoints, "venue_of", {name: FakeVenue(name) for name in ("north", "south")}.get)
    north = record(tmp_path / "north.jsonl.zst", "north", [0, 5, 2 * LONG, 2 * LONG + 1])
    return [north, record(tmp_path / "south.jsonl.zst", "south", [2, LONG, LONG + 3])]


@pytest.mark.parametrize("clock", ["each", "shared"])
def test_a_long_silence_takes_as_long_as_is_wanted(recording: Path, clock: Any) -> None:
    """
    To the nanosecond, and so does the speed that is told: nothing counts as late, or as fast, because of them.

    A shared time begins a moment before the replay of the client whose subscription begins it, so the client's own
    clock says what it took.
    """
    results: list[ClientResult] = []
    took = 0

    async def scenario() -> None:
        nonlocal took
        async with ReplayServer(recording, options(clock=clock), on_client_end=results.append) as server:
            began = time.monotonic_ns()
            assert await all_of(server.url) == [f"raw {moment}" for moment in TIMES]
            took = time.monotonic_ns() - began
            await until(lambda: results)

    run(scenario())
    assert results[0].recorded == PLAYED * MILLISECOND
    assert took >= PLAYED * MILLISECOND
    assert 0 < results[0].elapsed <= took
    assert results[0].lateness is not None
    assert results[0].lateness.max <= results[0].elapsed  # no half hour among them


def test_each_client_begins_with_the_first_frame_and_waits_once_more(recording: Path) -> None:
    async def scenario() -> None:
        async with ReplayServer(recording, options()) as server:
            first = asyncio.create_task(all_of(server.url))
            assert await all_of(server.url) == await first == [f"raw {moment}" for moment in TIMES]
            assert await all_of(server.url) == await first

    run(scenario())


def test_a_silence_is_one_of_all_endpoints_together(two_endpoints: list[Path]) -> None:
    """The one that is silent for longer waits for the other, whose frames it is not sent."""
    results: list[ClientResult] = []
    heard: list[str] = []

    async def hear(url: str) -> None:
        async with asyncio.timeout(HANG_TIMEOUT), connect(url) as client:
            await client.send("subscribe")
            heard.extend([str(message) async for message in client])

    async def scenario() -> None:
        async with ReplayServer(two_endpoints, options(), on_client_end=results.append) as server:
            await asyncio.gather(*(hear(url) for url in server.urls.values()))
            await until(lambda: len(results) == 2)

    run(scenario())
    frames = [message for message in heard if "state" not in message]
    assert sorted(frames) == sorted(
        [f"north {time}" for time in (0, 5, 2 * LONG, 2 * LONG + 1)] + [f"south {time}" for time in (2, LONG, LONG + 3)]
    )
    recorded = {result.endpoint: result.recorded // MILLISECOND for result in results}
    assert recorded == {"north": 5 + 20 + 3 + 20 + 1, "south": 5 + 20 + 3}


def test_a_night_between_two_files_is_a_silence(tmp_path: Path) -> None:
    """Also in each lap of a replay that begins anew at its end."""
    evening = record(tmp_path / "a.jsonl.zst", "raw", [0, 5])
    paths = [evening, record(tmp_path / "b.jsonl.zst", "raw", [8 * LONG, 8 * LONG + 5])]

    async def scenario() -> None:
        async with (
            asyncio.timeout(HANG_TIMEOUT),
            ReplayServer(paths, options(loop=True)) as server,
            connect(server.url) as client,
        ):
            await client.send("subscribe")
            messages = [str(await client.recv()) for _ in range(12)]
        assert messages == [f"raw {time}" for time in (0, 5, 8 * LONG, 8 * LONG + 5)] * 3

    run(scenario())


@pytest.mark.parametrize("shared", [{"paused": True}, {"clock": "shared"}, {"clock": "each"}], ids=str)
def test_steering_leads_into_silences_and_out_of_them(recording: Path, shared: dict[str, Any]) -> None:
    """Moments there are what they are; time that passes goes over the rest."""
    amid = START + LONG // 2 * MILLISECOND

    async def scenario() -> None:
        async with (
            asyncio.timeout(HANG_TIMEOUT),
            ReplayServer(recording, options(**shared)) as server,
            connect(server.url) as client,
        ):
            steering = server.steering
            if not steering.is_paused:
                steering.pause()
            await client.send("subscribe")
            await until(lambda: steering.followers or (steering.status().clients[0].state == "paused"))
            await steering.play_until(amid)
            assert [str(await client.recv()) for _ in range(2)] == ["raw 0", "raw 5"]
            assert steering.status().present == amid
            assert await steering.step() == 1
            assert str(await client.recv()) == f"raw {LONG}"
            assert steering.status().present == START + LONG * MILLISECOND
            await steering.seek(amid)
            assert steering.status().present == amid
            steering.resume()
            assert [str(message) async for message in client][-4:] == [f"raw {time}" for time in TIMES[2:]]

    run(scenario())


def test_from_amid_a_silence_the_first_frame_comes_soon(two_endpoints: list[Path]) -> None:
    async def scenario() -> None:
        chosen = options(start=START + LONG // 2 * MILLISECOND)
        async with ReplayServer(two_endpoints, chosen) as server:
            north, _ = await asyncio.gather(*(all_of(url) for url in server.urls.values()))
            assert [message for message in north if "state" not in message] == [
                f"north {2 * LONG}",
                f"north {2 * LONG + 1}",
            ]

    run(scenario())


@pytest.mark.parametrize("longest", [0.0, -1.0, float("inf"), float("nan")])
def test_a_longest_silence_that_is_none_is_refused(longest: float) -> None:
    with pytest.raises(UsageError, match="the longest silence must be positive and finite"):
        options(max_gap=longest)


def test_a_dialogue_waits_for_its_client_and_has_no_silences() -> None:
    with pytest.raises(UsageError, match="leave out --max-gap"):
        options(mode="dialogue")
