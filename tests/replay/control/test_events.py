"""The WebSocket of events, with real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_plainly
from websockets.exceptions import ConnectionClosed, InvalidStatus

from feedrec.replay import ReplayOptions, ReplayServer
from feedrec.replay.control.events import MOST_LISTENERS

from ...front.serving import HANDSHAKE, peer_of
from ...timing import HANG_TIMEOUT, MS, until
from ..keeping_client import connect
from ..raw_client import run
from ..recordings import numbered, record

SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record 100 frames, one a second."""
    return record(tmp_path_factory.mktemp("events") / "a.jsonl.zst", numbered(100, SECOND))


def serving(recording: Path, **options: Any) -> ReplayServer:
    return ReplayServer(recording, ReplayOptions(**{"port": 0, "paused": True, **options}))


def listening(server: ReplayServer) -> connect_plainly:
    return connect(f"{server.url}/_feedrec/events")


async def told(events: ClientConnection, kind: str = "status") -> dict[str, Any]:
    """Return the next message of a kind."""
    message: dict[str, Any] = {}
    while message.get("type") != kind:
        message = json.loads(await events.recv())
    return message


async def told_until(events: ClientConnection, **wanted: object) -> dict[str, Any]:
    """Return the first status that is as wanted."""
    async with asyncio.timeout(HANG_TIMEOUT):
        while not wanted.items() <= (status := await told(events)).items():
            pass
    return status


async def closed(events: ClientConnection) -> None:
    """Read until it is closed."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await events.recv()


def test_a_status_comes_at_once_and_at_each_change(recording: Path) -> None:
    async def scenario() -> None:
        async with serving(recording) as server, listening(server) as events:
            assert (await told(events))["clients"] == []
            async with connect(server.url) as client:
                assert len((await told(events))["clients"]) == 1
                await client.send("hello")
                await until(lambda: server.steering.followers)
                await server.steering.step(2)
                await told_until(events, position=2, frames=2)
                server.steering.set_speed(0.001)
                await told_until(events, speed=0.001)
                server.steering.resume()
                await told_until(events, state="playing")
                later = [(await told(events))["state"] for _ in range(3)]  # while time passes, without any change
                assert later == ["playing"] * 3
            await told_until(events, clients=[])

    run(scenario())


def test_what_changes_by_itself_is_told_too_and_what_stays_the_same_is_not(recording: Path) -> None:
    async def scenario() -> None:
        async with serving(recording) as server, listening(server) as events:
            server.control.events.pace.looks = 50 * MS
            made = 0

            def faults() -> int:
                nonlocal made
                made += 1
                return made // 4

            server.control.faults = faults
            seen = [await told(events)]
            while seen[-1]["faults"] < 3:
                seen.append(await told(events))
            assert all(one != next_one for one, next_one in pairwise(seen))
            assert len(seen) < made

    run(scenario())


def test_who_listens_is_no_client(recording: Path) -> None:
    """It takes no place of one, and keeps no replay from its end."""

    async def scenario() -> None:
        options = {"max_clients": 1, "at_end": "exit", "speed": float("inf"), "paused": False}
        async with serving(recording, **options) as server, listening(server) as events:
            assert (await told(events))["clients"] == []
            async with connect(server.url) as client, listening(server):
                await client.send("hello")
                assert len([message async for message in client]) == 100
            await asyncio.wait_for(server.wait_finished(), HANG_TIMEOUT)
            assert server.total.clients == 1

    run(scenario())


def test_only_so_many_listen_at_a_time(recording: Path) -> None:
    async def scenario() -> None:
        async with serving(recording) as server:
            many = [await listening(server) for _ in range(MOST_LISTENERS)]
            with pytest.raises(InvalidStatus) as refused:
                await listening(server)
            assert refused.value.response.status_code == 503
            assert b"as many as may listen" in (refused.value.response.body or b"")
            await many.pop().close()
            await until(lambda: len(server.control.events) == MOST_LISTENERS - 1)
            many.append(await listening(server))
            async with connect(server.url):  # there is room for clients
                assert not server.has_lacked
            for one in many:
                await one.close()

    run(scenario())


def test_who_reads_slowly_gets_the_newest(recording: Path) -> None:
    """Of 50 changes while it reads nothing it is told at most what was on its way, and how it is now."""

    async def scenario() -> None:
        async with serving(recording) as server, listening(server) as events:
            await told(events)
            events.transport.pause_reading()
            for number in range(50):
                server.steering.set_speed(2.0 + number)
                await asyncio.sleep(0.01)
            events.transport.resume_reading()
            statuses = [await told(events)]
            while statuses[-1]["speed"] != 51:
                statuses.append(await told(events))
            assert len(statuses) <= 3

    run(scenario())


def test_who_answers_no_ping_is_dropped(recording: Path) -> None:
    """It has been sent one status by then, whatever has changed."""

    async def scenario() -> None:
        async with serving(recording, write_deadline=100 * MS) as server, peer_of(server.port) as peer:
            peer.send(HANDSHAKE.replace(b"GET /feed ", b"GET /_feedrec/events "))
            assert (await peer.head()).startswith("HTTP/1.1 101 ")
            await until(lambda: len(server.control.events))
            for number in range(10):
                server.steering.set_speed(2.0 + number)
                await asyncio.sleep(0)
            assert (await peer.rest()).count(b'"type":"status"') == 1
            await until(lambda: not len(server.control.events))
            assert not server.has_failed

    run(scenario())


def test_it_ends_with_the_server(recording: Path) -> None:
    async def scenario() -> None:
        async with serving(recording) as server:
            events = await listening(server)
            await told(events)
            await server.close()
            with pytest.raises(ConnectionClosed):
                await told(events)
            assert events.protocol.close_code == 1001
            assert not len(server.control.events)

    run(scenario())


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("hello", 1008),
        ("[]", 1008),
        ('{"ladder":3}', 1008),
        ('{"ladder":"BTC-USD","more":1}', 1008),
        (b"\xff\xfe", 1008),
        (json.dumps({"ladder": "x" * 2000}), 1009),
        ("x" * (1 << 19), 1009),
    ],
)
def test_who_says_anything_else_is_closed(recording: Path, said: str | bytes, code: int) -> None:
    async def scenario() -> None:
        async with serving(recording) as server:
            events = await listening(server)
            await events.send(said)
            await closed(events)
            assert events.protocol.close_code == code
            await until(lambda: not len(server.control.events))
            assert not server.has_failed

    run(scenario())


class Books:
    """Books of which the best price is how often it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.price = 1

    async def ladder(self, product: str) -> Mapping[str, object]:
        self.asked.append(product)
        return {"known": product == "BTC-USD", "bids": [[str(self.price), "1"]]}


def test_a_ladder_comes_to_whom_it_was_asked_for_by(recording: Path) -> None:
    """Again when something changed, and not else."""

    async def scenario() -> None:
        async with serving(recording) as server, listening(server) as events, listening(server) as other:
            books = server.control.events.ladders = Books()
            await events.send('{"ladder":"BTC-USD"}')
            first = {"type": "ladder", "product": "BTC-USD", "known": True, "bids": [["1", "1"]]}
            assert await told(events, "ladder") == first
            server.steering.set_speed(2.0)
            await until(lambda: len(books.asked) == 2)
            books.price = 7
            server.steering.set_speed(3.0)
            assert (await told(events, "ladder"))["bids"] == [["7", "1"]]
            await events.send('{"ladder":"ETH-USD"}')
            assert (await told(events, "ladder"))["product"] == "ETH-USD"
            await other.send('{"ladder":"BTC-USD"}')
            assert (await told(other, "ladder"))["product"] == "BTC-USD"
            await other.send('{"ladder":null}')
            await events.send('{"ladder":null}')
            server.steering.set_speed(4.0)
            await told_until(events, speed=4)
            await told_until(other, speed=4)

    run(scenario())


def test_where_there_is_no_book_a_ladder_says_so(recording: Path) -> None:
    async def scenario() -> None:
        async with serving(recording) as server, listening(server) as events:
            await events.send('{"ladder":"BTC-USD"}')
            ladder = await told(events, "ladder")
            assert (ladder["known"], ladder["why"]) == (False, "no order book is recorded here")

    run(scenario())


def test_books_that_fail_are_a_failure_of_the_replay_and_of_no_client(recording: Path) -> None:
    class Broken(Books):
        async def ladder(self, product: str) -> Mapping[str, object]:
            raise RuntimeError(product)

    async def scenario() -> None:
        async with serving(recording) as server, connect(server.url) as client:
            server.control.events.ladders = Broken()
            events = await listening(server)
            await events.send('{"ladder":"BTC-USD"}')
            await closed(events)
            await until(lambda: server.has_failed)
            await client.send("hello")
            await until(lambda: server.steering.followers)
            async with listening(server) as again:
                assert (await told(again))["type"] == "status"

    run(scenario())
