"""What is asked below `/_feedrec/`, with real sockets."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import math
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.replay import ReplayOptions, ReplayServer

from ...timing import HANG_TIMEOUT, until
from ..keeping_client import connect
from ..raw_client import RawClient, run
from ..recordings import START, frames_of, numbered, record

SECOND = 1_000_000_000
TOKEN = "a-token-of-some-length"


def ask_now(
    port: int, method: str, target: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANG_TIMEOUT)
    connection.request(method, target, body, headers)
    response = connection.getresponse()
    answered = response.read()
    connection.close()
    named = {name.lower(): value for name, value in response.getheaders()}
    return response.status, named, json.loads(answered) if answered[:1] == b"{" else answered.decode()


async def ask(server: ReplayServer, what: str, *, body: bytes = b"", **headers: str) -> tuple[int, Any]:
    """Send a request such as `GET status`; return the status and the content of its answer."""
    method, name = what.split(" ", 1)
    status, _, content = await asyncio.to_thread(ask_now, server.port, method, f"/_feedrec/{name}", headers, body)
    return status, content


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record 100 frames, one a second."""
    return record(tmp_path_factory.mktemp("control") / "a.jsonl.zst", numbered(100, SECOND))


def serving(recording: Path, **options: Any) -> ReplayServer:
    return ReplayServer(recording, ReplayOptions(**{"port": 0, "paused": True, **options}))


async def joined(server: ReplayServer, client: Any, followers: int = 1) -> None:
    """Have a client say something, and wait until it follows."""
    await client.send("hello")
    await until(lambda: server.steering.followers == followers)


def test_a_program_steps_seeks_plays_and_pauses(recording: Path) -> None:
    """Each answer is the new status."""

    async def scenario() -> None:
        async with serving(recording) as server, connect(server.url) as client:
            await joined(server, client)
            status, stepped = await ask(server, "POST step?frames=3")
            assert (status, stepped["played"], stepped["position"], stepped["state"]) == (200, 3, 3, "paused")
            assert [await client.recv() for _ in range(3)] == [f'{{"number":{number}}}' for number in range(3)]
            status, sought = await ask(server, "POST seek?to=%2B30s")
            assert (status, sought["offset_s"], sought["present"]) == (200, 30.0, "2026-08-09T21:06:18.000000000Z")
            status, faster = await ask(server, "POST speed?value=max")
            assert (status, faster["speed"]) == (200, "max")
            status, playing = await ask(server, "POST resume")
            assert (status, playing["state"]) == (200, "playing")
            played = [await client.recv() for _ in range(70)]
            assert (played[0], played[-1]) == ('{"number":30}', '{"number":99}')
            status, paused = await ask(server, "POST pause")
            assert (status, paused["frames"]) == (200, 73)

    run(scenario())


def test_the_status_tells_of_the_clients(recording: Path) -> None:
    async def scenario() -> None:
        async with serving(recording) as server:
            status, waiting = await ask(server, "GET status")
            assert (status, waiting["state"], waiting["clients"], waiting["endpoints"]) == (200, "paused", [], ["raw"])
            assert waiting["start"] == "2026-08-09T21:05:48.000000000Z"
            async with connect(server.url) as client:
                await joined(server, client)
                await server.steering.step(2)
                _, told = await ask(server, "GET status")
                (of_client,) = told["clients"]
                assert (of_client["client"], of_client["frames"], of_client["bytes"]) == (1, 2, 24)
            assert (await ask(server, "HEAD status")) == (200, "")

    run(scenario())


@pytest.mark.parametrize(
    ("what", "status", "title", "detail"),
    [
        ("GET nothing", 404, "Not Found", "nothing is at '/_feedrec/nothing'"),
        ("GET ../status", 404, "Not Found", "nothing is at"),
        ("GET static/page.js", 404, "Not Found", "nothing is at"),
        ("POST status", 405, "Method Not Allowed", "POST is not for /_feedrec/status: use GET, HEAD"),
        ("GET pause", 405, "Method Not Allowed", "GET is not for /_feedrec/pause: use POST"),
        ("OPTIONS pause", 405, "Method Not Allowed", "use POST"),
        ("GET events", 426, "Upgrade Required", "this is a WebSocket"),
        ("POST step?frames=x", 400, "Bad Request", "frames is a whole number"),
        ("POST seek", 400, "Bad Request", "seek needs a time"),
        ("POST step?client=7", 404, "Not Found", "there is no client 7"),
    ],
)
def test_what_is_wrong_is_a_problem_in_json(recording: Path, what: str, status: int, title: str, detail: str) -> None:
    method, name = what.split(" ", 1)

    async def scenario() -> None:
        async with serving(recording) as server:
            found, headers, problem = await asyncio.to_thread(ask_now, server.port, method, f"/_feedrec/{name}", {})
            assert (found, headers["content-type"]) == (status, "application/problem+json")
            assert (problem["type"], problem["status"], problem["title"]) == ("about:blank", status, title)
            assert detail in problem["detail"]
            assert headers.get("allow") == {405: problem["detail"].rpartition("use ")[2]}.get(status)
            assert not server.has_lacked

    run(scenario())


def test_a_body_is_no_place_for_parameters(recording: Path) -> None:
    async def scenario() -> None:
        async with serving(recording) as server:
            status, problem = await ask(server, "POST step", body=b"frames=3")
            assert (status, "not in a body" in problem["detail"]) == (400, True)
            assert server.steering.position == 0

    run(scenario())


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record frames of which each is more than the system takes for a client that reads nothing."""
    return record(tmp_path_factory.mktemp("large") / "a.jsonl.zst", frames_of([b'"%s"' % (b"x" * 4_000_000)] * 3))


def test_a_client_that_reads_nothing_blocks_no_program(large: Path) -> None:
    """A step has its time; a status and a pause take none."""

    async def scenario() -> None:
        async with serving(large) as server, RawClient(server.port, receive_buffer=1 << 12) as client:
            client.send()
            await until(lambda: server.steering.followers)
            status, problem = await ask(server, "POST step?timeout=100ms")
            assert (status, problem["title"]) == (504, "Gateway Timeout")
            assert "a client does not read" in problem["detail"]
            assert (await ask(server, "GET status"))[1]["state"] == "paused"
            assert (await ask(server, "POST pause"))[0] == 200

    run(scenario())


@pytest.mark.parametrize("goes", ["close", "abort"])
def test_a_step_ends_when_the_connection_goes_that_asked_for_it(large: Path, goes: str) -> None:
    async def scenario() -> None:
        async with serving(large) as server, RawClient(server.port, receive_buffer=1 << 12) as client:
            client.send()
            await until(lambda: server.steering.followers)
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"POST /_feedrec/step?timeout=600s HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await until(lambda: server.steering.position == 1)
            status, problem = await ask(server, "POST step?timeout=1ms")
            assert (status, "another step or seek is under way" in problem["detail"]) == (409, True)
            getattr(writer.transport, goes)()
            while status == 409:
                status, problem = await ask(server, "POST step?timeout=50ms")
            assert (status, "a client does not read" in problem["detail"]) == (504, True)

    run(scenario())


def test_where_there_is_a_token_nothing_is_told_without(recording: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Also on this machine, if it was given; and no line of the log has it."""

    async def scenario() -> None:
        async with serving(recording, control_token=TOKEN) as server:
            status, headers, problem = await asyncio.to_thread(ask_now, server.port, "GET", "/_feedrec/status", {})
            assert (status, headers["www-authenticate"]) == (401, 'Bearer realm="feedrec"')
            assert "--control-token" in problem["detail"]
            assert (await ask(server, "POST pause"))[0] == 401
            assert (await ask(server, "GET api/info"))[0] == 401
            assert (await ask(server, "GET static/page.js"))[0] == 404  # there is no page, which is no secret
            assert (await ask(server, "POST pause", Authorization=f"Bearer {TOKEN}"))[0] == 200
            assert (await ask(server, f"POST resume?token={TOKEN}"))[0] == 200
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{server.url}/_feedrec/events").__aenter__()
            assert refused.value.response.status_code == 401
            assert refused.value.response.headers["WWW-Authenticate"] == 'Bearer realm="feedrec"'
            async with connect(f"{server.url}/_feedrec/events?token={TOKEN}") as events:
                assert json.loads(await events.recv())["type"] == "status"
            async with connect(server.url) as client:  # of the feed, which needs none
                await joined(server, client)

    with caplog.at_level(logging.DEBUG, logger="feedrec"):
        run(scenario())
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("feedrec")]
    assert [line for line in lines if TOKEN in line] == []
    assert any(line.startswith("paused, as 127.0.0.1:") for line in lines)


def test_beyond_this_machine_there_is_always_a_token(recording: Path) -> None:
    async def scenario() -> None:
        async with serving(recording) as server:
            assert server.control_token is None
        async with serving(recording, host="0.0.0.0") as server:
            assert server.control_token is not None
            assert (await ask(server, "GET status"))[0] == 401
            assert (await ask(server, "GET status", Authorization=f"Bearer {server.control_token}"))[0] == 200

    run(scenario())


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example:8765"},
        {"Host": "evil.example:8765", "Origin": "http://evil.example:8765"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_no_page_of_somebody_else_steers(recording: Path, headers: dict[str, str]) -> None:
    """Neither by its Origin, nor by a name that leads here, nor without saying who it is."""

    async def scenario() -> None:
        async with serving(recording, paused=False) as server:
            answer = await asyncio.to_thread(ask_now, server.port, "POST", "/_feedrec/pause", headers)
            assert (answer[0], answer[1]["content-type"]) == (403, "application/problem+json")
            assert not server.steering.is_paused

    run(scenario())


def test_a_page_answers_where_there_is_one(recording: Path) -> None:
    class Page:
        async def answer(self, request: HttpRequest) -> HttpAnswer | None:
            return None if request.path.endswith("none") else HttpAnswer(200, request.target.encode())

    async def scenario() -> None:
        async with serving(recording) as server:
            server.control.page = None
            assert (await ask(server, "GET "))[0] == 404
            server.control.page = Page()
            for target in ("", "static/page.js", "api/info?x=1"):
                assert await ask(server, f"GET {target}") == (200, f"/_feedrec/{target}")
            assert (await ask(server, "GET api/none"))[0] == 404
            assert (await ask(server, "POST api/info"))[0] == 405
            assert (await ask(server, "GET other"))[0] == 404

    run(scenario())


def test_the_status_is_that_of_all_endpoints(tmp_path: Path) -> None:
    """Steps go over all of them."""
    beats = [b'{"type":"heartbeat","product_id":"BTC-USD","sequence":%d}' % number for number in range(10)]
    one = record(tmp_path / "a.jsonl", frames_of(beats, SECOND), "coinbase-exchange")
    other = record(tmp_path / "b.jsonl", numbered(10, SECOND), "coinbase-advanced")

    async def scenario() -> None:
        replay = ReplayServer([one, other], ReplayOptions(port=0, paused=True))
        async with replay as server, connect(server.urls["coinbase-exchange"]) as client:
            await client.send('{"type":"subscribe","channels":["heartbeat"],"product_ids":["BTC-USD"]}')
            await until(lambda: server.steering.followers)
            _, told = await ask(server, "POST step?frames=8")
            assert (told["endpoints"], told["position"]) == (["coinbase-exchange", "coinbase-advanced"], 8)
            (of_client,) = told["clients"]
            assert (of_client["endpoint"], of_client["frames"]) == ("coinbase-exchange", 4)
            assert of_client["subscribed"] == {"heartbeat": ["BTC-USD"]}

    run(scenario())


def test_whoever_forgets_the_slash_is_led_to_the_page(recording: Path) -> None:
    async def scenario() -> None:
        async with serving(recording) as server:
            status, headers, _ = await asyncio.to_thread(ask_now, server.port, "GET", f"/_feedrec?token={TOKEN}", {})
            assert (status, headers["location"]) == (308, f"/_feedrec/?token={TOKEN}")
            assert (await asyncio.to_thread(ask_now, server.port, "GET", "/_feedrecorder", {}))[0] == 426

    run(scenario())


def test_it_is_steered_while_it_waits_and_while_clients_are_refused(recording: Path) -> None:
    """What is done to clients on purpose is not done to programs."""

    async def scenario() -> None:
        async with serving(recording, paused=False, wait_for=2, faults=("refuse=3",)) as server:
            status, waiting = await ask(server, "GET status")
            assert (status, waiting["state"]) == (200, "waiting")
            async with connect(f"{server.url}/_feedrec/events") as events:
                assert json.loads(await events.recv())["state"] == "waiting"
                with pytest.raises(InvalidStatus):
                    await connect(server.url)
            status, problem = await ask(server, "POST step")
            assert (status, "this one waits for 2" in problem["detail"]) == (409, True)

    run(scenario())


def test_one_client_of_several_is_steered(recording: Path) -> None:
    async def scenario() -> None:
        replay = serving(recording, paused=False, clock="each", speed=0.001)
        async with replay as server, connect(server.url) as first, connect(server.url) as second:
            for client in (first, second):
                await client.send("hello")
                await client.recv()
            status, told = await ask(server, "POST pause?client=2")
            assert (status, [one["state"] for one in told["clients"]]) == (200, ["playing", "paused"])
            status, told = await ask(server, "POST step?frames=4&client=2")
            assert (status, told["played"], [one["frames"] for one in told["clients"]]) == (200, 4, [1, 5])
            status, told = await ask(server, "POST seek?to=%2B50s")
            assert [round(one["offset_s"]) for one in told["clients"]] == [50, 50]

    run(scenario())


def test_what_is_no_handshake_for_events_is_no_client_of_the_feed_either(recording: Path) -> None:
    async def scenario() -> None:
        async with serving(recording) as server:
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{server.url}/_feedrec/status").__aenter__()
            assert refused.value.response.status_code == 404

    run(scenario())


def test_what_cannot_be_done_now_is_a_conflict(recording: Path) -> None:
    """Nobody is there whose timeline could be played, where each client has its own."""

    async def scenario() -> None:
        async with serving(recording, paused=False, clock="each", speed=math.inf) as server:
            status, problem = await ask(server, "POST step")
            assert (status, problem["title"]) == (409, "Conflict")
            assert problem["detail"]

    run(scenario())


def test_the_start_of_the_recording_is_where_offsets_count_from(recording: Path) -> None:
    """Also where the replay begins later."""

    async def scenario() -> None:
        async with serving(recording, start=START + 10 * SECOND) as server, connect(server.url) as client:
            await joined(server, client)
            assert (await ask(server, "POST seek?to=%2B30s"))[1]["offset_s"] == 30.0
            await ask(server, "POST step")
            assert await client.recv() == '{"number":30}'

    run(scenario())
