"""A replay that is steered while clients follow it, with real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosedError

from feedrec.errors import RecordingError, UsageError
from feedrec.replay import ClientResult, ReplayOptions, ReplayServer
from feedrec.replay.venue import endpoints

from ...timing import HANG_TIMEOUT, MS, scaled, until
from .. import recordings
from ..clocks import ManualClock
from ..fake_venue import MILLISECOND, START, FakeVenue, record
from ..keeping_client import connect
from ..raw_client import RawClient, run

TIMES = [0, 0, 0, 10, 10, 20, 500, 500, 1000]
"""Milliseconds of the frames of a recording: those of one read share a time."""

FRAMES = [f"raw {time}" for time in TIMES]

at_any_speed = pytest.mark.parametrize("speed", [math.inf, 1000.0, 10.0])


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return record(tmp_path / "raw.jsonl.zst", "raw", TIMES)


@pytest.fixture
def two_endpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two endpoints with a frame each 10 ms, some of them at the same time."""
    monkeypatch.setattr(endpoints, "venue_of", {name: FakeVenue(name) for name in ("north", "south")}.get)
    north = record(tmp_path / "north.jsonl.zst", "north", [0, 10, 20, 30])
    return [north, record(tmp_path / "south.jsonl.zst", "south", [5, 10, 15, 25, 35])]


def options(**changes: Any) -> ReplayOptions:
    return ReplayOptions(**{"port": 0, "speed": math.inf, "paused": True, "write_deadline": HANG_TIMEOUT, **changes})


async def take(client: ClientConnection, count: int) -> list[str]:
    async with asyncio.timeout(HANG_TIMEOUT):
        return [str(await client.recv()) for _ in range(count)]


async def rest_of(client: ClientConnection) -> list[str]:
    """Return what a client gets until the replay closes its connection."""
    async with asyncio.timeout(HANG_TIMEOUT):
        messages = [str(message) async for message in client]
    assert client.protocol.close_code == 1000
    return messages


async def followed(server: ReplayServer, count: int = 1) -> None:
    """Wait until so many clients follow the timeline."""
    await until(lambda: server.steering.followers == count)


# Steps


@at_any_speed
def test_a_step_plays_so_many_frames_and_not_one_more(recording: Path, speed: float) -> None:
    """Also within those of one time; a client that comes then begins right behind them."""

    async def scenario() -> None:
        async with ReplayServer(recording, options(speed=speed)) as server, connect(server.url) as early:
            steering = server.steering
            await followed(server)
            assert (steering.position, steering.is_paused) == (0, True)
            assert await steering.step(2) == 2
            assert (steering.position, steering.present) == (2, START)
            async with connect(server.url) as late:
                await followed(server, 2)
                assert await steering.step() == 1
                assert await steering.step(3) == 3
                assert (steering.position, steering.present) == (6, START + 20 * MILLISECOND)
                assert await take(early, 6) == FRAMES[:6]
                assert await take(late, 4) == FRAMES[2:6]
                assert await steering.step(100) == 3
                assert await steering.step() == 0
                assert await rest_of(late) == await rest_of(early) == FRAMES[6:]

    run(scenario())


def test_what_a_step_played_has_been_written_when_it_returns(recording: Path) -> None:
    """So it is in the socket of the client, with no waiting at all."""
    request = (
        b"GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )

    async def scenario() -> None:
        async with ReplayServer(recording, options()) as server:
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                client.sendall(request)
                await followed(server)
                assert client.recv(1 << 16).endswith(b"\r\n\r\n")
                for frame in FRAMES:
                    await server.steering.step()
                    assert client.recv(1 << 16, socket.MSG_DONTWAIT) == b"\x81%c%b" % (len(frame), frame.encode())

    run(scenario())


def test_the_end_is_passed_by_a_step_that_finds_no_frame(recording: Path) -> None:
    """One that plays the last frame leaves everybody connected."""

    async def scenario() -> None:
        async with ReplayServer(recording, options()) as server, connect(server.url) as client:
            await followed(server)
            assert await server.steering.step(len(FRAMES)) == len(FRAMES)
            assert await take(client, len(FRAMES)) == FRAMES
            assert await server.steering.step(0) == 0
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.recv(), 50 * MS)
            assert await server.steering.step() == 0
            assert await rest_of(client) == []

    run(scenario())


def test_steps_go_through_all_endpoints_in_the_order_of_time(two_endpoints: list[Path]) -> None:
    """Frames of one time are in that of the recordings; each client gets those of its endpoint."""

    async def scenario() -> None:
        async with (
            ReplayServer(two_endpoints, options()) as server,
            connect(f"{server.url}/north") as north,
            connect(f"{server.url}/south") as south,
        ):
            for client in (north, south):
                await client.send("subscribe")
                assert await take(client, 1) == ["0 state: nothing"]
            assert await server.steering.step(3) == 3
            assert await take(north, 2) == ["north 0", "north 10"]
            assert await take(south, 1) == ["south 5"]
            async with connect(f"{server.url}/south") as late:
                await late.send("subscribe")
                assert await take(late, 1) == ["10 state: south 5"]
                assert await server.steering.step(2) == 2
                assert await take(late, 2) == await take(south, 2) == ["south 10", "south 15"]
                assert await server.steering.play_until(START + 30 * MILLISECOND) == 2
                assert await take(north, 1) == ["north 20"]
                assert await take(late, 1) == ["south 25"]
                assert server.steering.position == 7

    run(scenario())


def test_who_has_not_subscribed_is_not_waited_for(two_endpoints: list[Path]) -> None:
    """And begins, when it does, where the replay is."""

    async def scenario() -> None:
        async with ReplayServer(two_endpoints, options()) as server, connect(server.url) as client:
            assert await server.steering.step(5) == 5
            await client.send("subscribe")
            assert await take(client, 1) == ["15 state: north 10"]
            assert await server.steering.step(1) == 1
            assert await take(client, 1) == ["north 20"]

    run(scenario())


def test_who_reads_nothing_is_waited_for_until_its_write_deadline(tmp_path: Path) -> None:
    """Then it is dropped, and the step is done."""
    large = recordings.record(tmp_path / "large.jsonl.zst", recordings.frames_of([b"x" * 100_000] * 200))
    results: list[ClientResult] = []

    async def scenario() -> None:
        chosen = options(write_deadline=scaled(0.3))
        async with ReplayServer(large, chosen, on_client_end=results.append) as server:
            async with RawClient(server.port, receive_buffer=4096):
                await followed(server)
                assert await server.steering.step(200) == 200
                assert server.steering.followers == 0
            await until(lambda: results)

    run(scenario())
    assert [result.outcome for result in results] == ["stopped reading"]


# Moments


@at_any_speed
def test_what_is_before_a_moment_is_played_and_time_stands_there(recording: Path, speed: float) -> None:
    """Not the frames at it; a moment that is past changes nothing, and one beyond the end passes the end."""

    async def scenario() -> None:
        async with ReplayServer(recording, options(speed=speed)) as server, connect(server.url) as client:
            steering = server.steering
            await followed(server)
            assert await steering.play_until(START + 15 * MILLISECOND) == 5
            assert (steering.position, steering.present, steering.is_paused) == (5, START + 15 * MILLISECOND, True)
            assert await steering.play_until(START + 500 * MILLISECOND) == 1
            assert await steering.play_until(START) == 0
            assert steering.present == START + 500 * MILLISECOND
            assert await take(client, 6) == FRAMES[:6]
            assert await steering.play_until(START + 3_600_000 * MILLISECOND) == 3
            assert await rest_of(client) == FRAMES[6:]

    run(scenario())


def test_a_moment_is_reached_at_the_speed(recording: Path) -> None:
    """As its clock says; whoever pauses meanwhile has it stay there."""
    clock = ManualClock()

    async def scenario() -> None:
        chosen = options(speed=2.0)
        async with (
            ReplayServer(recording, chosen, clock=clock, sleep=clock.sleep) as server,
            connect(server.url) as client,
        ):
            await followed(server)
            playing = asyncio.create_task(server.steering.play_until(START + 900 * MILLISECOND))
            assert await take(client, 3) == FRAMES[:3]
            clock.advance(100)
            assert await take(client, 3) == FRAMES[3:6]
            assert not server.steering.is_paused
            assert server.steering.present == START + 200 * MILLISECOND
            server.steering.pause()
            assert await playing == 6
            clock.advance(10_000)
            assert server.steering.present == START + 200 * MILLISECOND
            assert await server.steering.step() == 1
            assert await take(client, 1) == FRAMES[6:7]

    run(scenario())


# Time that passes by itself


@at_any_speed
def test_a_replay_that_is_resumed_goes_on_by_itself(recording: Path, speed: float) -> None:
    """To the end, for a client that comes later too."""

    async def scenario() -> None:
        async with ReplayServer(recording, options(speed=speed)) as server, connect(server.url) as client:
            await followed(server)
            await server.steering.step(4)
            server.steering.resume()
            assert await rest_of(client) == FRAMES
            assert server.steering.position == len(FRAMES)

    run(scenario())


def test_a_pause_holds_everybody_at_the_same_moment(recording: Path) -> None:
    clock = ManualClock()

    async def scenario() -> None:
        chosen = options(speed=1.0)
        async with (
            ReplayServer(recording, chosen, clock=clock, sleep=clock.sleep) as server,
            connect(server.url) as client,
            connect(server.url) as other,
        ):
            steering = server.steering
            await followed(server, 2)
            assert await steering.step(0) == 0
            steering.resume()
            clock.advance(15)
            assert await take(client, 5) == await take(other, 5) == FRAMES[:5]
            steering.pause()
            clock.advance(5000)
            assert (steering.position, steering.present) == (5, START + 15 * MILLISECOND)
            async with connect(server.url) as late:
                await followed(server, 3)
                steering.set_speed(10)
                steering.resume()
                clock.advance(1)
                assert await take(client, 1) == await take(other, 1) == await take(late, 1) == FRAMES[5:6]
                steering.set_speed(math.inf)
                for one in (client, other, late):
                    assert await rest_of(one) == FRAMES[6:]

    run(scenario())


@pytest.mark.parametrize("clock", ["each", "shared"])
def test_a_replay_that_began_by_itself_is_paused_and_resumed(recording: Path, clock: Any) -> None:
    """Whether clients have one timeline or not, those that come later too."""
    time = ManualClock()

    async def scenario() -> None:
        chosen = options(speed=1.0, paused=False, clock=clock)
        async with (
            ReplayServer(recording, chosen, clock=time, sleep=time.sleep) as server,
            connect(server.url) as client,
        ):
            await client.send("go")
            assert await take(client, 3) == FRAMES[:3]
            time.set_to(21)
            assert await take(client, 3) == FRAMES[3:6]
            server.steering.pause()
            time.set_to(5000)
            async with connect(server.url) as late:
                await late.send("go")
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(client.recv(), 50 * MS)
                server.steering.set_speed(100.0)
                server.steering.resume()
                time.set_to(5200)
                assert await rest_of(client) == FRAMES[6:]
                assert await rest_of(late) == (FRAMES if clock == "each" else FRAMES[6:])

    run(scenario())


@pytest.mark.parametrize("clock", ["each", "shared"])
def test_as_fast_as_can_be_is_paused_too(tmp_path: Path, clock: str) -> None:
    """And goes on at another speed with the next frame, whatever was in flight."""
    frames = recordings.frames_of([b"%d %s" % (number, b"x" * 200) for number in range(20_000)], 1000)
    path = recordings.record(tmp_path / "long.jsonl.zst", frames)

    async def scenario() -> None:
        chosen = options(paused=clock == "shared")
        async with ReplayServer(path, chosen) as server, connect(server.url, max_queue=1 << 16) as client:
            await client.send("go")
            if clock == "shared":
                await followed(server)
                server.steering.resume()
            heard = await take(client, 300)
            server.steering.pause()
            await (await client.ping())
            with contextlib.suppress(TimeoutError):
                while True:
                    heard += await asyncio.wait_for(take(client, 1), 50 * MS)
            assert len(heard) < len(frames)
            server.steering.set_speed(0.5)
            server.steering.resume()
            heard += await rest_of(client)
            assert heard == [frame.payload.decode() for frame in frames]

    run(scenario())


def test_a_common_time_that_began_by_itself_takes_steps(recording: Path) -> None:
    """From where it is, and clients that come then begin there."""
    clock = ManualClock()

    async def scenario() -> None:
        chosen = options(speed=1.0, paused=False, clock="shared")
        async with (
            ReplayServer(recording, chosen, clock=clock, sleep=clock.sleep) as server,
            connect(server.url) as client,
        ):
            await client.send("go")
            assert await take(client, 3) == FRAMES[:3]
            assert not server.steering.position
            clock.set_to(12)
            assert await take(client, 2) == FRAMES[3:5]
            assert await server.steering.step() == 1
            assert (server.steering.position, server.steering.is_paused) == (1, True)
            async with connect(server.url) as late:
                await late.send("go")
                await followed(server, 2)
                assert await server.steering.step() == 1
                assert await take(late, 1) == FRAMES[6:7]
                assert await take(client, 2) == FRAMES[5:7]
                server.steering.resume()
                clock.advance(10_000)
                assert await rest_of(client) == await rest_of(late) == FRAMES[7:]
        await asyncio.sleep(0)

    run(scenario())


# Jumps


@pytest.mark.parametrize("speed", [math.inf, 2.0])
def test_a_jump_while_time_passes_takes_everybody_along(recording: Path, speed: float) -> None:
    """It goes on there at the speed."""
    clock = ManualClock()

    async def scenario() -> None:
        chosen = options(speed=speed, at_end="hold")
        async with (
            ReplayServer(recording, chosen, clock=clock, sleep=clock.sleep) as server,
            connect(server.url) as client,
            connect(server.url) as other,
        ):
            await followed(server, 2)
            await server.steering.step(5)
            server.steering.resume()
            await server.steering.seek(START + 490 * MILLISECOND)
            assert not server.steering.is_paused
            clock.advance(50)
            for one in (client, other):
                assert await take(one, 7) == [*FRAMES[:5], *FRAMES[6:8]]

    run(scenario())


def test_a_jump_ends_what_is_under_way(recording: Path) -> None:
    """Somebody waits for a moment that would take a while."""

    async def scenario() -> None:
        async with ReplayServer(recording, options(speed=0.001)) as server, connect(server.url) as client:
            await followed(server)
            playing = asyncio.create_task(server.steering.play_until(START + 500 * MILLISECOND))
            assert await take(client, 3) == FRAMES[:3]
            server.steering.pause()
            assert await playing == 3
            playing = asyncio.create_task(server.steering.play_until(START + 500 * MILLISECOND))
            await until(lambda: not server.steering.is_paused)
            await server.steering.seek(START + 1000 * MILLISECOND)
            assert await playing == 0
            assert await server.steering.step() == 1
            assert await take(client, 1) == FRAMES[-1:]

    run(scenario())


def test_who_gives_up_waiting_for_a_moment_has_time_stand(recording: Path) -> None:
    async def scenario() -> None:
        async with ReplayServer(recording, options(speed=0.001)) as server, connect(server.url) as client:
            await followed(server)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(server.steering.play_until(START + 500 * MILLISECOND), 50 * MS)
            assert server.steering.is_paused
            assert await server.steering.step() == 1
            assert await take(client, 4) == FRAMES[:4]

    run(scenario())


# What cannot be


def test_what_is_damaged_is_said_to_who_would_play_it(tmp_path: Path) -> None:
    """Everything before that is played."""
    path = tmp_path / "damaged.jsonl"
    lines = record(path, "raw", [0, 10]).read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, b"no line\n"]))

    async def scenario() -> None:
        async with ReplayServer(path, options()) as server, connect(server.url) as client:
            await followed(server)
            assert await server.steering.step() == 1
            with pytest.raises(RecordingError, match=r"damaged\.jsonl"):
                await server.steering.step(2)
            assert await take(client, 2) == ["raw 0", "raw 10"]
            with pytest.raises(ConnectionClosedError):
                await client.recv()
            assert client.protocol.close_code == 1011

    run(scenario())


def test_a_step_back_and_a_speed_that_is_none_are_refused(recording: Path) -> None:
    async def scenario() -> None:
        async with ReplayServer(recording, options()) as server:
            with pytest.raises(UsageError, match="a step is a number of frames, not -1"):
                await server.steering.step(-1)
            for speed in (0, -1, math.nan):
                with pytest.raises(UsageError, match="the speed must be positive"):
                    server.steering.set_speed(speed)
            assert server.steering.speed == math.inf

    run(scenario())


@pytest.mark.parametrize("wrong", [{"clock": "each"}, {"loop": True}])
def test_a_replay_that_begins_paused_has_one_timeline(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="begins paused has one timeline"):
        options(**wrong)
