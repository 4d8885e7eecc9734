"""Steering where each client has a timeline of its own: of all, or of one of them."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from feedrec.errors import UsageError
from feedrec.replay import ReplayOptions, ReplayServer
from feedrec.replay.steering.status import Status
from feedrec.replay.venue import endpoints

from ...timing import HANG_TIMEOUT, MS, until
from ..clocks import ManualClock
from ..fake_venue import MILLISECOND, START, FakeVenue, record
from ..keeping_client import connect
from ..raw_client import RawClient, run

TIMES = [0, 0, 0, 10, 10, 20, 500, 500, 1000]
"""Milliseconds of the frames of a recording: those of one read share a time."""

FRAMES = [f"raw {time}" for time in TIMES]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return record(tmp_path / "raw.jsonl.zst", "raw", TIMES)


def serving(recording: Path, time: ManualClock, **changes: Any) -> ReplayServer:
    chosen = {"port": 0, "write_deadline": HANG_TIMEOUT, "clock": "each", "settle": 0, **changes}
    return ReplayServer(recording, ReplayOptions(**chosen), clock=time, sleep=time.sleep)


async def take(client: ClientConnection, count: int) -> list[str]:
    async with asyncio.timeout(HANG_TIMEOUT):
        return [str(await client.recv()) for _ in range(count)]


async def rest_of(client: ClientConnection) -> list[str]:
    """Return what a client gets until the replay closes its connection."""
    async with asyncio.timeout(HANG_TIMEOUT):
        return [str(message) async for message in client]


async def is_silent(client: ClientConnection) -> bool:
    try:
        await asyncio.wait_for(client.recv(), 20 * MS)
    except TimeoutError:
        return True
    return False


def test_one_client_stands_still_while_another_goes_on(recording: Path) -> None:
    clock = ManualClock()

    async def scenario() -> None:
        async with serving(recording, clock) as server, connect(server.url) as first, connect(server.url) as second:
            for client in (first, second):
                await client.send("go")
                assert await take(client, 3) == FRAMES[:3]
            server.steering.pause(client=1)
            clock.advance(15)
            assert await take(second, 2) == FRAMES[3:5]
            assert await is_silent(first)
            assert await server.steering.step(client=1) == 1
            assert await take(first, 1) == FRAMES[3:4]
            server.steering.resume(client=1)
            clock.advance(1)
            assert await take(first, 1) == FRAMES[4:5]
            server.steering.set_speed(100, client=1)
            clock.advance(20)
            assert await rest_of(first) == FRAMES[5:]
            assert await take(second, 1) == FRAMES[5:6]

    run(scenario())


def test_all_are_stepped_each_from_where_it_is(recording: Path) -> None:
    """One that has come while time stands begins at the beginning, and one that comes then stands, too."""
    clock = ManualClock()

    async def scenario() -> None:
        async with serving(recording, clock) as server, connect(server.url) as early:
            await early.send("go")
            assert await take(early, 3) == FRAMES[:3]
            server.steering.pause()
            async with connect(server.url) as late:
                await late.send("go")
                await until(lambda: server.steering.status().clients[-1].state == "paused")
                assert await server.steering.step(2) == 2
                assert await take(early, 2) == FRAMES[3:5]
                assert await take(late, 2) == FRAMES[:2]
                server.steering.set_speed(math.inf, client=2)
                assert await server.steering.play_until(START + 400 * MILLISECOND, client=2) == 4
                assert await take(late, 4) == FRAMES[2:6]
                assert await server.steering.step(100) == 4
                assert await rest_of(early) == FRAMES[5:]
                assert await rest_of(late) == FRAMES[6:]

    run(scenario())


@pytest.mark.parametrize("is_paused", [False, True])
@pytest.mark.parametrize("speed", [1.0, math.inf])
def test_a_seek_takes_along_who_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, speed: float, is_paused: bool
) -> None:
    """It gets the state of then, and goes on from there; the others do not notice."""
    monkeypatch.setattr(endpoints, "venue_of", {"north": FakeVenue("north")}.get)
    north = record(tmp_path / "north.jsonl.zst", "north", range(0, 1000, 10))
    clock = ManualClock()

    async def scenario() -> None:
        server = serving(north, clock, at_end="hold")
        async with server, connect(server.url) as meant, connect(server.url) as other:
            for client in (meant, other):
                await client.send("subscribe")
                assert await take(client, 2) == ["0 state: nothing", "north 0"]
            server.steering.set_speed(speed, client=1)
            if is_paused:
                server.steering.pause(client=1)
            await server.steering.seek(START + 905 * MILLISECOND, client=1)
            if speed == 1.0:
                assert server.steering.status().clients[0].present == START + 905 * MILLISECOND
            messages = [message async for message in read_until(meant, "905 state: north 900")]
            assert messages[-1] == "905 state: north 900"
            if is_paused:
                assert await is_silent(meant)
                server.steering.resume(client=1)
            clock.advance(9)
            assert await is_silent(other)
            if speed == 1.0:
                assert await take(meant, 1) == ["north 910"]
                await server.steering.seek(START + 5 * MILLISECOND)
                assert await take(meant, 1) == ["5 state: north 0"]
                assert await take(other, 1) == ["5 state: north 0"]
                clock.advance(5)
                assert await take(meant, 1) == await take(other, 1) == ["north 10"]
            else:
                assert (await take(meant, 9))[-1] == "north 990"
                await until(lambda: server.steering.status().clients[0].state == "ended")
                await server.steering.seek(START + 985 * MILLISECOND, client=1)
                assert await take(meant, 2) == ["985 state: north 980", "north 990"]

    run(scenario())


async def read_until(client: ClientConnection, last: str) -> Any:
    """Read what a client gets, up to a message."""
    while True:
        message = (await take(client, 1))[0]
        yield message
        if message == last:
            return


def test_a_pause_at_infinite_speed_is_somewhere_and_a_step_goes_on_from_there(tmp_path: Path) -> None:
    """Nothing is sent twice, and nothing is left out, wherever it was."""
    times = [number // 3 for number in range(60_000)]
    recording = record(tmp_path / "raw.jsonl.zst", "raw", times)

    async def scenario() -> None:
        options = ReplayOptions(port=0, speed=math.inf, write_deadline=HANG_TIMEOUT)
        async with ReplayServer(recording, options) as server, connect(server.url) as client:
            await client.send("go")
            taken = await take(client, 10)
            server.steering.pause()
            played = await server.steering.step(0)
            before = server.steering.status().frames
            assert (played, await server.steering.step(4)) == (0, 4)
            assert server.steering.status().frames == before + 4
            taken += await take(client, before + 4 - len(taken))
            assert await is_silent(client)
            server.steering.resume()
            assert taken + await rest_of(client) == [f"raw {time}" for time in times]

    run(scenario())


def test_who_has_not_subscribed_cannot_be_taken_along(recording: Path) -> None:
    async def scenario() -> None:
        async with serving(recording, ManualClock()) as server:
            steering = server.steering
            text = r"^step is for clients .* where each has its own timeline: there is none; wait for one, or"
            with pytest.raises(UsageError, match=text):
                await steering.step()
            with pytest.raises(UsageError, match=r"^play_until is for clients"):
                await steering.play_until(START)
            with pytest.raises(UsageError, match="there is no client 7: nobody is connected"):
                await steering.seek(START, client=7)
            async with connect(server.url):
                await until(lambda: steering.status().clients)
                with pytest.raises(UsageError, match="no client 7: those that are connected have the numbers 1"):
                    steering.pause(client=7)
                assert (steering.position, steering.present) == (None, None)

    run(scenario())


def test_who_was_sent_everything_is_at_the_end_while_its_connection_is_closed(recording: Path) -> None:
    """It may take long to read what it was sent, and to answer the close."""

    async def scenario() -> None:
        async with serving(recording, ManualClock(), speed=math.inf) as server, RawClient(server.port) as client:
            client.send()
            await until(lambda: server.steering.status().clients[0].state == "ended")
            with pytest.raises(UsageError, match=r"are not at the end, .*: client 1 is none; wait for one"):
                await server.steering.step(client=1)

    run(scenario())


def test_what_is_looped_or_shared_is_not_for_one_client(recording: Path) -> None:
    async def scenario() -> None:
        async with serving(recording, ManualClock(), loop=True) as server, connect(server.url) as client:
            await client.send("go")
            await take(client, 3)
            with pytest.raises(UsageError, match=r"^seek needs a replay that ends: leave out loop"):
                await server.steering.seek(START)
            server.steering.pause(client=1)
            assert server.steering.status().clients[0].state == "paused"
        async with serving(recording, ManualClock(), clock="shared") as server, connect(server.url) as client:
            await client.send("go")
            await take(client, 3)
            with pytest.raises(UsageError, match="all clients have one timeline, and are steered together"):
                server.steering.pause(client=1)

    run(scenario())


def test_the_status_tells_of_each_client_and_whoever_watches_hears_of_changes(recording: Path) -> None:
    clock = ManualClock()

    async def scenario() -> None:
        async with serving(recording, clock, at_end="hold") as server:
            steering = server.steering
            seen: list[Status] = []
            unwatch = steering.watch(lambda: seen.append(steering.status()))
            nobody = steering.status()
            assert (nobody.state, nobody.clients, nobody.frames, nobody.lateness) == ("waiting", [], 0, None)
            assert (nobody.start, await asyncio.to_thread(steering.span.wait)) == (START, START + 1000 * MILLISECOND)
            async with connect(server.url) as client:
                await client.send("go")
                await take(client, 3)
                clock.advance(15)
                await take(client, 2)
                await until(lambda: steering.status().frames == 5)
                status = steering.status()
                one = status.clients[0]
                assert (one.client, one.endpoint, one.state, one.speed) == (1, "raw", "playing", 1.0)
                assert (one.present, one.frames, one.size) == (START + 15 * MILLISECOND, 5, sum(map(len, FRAMES[:5])))
                assert (status.state, status.present, status.position) == ("playing", one.present, None)
                assert status.lateness is not None
                assert status.lateness.count == 5
                steering.pause()
                assert seen[-1].state == seen[-1].clients[0].state == "paused"
                await steering.step(100)
                await until(lambda: seen[-1].state == "ended")
            await until(lambda: not steering.status().clients)
            await until(lambda: seen[-1].frames == len(FRAMES))
            unwatch()
            count = len(seen)
            steering.resume()
            assert len(seen) == count

    run(scenario())
