"""A relay passes on what it gets, byte for byte, both ways, and ends as the other side did."""

from __future__ import annotations

import asyncio
import base64
import os
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response
from websockets.protocol import State

from feedrec.recorder import RecordingProxy

from ..venue import Peer, binary, close, events, more, payloads, received, run, sent, stay, text, until, venue
from .through import client, closed, echo, proxied

MESSAGES: list[str | bytes] = ["", "text", '{ "a" : 1.50 }', "ü\u0000", b"", b"\x00\xff", b'{"a":1}', "x" * 70_000]


@pytest.mark.parametrize("of_client", [None, "deflate"])
@pytest.mark.parametrize("of_venue", [None, "deflate"])
def test_every_message_arrives_as_it_was_sent_whoever_compresses(
    path: Path, of_client: str | None, of_venue: str | None
) -> None:
    """Text, binary, fragments joined; both directions are recorded."""

    async def talk() -> list[str | bytes]:
        async with proxied(path, compression=of_venue) as proxy, client(proxy, compression=of_client) as websocket:
            got = []
            for message in MESSAGES:
                await websocket.send(message)
                got.append(await websocket.recv())
            await websocket.send(["in ", "three ", "parts"])
            return [*got, await websocket.recv()]

    expected = [*MESSAGES, "in three parts"]
    assert run(talk()) == expected
    as_bytes = [one.encode() if isinstance(one, str) else one for one in expected]
    assert payloads(path) == as_bytes
    assert [frame.payload for frame in sent(path)] == as_bytes
    kinds = [isinstance(one, bytes) for one in expected]
    assert [frame.binary for frame in received(path)] == [frame.binary for frame in sent(path)] == kinds


def test_ten_megabytes_pass_both_ways(path: Path) -> None:
    """What a client says that is longer than is searched for secrets passes as it is, and is not on disk."""
    large = os.urandom(10 << 20)

    async def talk() -> bool:
        options: dict[str, Any] = {"compression": None}
        async with proxied(path, **options) as proxy, client(proxy, **options) as websocket:
            await websocket.send(large)
            return await websocket.recv() == large

    assert run(talk())
    assert payloads(path) == [large]
    assert [(frame.payload, frame.redacted, frame.binary) for frame in sent(path)] == [(b'"[redacted]"', True, True)]


@pytest.mark.parametrize(
    ("head", "is_recorded"),
    [(b'{"type":"append","audio":"', True), (b'{"type":"append","token":"', False), (b"no json ", False)],
)
def test_a_long_message_of_a_client_is_recorded_if_it_surely_has_no_secret(
    path: Path, head: bytes, *, is_recorded: bool
) -> None:
    """It reaches the venue in any case."""
    message = (head + base64.b64encode(os.urandom(400_000)) + b'"}').decode()

    async def talk() -> bool:
        async with proxied(path) as proxy, client(proxy) as websocket:
            await websocket.send(message)
            return await websocket.recv() == message

    assert run(talk())
    assert payloads(path) == [message.encode()]
    frame = sent(path)[0]
    assert (frame.payload == message.encode()) is is_recorded
    assert frame.redacted is not is_recorded


def test_fragments_and_text_that_is_no_unicode_pass(path: Path) -> None:
    """The proxy judges nothing: the client does."""

    async def script(peer: Peer) -> None:
        await peer.accept(text(b"a", fin=False), more(b"b"), more(b"c", fin=True), binary(b"\xff"), text(b"\xff"))
        await peer.answer_close()

    async def talk() -> list[str | bytes]:
        async with venue(script) as url, RecordingProxy(url, path) as proxy, client(proxy) as websocket:
            got = [await websocket.recv(), await websocket.recv()]
            with pytest.raises((ConnectionClosed, UnicodeDecodeError)):  # versions of the library differ
                await websocket.recv()
            return got

    assert run(talk()) == ["abc", b"\xff"]
    assert [event.details["by"] for event in events(path, "close")] == ["client"]
    assert payloads(path) == [b"abc", b"\xff", b"\xff"]


@pytest.mark.parametrize("code", [1000, 1001, 1011, 3000, 4999])
def test_the_close_of_the_client_reaches_the_venue(path: Path, code: int) -> None:
    ends: list[tuple[int | None, str | None]] = []

    async def handler(websocket: ServerConnection) -> None:
        ends.append(await closed(websocket))

    async def talk() -> None:
        async with proxied(path, handler) as proxy, client(proxy) as websocket:
            await websocket.close(code, "bye")
            await until(lambda: ends)

    run(talk())
    assert ends == [(code, "bye")]
    assert [event.details for event in events(path, "close")] == [{"code": code, "reason": "bye", "by": "client"}]


@pytest.mark.parametrize("code", [1000, 1008, 1012, 4001])
def test_the_close_of_the_venue_reaches_the_client_after_its_last_frame(path: Path, code: int) -> None:
    async def handler(websocket: ServerConnection) -> None:
        await websocket.send("last")
        await websocket.close(code, "so long")

    async def talk() -> tuple[str | bytes, tuple[int, str]]:
        async with proxied(path, handler) as proxy, client(proxy) as websocket:
            return await websocket.recv(), await closed(websocket)

    assert run(talk()) == ("last", (code, "so long"))
    assert [event.details for event in events(path, "close")] == [{"code": code, "reason": "so long", "by": "venue"}]


def test_a_close_without_a_code_stays_one(path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.accept(b"\x88\x00")
        await peer.read_until_close()

    async def talk() -> int:
        async with venue(script) as url, RecordingProxy(url, path) as proxy, client(proxy) as websocket:
            return (await closed(websocket))[0]

    assert run(talk()) == 1005


def test_a_venue_that_is_lost_is_lost_for_the_client_too(path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.accept(text(b"last"))
        await peer.read_frame()
        peer.abort()

    async def talk() -> tuple[str | bytes, int]:
        async with venue(script) as url, RecordingProxy(url, path) as proxy, client(proxy) as websocket:
            last = await websocket.recv()
            await websocket.send("go")
            return last, (await closed(websocket))[0]

    assert run(talk()) == ("last", 1006)
    assert [(one.details["code"], one.details["by"]) for one in events(path, "close")] == [(1006, "venue")]


def test_a_client_that_is_lost_is_lost_for_the_venue_too(path: Path) -> None:
    ends: list[int | None] = []

    async def handler(websocket: ServerConnection) -> None:
        ends.append((await closed(websocket))[0])

    async def talk() -> None:
        async with proxied(path, handler) as proxy:
            websocket = await client(proxy)
            websocket.transport.abort()
            await until(lambda: ends)

    run(talk())
    assert ends == [1006]
    assert [(one.details["code"], one.details["by"]) for one in events(path, "close")] == [(1006, "client")]


def test_the_venue_chooses_the_subprotocol_and_its_headers_go_back(path: Path) -> None:
    seen: list[Request] = []

    async def handler(websocket: ServerConnection) -> None:
        assert websocket.request is not None
        seen.append(websocket.request)
        await echo(websocket)

    def add(_: ServerConnection, __: Request, response: Response) -> None:
        response.headers["Set-Cookie"] = "a=1"
        response.headers["Set-Cookie"] = "b=2"
        response.headers["X-Rate"] = "7"

    async def talk() -> tuple[Any, Any]:
        headers = {"Authorization": "Bearer sesame-open-1", "X-API-Key": "sesame-open-2", "X-Plain": "yes"}
        async with proxied(path, handler, subprotocols=["b", "c"], process_response=add) as proxy:
            options: dict[str, Any] = {"subprotocols": ["a", "b"], "additional_headers": headers}
            async with client(
                proxy, "/ws?x=1&api_key=sesame-open-3", user_agent_header="bot/1", **options
            ) as websocket:
                return websocket.subprotocol, websocket.response

    subprotocol, response = run(talk())
    assert subprotocol == "b"
    assert response.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert response.headers["X-Rate"] == "7"
    request = seen[0]
    assert request.path == "/ws?x=1&api_key=sesame-open-3"
    assert request.headers["Authorization"] == "Bearer sesame-open-1"
    assert request.headers["X-API-Key"] == "sesame-open-2"
    assert request.headers["User-Agent"] == "bot/1"
    assert request.headers.get_all("Host") != []
    details = events(path, "open")[0].details
    assert details["subprotocol"] == "b"
    assert details["url"].endswith("/ws?x=1&api_key=[redacted]")
    assert details["headers"]["X-Plain"] == "yes"
    assert details["headers"]["Authorization"] == details["headers"]["X-API-Key"] == "[redacted]"


@pytest.mark.parametrize(("status", "body"), [(401, b"who are you?"), (429, b'{"slow":"down"}'), (503, b"")])
def test_a_refusal_of_the_venue_is_passed_on_with_its_body(path: Path, status: int, body: bytes) -> None:
    async def script(peer: Peer) -> None:
        length = f"Content-Length: {len(body)}"
        await peer.respond(f"{status} Some Reason", "Retry-After: 9", "Location: /there", length, body=body)

    async def talk() -> Response:
        async with venue(script) as url, RecordingProxy(url, path) as proxy:
            with pytest.raises(InvalidStatus) as caught:
                await client(proxy)
        return caught.value.response

    response = run(talk())
    assert (response.status_code, response.reason_phrase) == (status, "Some Reason")
    assert response.headers["Retry-After"] == "9"
    assert bytes(response.body or b"") == body
    assert list(path.parent.iterdir()) == []  # no connection, no recording


def test_it_is_the_client_that_follows_a_redirect_or_not(path: Path) -> None:
    async def redirect(peer: Peer) -> None:
        await peer.respond("302 Found", "Location: /there", "Content-Length: 0")

    async def talk() -> str | bytes:
        async with venue(redirect, stay) as url, RecordingProxy(url, path) as proxy, client(proxy) as websocket:
            return await websocket.recv()

    run(talk())
    assert [event.details["url"].rpartition("/")[2] for event in events(path, "open")] == ["there"]
    assert [(event.conn, event.details["status"]) for event in events(path, "refused")] == [(0, 302)]


def test_a_venue_that_is_not_there_is_a_502_with_a_sentence(path: Path) -> None:
    async def talk() -> Response:
        async with RecordingProxy("ws://127.0.0.1:1", path) as proxy:
            with pytest.raises(InvalidStatus) as caught:
                await client(proxy)
        return caught.value.response

    response = run(talk())
    assert response.status_code == 502
    expected = b"cannot connect to ws://127.0.0.1:1: connection refused, nothing is listening there\n"
    assert response.body == expected


def test_a_client_that_reads_nothing_makes_its_own_venue_wait_and_nobody_else(path: Path) -> None:
    """What the slow one has not read is not in memory: its venue is stuck in its own `send`."""
    states: list[ServerConnection] = []
    count = 600
    sent_to_slow = 0

    async def handler(websocket: ServerConnection) -> None:
        nonlocal sent_to_slow
        states.append(websocket)
        is_slow = len(states) == 1
        for _ in range(count):
            await websocket.send("x" * 50_000)
            sent_to_slow += is_slow
            await asyncio.sleep(0)
        await websocket.wait_closed()

    async def talk() -> tuple[int, int]:
        options: dict[str, Any] = {"compression": None}
        async with proxied(path, handler, **options) as proxy, client(proxy, max_queue=1, **options) as slow:
            await slow.recv()
            async with client(proxy, **options) as fast:
                for _ in range(count):
                    await fast.recv()
                stuck_at = sent_to_slow
                for _ in range(count - 1):
                    await slow.recv()
                return stuck_at, sent_to_slow

    stuck_at, in_the_end = run(talk())
    assert stuck_at < count
    assert in_the_end == count
    opened = {event.conn for event in events(path, "open")}
    assert opened == {0, 1}
    for conn in opened:
        assert sum(frame.conn == conn for frame in received(path)) == count


def test_a_ping_of_either_side_is_answered(path: Path) -> None:
    pongs: list[bool] = []

    async def handler(websocket: ServerConnection) -> None:
        await (await websocket.ping())
        pongs.append(True)
        await websocket.wait_closed()

    async def talk() -> None:
        async with proxied(path, handler) as proxy, client(proxy) as websocket:
            await (await websocket.ping())
            await until(lambda: pongs)
            assert websocket.protocol.state is State.OPEN

    run(talk())


def test_secrets_of_the_client_reach_the_venue_and_not_the_disk(path: Path) -> None:
    said = '{"type":"subscribe","jwt":"eyJhbGciOi-sesame","signature":"c2VzYW1l-sesame","channel":"level2"}'
    heard: list[str | bytes] = []

    async def handler(websocket: ServerConnection) -> None:
        heard.append(await websocket.recv())
        await websocket.send("ok")
        await websocket.wait_closed()

    async def talk() -> None:
        async with proxied(path, handler) as proxy, client(proxy) as websocket:
            await websocket.send(said)
            await websocket.recv()

    run(talk())
    assert heard == [said]
    frame = sent(path)[0]
    assert frame.redacted
    assert b"sesame" not in frame.payload
    assert b'"channel":"level2"' in frame.payload


def test_a_venue_that_sends_with_its_answer_is_not_cut_short(path: Path) -> None:
    """The first frames come before the client has its own answer."""

    async def script(peer: Peer) -> None:
        await peer.accept(text(b"first"), text(b"second"), close(1000, "done"))
        await peer.read_until_close()

    async def talk() -> list[str | bytes]:
        async with venue(script) as url, RecordingProxy(url, path) as proxy, client(proxy) as websocket:
            got = [await websocket.recv(), await websocket.recv()]
            assert await closed(websocket) == (1000, "done")
            return got

    assert run(talk()) == ["first", "second"]
