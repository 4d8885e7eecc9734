"""A client of a replay with outages is told what the venue told then, at any speed, and comes back to what follows."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from feedrec.errors import UsageError
from feedrec.formats import create_recording
from feedrec.formats.file.names import part_path
from feedrec.model import Event, Frame, Header
from feedrec.replay import ReplayOptions, ReplayServer

from ...timing import HANG_TIMEOUT
from .outage_recordings import ENDPOINT, START, Line, at, closed, opened, refused, ticker, write

DIRECT = "coinbase-exchange-sandbox"
SUBSCRIBE = '{"type":"subscribe","product_ids":["BTC-USD"],"channels":["ticker"]}'
ERROR = b'{"type":"error","message":"the venue restarts"}'

STORY: list[Line] = [
    opened(0, 0),
    *(ticker(number, 0, number) for number in range(1, 4)),
    (3.5, 0, "frame", ERROR),
    closed(4, 0, 1012, "restart"),
    refused(5, 1, 503, retry_after=2.0),
    refused(7, 1),
    refused(8, 1, 521),
    opened(10, 1),
    *(ticker(number, 1, number) for number in range(11, 14)),
    closed(14, 1, 1006),
    opened(16, 2),
    *(ticker(number, 2, number) for number in range(17, 20)),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("outages") / "a.jsonl.zst", STORY)


def options(**others: Any) -> ReplayOptions:
    given: dict[str, Any] = {"port": 0, "speed": math.inf, "with_outages": True, "settle": 0.0}
    return ReplayOptions(**{**given, **others})


class Visit:
    """What a client got that subscribes until it is disconnected."""

    def __init__(self) -> None:
        self.prices: list[int] = []
        self.errors: list[str] = []
        self.end: tuple[int | None, str | None] | None = None


async def listen(client: ClientConnection) -> Visit:
    visit = Visit()
    await client.send(SUBSCRIBE)
    try:
        async for message in client:
            told = json.loads(message)
            if told["type"] == "ticker":
                visit.prices.append(int(told["price"]))
            elif told["type"] == "error":
                visit.errors.append(told["message"])
    except ConnectionClosed:
        pass
    visit.end = client.protocol.close_code, client.protocol.close_reason
    return visit


async def attempt(url: str) -> Visit | tuple[int, str | None] | str:
    """Connect once: return what came of it."""
    try:
        async with connect(url) as client:
            return await listen(client)
    except InvalidStatus as refusal:
        return refusal.response.status_code, refusal.response.headers.get("Retry-After")
    except (OSError, EOFError, InvalidMessage):
        return "no answer"


async def visits(url: str) -> tuple[list[Visit], list[Any]]:
    """Come back at once, as often as there is something to come back to; return the visits and what else came."""
    came: list[Visit] = []
    refusals: list[Any] = []
    while not came or came[-1].end != (1000, ""):
        found = await attempt(url)
        await asyncio.sleep(0.01)
        (came if isinstance(found, Visit) else refusals).append(found)  # type: ignore[arg-type]
    return came, refusals


def run(coroutine: Any) -> Any:
    async def within() -> Any:
        async with asyncio.timeout(HANG_TIMEOUT):
            return await coroutine

    return asyncio.run(within())


def replayed(paths: Path | Sequence[Path], **others: Any) -> tuple[list[Visit], list[Any]]:
    async def go() -> tuple[list[Visit], list[Any]]:
        async with ReplayServer(paths, options(**others)) as server:
            return await visits(server.url)

    found: tuple[list[Visit], list[Any]] = run(go())
    return found


def test_as_fast_as_can_be_each_attempt_is_answered_as_the_next_one_was(path: Path) -> None:
    """And every frame comes, before and after; who comes back first gets the last ticker, as at the venue."""
    came, refusals = replayed(path)
    assert [one.prices for one in came] == [[1, 2, 3], [3, 11, 12, 13], [13, 17, 18, 19]]
    assert [one.end for one in came] == [(1012, "restart"), (1006, ""), (1000, "")]
    assert refusals == [(503, "2"), "no answer", (521, None)]
    assert [one.errors for one in came] == [["the venue restarts"], [], []]


def test_at_a_speed_attempts_are_answered_by_the_time(path: Path) -> None:
    came, refusals = replayed(path, speed=15.0)
    assert [one.prices[-1] for one in came] == [3, 13, 19]
    assert [one.end for one in came] == [(1012, "restart"), (1006, ""), (1000, "")]
    order = [refusals.index(one) for one in ((503, "2"), "no answer", (521, None))]
    assert order == sorted(order)


def test_without_the_option_the_connections_are_one(path: Path) -> None:
    """What later connections bring is sent as it is."""
    came, refusals = replayed(path, with_outages=False)
    assert refusals == []
    assert [(one.prices, one.errors, one.end) for one in came] == [
        ([1, 2, 3, 11, 12, 13, 17, 18, 19], [], (1000, "")),
    ]


def test_every_frame_and_every_outage_where_no_venue_answers(path: Path) -> None:
    came, refusals = replayed(path, mode="verbatim")
    assert [one.prices for one in came] == [[1, 2, 3], [11, 12, 13], [17, 18, 19]]
    assert came[0].errors == ["the venue restarts"]
    assert len(refusals) == 3


def test_a_replay_that_begins_amid_an_outage_refuses_until_it_is_over(path: Path) -> None:
    came, refusals = replayed(path, start=at(6), speed=15.0)
    assert [one.prices[-1] for one in came] == [13, 19]
    assert refusals[0] == (503, "2")


def test_rotated_files_are_no_outage(tmp_path: Path) -> None:
    parts = [
        write(tmp_path / f"a-{number}.jsonl.zst", lines, part=number)
        for number, lines in enumerate(([opened(0, 0), ticker(1, 0, 1)], [ticker(2, 0, 2), closed(3, 0, 1000)]), 1)
    ]
    other = write(tmp_path / "b.jsonl.zst", [opened(50, 0), ticker(51, 0, 51)], created=1)
    came, refusals = replayed([*parts, other])
    assert refusals == []
    assert [one.prices for one in came] == [[1, 2, 51]]


def test_a_client_that_has_not_subscribed_is_disconnected_too(path: Path) -> None:
    async def go() -> tuple[int | None, int | None]:
        async with (
            ReplayServer(path, options(speed=20.0, clock="shared")) as server,
            connect(server.url) as silent,
            connect(server.url) as client,
        ):
            visit = await listen(client)
            await silent.wait_closed()
            assert visit.end is not None
            return visit.end[0], silent.protocol.close_code

    assert run(go()) == (1012, 1012)


def test_a_step_ends_where_an_outage_begins_and_the_next_one_goes_on_after_it(path: Path) -> None:
    async def go() -> None:
        async with ReplayServer(path, options(paused=True)) as server:
            async with connect(server.url) as client:
                listening = asyncio.create_task(listen(client))
                while not server.steering.followers:
                    await asyncio.sleep(0)
                assert await server.steering.step(10) == 4
                visit = await listening
            assert (visit.prices, visit.end) == ([1, 2, 3], (1012, "restart"))
            assert await attempt(server.url) == (503, "2")
            assert await server.steering.step(1) == 1
            async with connect(server.url) as client:
                listening = asyncio.create_task(listen(client))
                while not server.steering.followers:
                    await asyncio.sleep(0)
                assert await server.steering.step(10) == 2
                assert (await listening).prices[-2:] == [12, 13]

    run(go())


def test_a_seek_leads_into_an_outage_and_out_of_it(path: Path) -> None:
    async def go() -> None:
        async with ReplayServer(path, options(paused=True)) as server:
            async with connect(server.url) as client:
                listening = asyncio.create_task(listen(client))
                while not server.steering.followers:
                    await asyncio.sleep(0)
                await server.steering.seek(at(8.5))
                assert (await listening).end == (1012, "restart")
            assert await attempt(server.url) == (521, None)
            await server.steering.seek(at(12.5))
            async with connect(server.url) as client:
                listening = asyncio.create_task(listen(client))
                while not server.steering.followers:
                    await asyncio.sleep(0)
                assert await server.steering.step(10) == 1
                assert (await listening).prices[-1] == 13

    run(go())


def test_http_is_answered_and_steering_goes_on_in_an_outage(path: Path) -> None:
    async def go() -> tuple[bytes, object]:
        async with ReplayServer(path, options(paused=True)) as server:
            await server.steering.seek(at(6))
            refused = await attempt(server.url)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET /_feedrec/status HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return answer, refused

    answer, refused = run(go())
    assert refused == (503, "2")
    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_the_server_waits_for_who_was_disconnected_and_not_for_who_has_seen_the_end(path: Path) -> None:
    async def go() -> list[bool]:
        async with ReplayServer(path, options(at_end="exit")) as server:
            finished = asyncio.create_task(server.wait_finished())
            assert isinstance(await attempt(server.url), Visit)
            await asyncio.sleep(0.05)
            before = finished.done()
            await visits(server.url)
            await finished
            return [before, server.has_lacked]

    assert run(go()) == [False, False]


def test_each_endpoint_has_its_own_outages(path: Path, tmp_path: Path) -> None:
    lines = [opened(0, 0), *(ticker(number, 0, number) for number in range(1, 41))]
    calm = write(tmp_path / "b.jsonl.zst", lines, endpoint=DIRECT)

    async def stay(url: str) -> Visit:
        async with connect(url) as client:
            return await listen(client)

    async def go() -> tuple[Visit, tuple[list[Visit], list[Any]]]:
        async with ReplayServer([path, calm], options(speed=15.0)) as server:
            away, here = server.urls.values()
            staying = asyncio.create_task(stay(here))
            others = await visits(away)
            return await staying, others

    calm_visit, (came, _) = run(go())
    assert [one.end for one in came] == [(1012, "restart"), (1006, ""), (1000, "")]
    assert calm_visit.prices[-1] == 40
    assert calm_visit.end == (1000, "")


def test_a_recording_that_grows_has_its_outages_when_the_recorder_has_tried_again(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl", Header(ENDPOINT, created=START))

    def grow(*lines: Line) -> None:
        for seconds, conn, name, what in lines:
            is_frame = name == "frame"
            writer.write(Frame(at(seconds), conn, what) if is_frame else Event(at(seconds), conn, name, what))
        writer.flush()

    async def refusal(url: str) -> Any:
        while isinstance(found := await attempt(url), Visit):
            await asyncio.sleep(0.01)
        return found

    async def go() -> None:
        async with ReplayServer(part_path(tmp_path / "a.jsonl"), options(speed=10.0)) as server:
            async with connect(server.url) as client:
                listening = asyncio.create_task(listen(client))
                while not server.steering.followers:
                    await asyncio.sleep(0.01)
                grow(closed(2, 0, 1001, "away"), refused(3, 1, 502))
                assert (await listening).end == (1001, "away")
            assert await refusal(server.url) == (502, None)
            grow(opened(9, 1), ticker(10, 1, 10))
            writer.finish()
            came, _ = await visits(server.url)
            assert came[-1].prices[-1:] in ([10], [1])

    grow(opened(0, 0), ticker(1, 0, 1), ticker(1.5, 0, 1))
    run(go())


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ({"loop": True}, "leave out --clock each and --loop"),
        ({"clock": "each"}, "leave out --clock each and --loop"),
        ({"faults": ("drop=1%",)}, "leave out --fault"),
        ({"mode": "dialogue"}, "leave out --with-outages"),
    ],
)
def test_what_does_not_go_with_outages_is_said(others: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        options(**others)
