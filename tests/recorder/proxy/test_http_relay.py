"""HTTP requests that go through the proxy: what arrives on either side, and what is recorded."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import logging
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard

from feedrec.formats import open_recording
from feedrec.formats.line.http_events import exchange_of
from feedrec.http_messages import HttpExchange, HttpRequest
from feedrec.model import Event, Frame
from feedrec.recorder import ProxyOptions, RecordingProxy
from feedrec.recorder.proxy import answer_budget, http_relay
from feedrec.recorder.proxy import server as proxy_server
from feedrec.recorder.proxy.answer_budget import AnswerBudget
from feedrec.recorder.rest.exchange_log import ExchangeLog

from ...timing import until
from ..rest.rest_server import Answer, Asked, RestServer, answered, chunked, rest_server
from ..venue import NEVER, run
from .through import client as connect_to
from .through import proxied

PRODUCTS = json.dumps([{"id": f"A{number}-USD", "base_increment": "0.00000001"} for number in range(100_000)]).encode()


@contextlib.asynccontextmanager
async def between(
    path: Path, answer: Answer, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, RestServer]]:
    """Have a client, a proxy and a server."""
    async with rest_server(answer, tls) as server:
        choices = ProxyOptions(rest_to=server.url, **options)
        async with (
            RecordingProxy("ws://127.0.0.1:1", path, choices) as proxy,
            httpx.AsyncClient(base_url=proxy.rest_url, trust_env=False, timeout=None) as client,
        ):
            yield client, server


def send(
    path: Path,
    answer: Answer,
    method: str = "GET",
    target: str = "/products",
    tls: ssl.SSLContext | None = None,
    **request: Any,
) -> tuple[bytes, httpx.Response, RestServer]:
    """Send one request; return the body of the answer as it was sent, the answer, and the server."""

    async def send_it() -> tuple[bytes, httpx.Response, RestServer]:
        async with between(path, answer, tls) as (client, server):
            async with client.stream(method, target, **request) as response:
                body = b"".join([piece async for piece in response.aiter_raw()])
            return body, response, server

    return run(send_it())


def exchanges(path: Path) -> list[HttpExchange]:
    with open_recording(path) as recording:
        events = [one for one in recording if isinstance(one, Event) and one.name == "http"]
    found = [exchange_of(one) for one in events]
    return [one for one in found if one is not None]


def test_a_request_and_its_answer_go_through_and_are_recorded(path: Path, tls: ssl.SSLContext | None) -> None:
    body, response, server = send(path, lambda _: answered(b"[1]", "CB-After: 7"), target="/products?a=1", tls=tls)
    assert (response.status_code, body, response.headers["cb-after"]) == (200, b"[1]", "7")
    assert server.asked[0].target == "/products?a=1"
    [exchange] = exchanges(path)
    assert (exchange.method, exchange.url) == ("GET", f"{server.url}/products?a=1")
    assert (exchange.answer.status, exchange.answer.body) == (200, b"[1]")
    assert exchange.answer.headers == (("cb-after", "7"),)
    assert exchange.started < exchange.time
    assert not exchange.by


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "REPORT"])
def test_any_method_and_body(path: Path, method: str) -> None:
    sent = b'{"size":"1"}'
    headers = {"content-type": "application/json"}
    body, _, server = send(path, lambda asked: answered(asked.body), method, content=sent, headers=headers)
    assert (server.asked[0].method, server.asked[0].body, body) == (method, sent, sent)
    [exchange] = exchanges(path)
    assert (exchange.method, exchange.sent_type, exchange.sent) == (method, "application/json", sent)


def test_a_body_in_chunks(path: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"abc"
        yield b"def"

    assert send(path, lambda asked: chunked(asked.body, b"!"), "POST", content=pieces())[0] == b"abcdef!"
    assert exchanges(path)[0].sent == b"abcdef"


CODINGS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("zstd", zstandard.ZstdCompressor().compress),
]


@pytest.mark.parametrize(("coding", "pack"), CODINGS)
def test_a_compressed_answer_arrives_as_it_was_sent_and_is_recorded_unpacked(
    path: Path, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    packed = pack(PRODUCTS)
    body, response, _ = send(path, lambda _: answered(packed, f"Content-Encoding: {coding}"))
    assert (body, response.headers["content-encoding"]) == (packed, coding)
    [exchange] = exchanges(path)
    assert exchange.answer.body == PRODUCTS
    assert exchange.answer.headers == ()


def test_only_what_can_be_unpacked_is_asked_for_and_other_answers_are_not_recorded(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    packed = b"\x0b\x02\x80[1,2]\x03"
    body, response, server = send(
        path, lambda _: answered(packed, "Content-Encoding: br"), headers={"accept-encoding": "br, gzip, *"}
    )
    assert server.asked[0].header("accept-encoding") == "gzip"
    assert (body, response.headers["content-encoding"]) == (packed, "br")
    assert f"{server.url}/products: the answer cannot be unpacked, and is not recorded" in caplog.text
    assert not path.exists()


def test_a_bomb_arrives_as_it_was_sent_and_is_not_unpacked(path: Path) -> None:
    bomb = gzip.compress(bytes(65 << 20))
    assert send(path, lambda _: answered(bomb, "Content-Encoding: gzip"))[0] == bomb
    assert not path.exists()


def test_headers_go_both_ways_but_for_those_of_one_connection(path: Path) -> None:
    said = {
        "authorization": "Bearer abc",
        "cookie": "a=b",
        "x-y": "z",
        "keep-alive": "5",
        "connection": "keep-alive, x-hop",
    }
    _, response, server = send(
        path,
        lambda _: answered(b"", "Set-Cookie: a=1", "Set-Cookie: b=2", "X-A: 1", "Connection: X-Hop", "X-Hop: 1"),
        headers={**said, "x-hop": "1", "origin": "http://127.0.0.1:3000"},
    )
    names = {name.lower() for name, _ in server.asked[0].headers}
    assert {"authorization", "cookie", "x-y", "user-agent"} <= names
    assert not names & {"keep-alive", "connection", "x-hop", "origin"}
    assert server.asked[0].header("host") == server.url.removeprefix("http://")
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert response.headers["x-a"] == "1"
    assert "x-hop" not in response.headers
    assert exchanges(path)[0].answer.headers == (("x-a", "1"),)


@pytest.mark.parametrize("status", ["200 OK", "418 \xff", "600 Odd", "999 "])
def test_an_answer_with_control_characters_in_its_headers_can_be_served_later(path: Path, status: str) -> None:
    headers = ("X-A: a\x01b", "X-B: 7", "Link: <a>", "Link: ")
    body, response, _ = send(path, lambda _: answered(b"[1]", *headers, status=status, kind="a\x7fb"))
    assert (body, response.status_code, response.headers["x-b"]) == (b"[1]", int(status[:3]), "7")
    [exchange] = exchanges(path)
    assert (exchange.answer.body, exchange.answer.content_type) == (b"[1]", "")
    assert exchange.answer.headers == (("x-b", "7"), ("link", "<a>"))


def test_answers_without_a_body(path: Path) -> None:
    async def ask() -> list[httpx.Response]:
        answers = iter(
            [
                answered(b"", "ETag: x", size=12345),
                answered(status="204 No Content").replace(b"Content-Length: 0\r\n", b""),
                answered(b"", 'ETag: "x"', status="304 Not Modified", size=77),
                answered(b"[]"),
            ]
        )
        async with between(path, lambda _: next(answers)) as (client, _):
            return [await client.request(method, "/x") for method in ("HEAD", "DELETE", "GET", "GET")]

    head, empty, unchanged, other = run(ask())
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "12345", b"")
    assert head.headers["content-type"] == "application/json"
    assert (empty.status_code, unchanged.status_code, other.content) == (204, 304, b"[]")
    assert unchanged.headers["etag"] == '"x"'
    assert [one.answer.status for one in exchanges(path)] == [200, 204, 304, 200]


def test_redirects_and_refusals_are_the_clients_to_see(path: Path) -> None:
    async def ask() -> list[httpx.Response]:
        answers = iter([answered(b"", "Location: /b", status="302 Found"), answered(b"{}", status="429 Slow down")])
        async with between(path, lambda _: next(answers)) as (client, _):
            return [await client.get("/a"), await client.get("/a")]

    assert [one.status_code for one in run(ask())] == [302, 429]
    assert [one.answer.status for one in exchanges(path)] == [302, 429]


def test_a_venue_that_breaks_off_is_a_502_in_words(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "feedrec"):
        body, response, server = send(path, lambda _: b"", target="/x?api_key=abcdefgh")
    text = f"cannot get an answer from {server.url}/x?api_key=[redacted]: the server closed the connection without"
    assert response.status_code == 502
    assert body.decode() == f"{text} answering\n"
    assert "a request got no answer: cannot get an answer from http://127.0.0.1:" in caplog.text
    assert "abcdefgh" not in caplog.text
    assert not path.exists()  # nothing is in it


@pytest.mark.parametrize("target", [b"*", b"/a#b"])
def test_a_target_that_is_no_path(path: Path, target: bytes) -> None:
    async def ask() -> bytes:
        async with rest_server(lambda _: answered()) as server:
            async with RecordingProxy("ws://127.0.0.1:1", path, ProxyOptions(rest_to=server.url)) as proxy:
                reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
                writer.write(b"OPTIONS %b HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" % target)
                answer = await reader.read()
                writer.close()
            assert server.asked == []
            return answer

    assert run(ask()).startswith(b"HTTP/1.1 400 ")


def test_many_requests_at_once(path: Path) -> None:
    """None waits for another, as long as they are no more than a hundred."""
    here = 0
    all_here = asyncio.Event()

    async def answer(_: object) -> bytes:
        nonlocal here
        here += 1
        if here == 80:
            all_here.set()
        await all_here.wait()
        return answered(PRODUCTS[:20_000])

    async def ask() -> None:
        async with between(path, answer) as (client, _):
            limits = httpx.Limits(max_connections=None)
            async with httpx.AsyncClient(
                base_url=client.base_url, limits=limits, trust_env=False, timeout=None
            ) as many:
                found = await asyncio.gather(*(many.get(f"/{number}") for number in range(80)))
            assert {one.content for one in found} == {PRODUCTS[:20_000]}

    run(ask())
    assert len(exchanges(path)) == 80


@pytest.mark.parametrize("answer", [chunked(PRODUCTS), answered(PRODUCTS)], ids=["chunked", "of known length"])
def test_many_large_answers_take_turns_for_the_memory(
    path: Path, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them waits for ever, and all of it is given back."""
    monkeypatch.setattr(http_relay, "_ANSWERS", len(PRODUCTS))
    budgets, least = list[AnswerBudget](), list[int]()

    class Watched(AnswerBudget):
        def __init__(self, total: int) -> None:
            super().__init__(total)
            budgets.append(self)

        async def take(self, size: int) -> int:
            taken = await super().take(size)
            least.append(self.free)
            return taken

    monkeypatch.setattr(http_relay, "AnswerBudget", Watched)

    async def ask() -> None:
        async with between(path, lambda _: answer) as (client, _):
            found = await asyncio.gather(*(client.get(f"/{number}") for number in range(10)))
            assert all(one.content == PRODUCTS for one in found)

    run(ask())
    assert len(exchanges(path)) == len(least) == 10
    assert set(least) == {0}
    assert budgets[0].free == len(PRODUCTS)


def test_whoever_asks_faster_than_it_can_be_recorded_waits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_server, "_MOST_REQUESTS", 2)
    may_record, waiting = asyncio.Event(), list[str]()

    async def record(_: object, request: HttpRequest, *__: object) -> None:
        waiting.append(request.target)
        await may_record.wait()

    monkeypatch.setattr(ExchangeLog, "record", record)

    async def ask() -> None:
        async with between(path, lambda _: answered(b"[]")) as (client, server):

            async def ask_all() -> None:
                for number in range(3):
                    await client.get(f"/{number}")

            asking = asyncio.create_task(ask_all())
            await until(lambda: len(waiting) == 2)
            for _ in range(500):  # steps of the event loop: enough for ten requests
                await asyncio.sleep(0)
            asked = len(server.asked)
            may_record.set()
            await asking
            assert asked == 2
            assert waiting == ["/0", "/1", "/2"]

    run(ask())


def test_an_answer_that_finds_no_room_is_a_503_in_words(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that does not read holds memory; small answers come all the same, and large ones once it has gone."""
    monkeypatch.setattr(http_relay, "_ANSWERS", 30 << 20)
    monkeypatch.setattr(answer_budget, "PATIENCE", 0)
    large = answered(bytes(20 << 20))

    async def ask() -> list[httpx.Response]:
        async with (
            rest_server(lambda asked: large if asked.target == "/large" else answered(b"[]")) as server,
            RecordingProxy("ws://127.0.0.1:1", path, ProxyOptions(rest_to=server.url)) as proxy,
            httpx.AsyncClient(base_url=proxy.rest_url, trust_env=False, timeout=None) as client,
        ):
            async with client.stream("GET", "/large"):
                await until(lambda: proxy.progress.counts.requests)  # recorded
                found = [await client.get("/large"), await client.get("/small")]
            while (last := await client.get("/large")).status_code == 503:
                await asyncio.sleep(0.01)
            return [*found, last]

    refused, small, after = run(ask())
    assert refused.status_code == 503
    assert refused.text.endswith("/large was asked, but there is no room for an answer: others take 30 MiB\n")
    assert (small.content, after.status_code) == (b"[]", 200)


def test_a_client_that_goes_amid_a_request_harms_nobody(path: Path) -> None:
    """What the venue answers all the same is recorded: an order may have been placed."""

    async def ask() -> None:
        is_gone = asyncio.Event()

        async def answer(asked: Asked) -> bytes:
            if asked.target == "/orders":
                await is_gone.wait()
            return answered(PRODUCTS)

        async with between(path, answer) as (client, server):
            asking = asyncio.create_task(client.post("/orders"))
            await until(lambda: server.asked)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            is_gone.set()
            assert (await client.get("/products")).content == PRODUCTS

    run(ask())
    assert {one.method for one in exchanges(path)} == {"GET", "POST"}


def test_the_proxy_ends_amid_a_request(path: Path) -> None:
    async def ask() -> None:
        async with rest_server(lambda _: asyncio.sleep(NEVER, b"")) as server:
            async with RecordingProxy("ws://127.0.0.1:1", path, ProxyOptions(rest_to=server.url)) as proxy:
                _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
                writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                await until(lambda: server.asked)
            writer.close()

    run(ask())


def test_both_halves_of_an_application_are_one_recording(path: Path) -> None:
    async def talk() -> None:
        async with (
            rest_server(lambda _: answered(b"[1]")) as server,
            proxied(path, proxy_options=ProxyOptions(rest_to=server.url)) as proxy,
            httpx.AsyncClient(base_url=proxy.rest_url, trust_env=False) as http,
        ):
            assert (await http.get("/products")).content == b"[1]"
            async with connect_to(proxy) as websocket:
                await websocket.send("hello")
                assert await websocket.recv() == "hello"
            assert (await http.get("/time")).content == b"[1]"
        assert proxy.summary is not None
        assert (proxy.summary.counts.requests, proxy.summary.counts.connections) == (2, 1)

    run(talk())
    with open_recording(path) as recording:
        kinds = [one.direction if isinstance(one, Frame) else one.name for one in recording]
    assert [kind for kind in kinds if kind != "clock"] == ["http", "open", "out", "in", "close", "http"]


def test_a_recording_of_requests_alone_is_kept(path: Path) -> None:
    """And by default, plain HTTP goes to the host and port of the WebSocket, whatever the path of that."""

    async def talk() -> None:
        async with rest_server(lambda _: answered(b"[1]")) as server:
            to = f"ws{server.url.removeprefix('http')}/feed"
            async with (
                RecordingProxy(to, path) as proxy,
                httpx.AsyncClient(base_url=proxy.rest_url, trust_env=False) as http,
            ):
                await http.get("/products")
            assert [one.target for one in server.asked] == ["/products"]
        assert proxy.summary is not None
        assert proxy.summary.path == str(path)

    run(talk())
    assert len(exchanges(path)) == 1
