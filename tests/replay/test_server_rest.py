"""The HTTP half of a replay, with real sockets: in step with what clients of the feed are sent."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import http.client
import json
import logging
import math
import re
import ssl
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from websockets.asyncio.client import ClientConnection

from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.line.http_events import http_event
from feedrec.http_messages import HttpAnswer, HttpExchange
from feedrec.model import Frame, Header
from feedrec.replay import ReplayOptions, ReplayServer
from feedrec.replay.timeline.timeline import Timeline
from feedrec.replay.tls.certificate_folder import prepare_certificates

from ..timing import HANG_TIMEOUT, until, wait_until
from .keeping_client import KeepingConnection, connect
from .raw_client import run

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "feedrec" / "cli" / "demo.jsonl.zst"
BOOK = "/api/v3/brokerage/market/product_book?product_id=BTC-USD&limit=0"
TIME = "/api/v3/brokerage/time"
SUBSCRIBE = json.dumps({"type": "subscribe", "channel": "level2", "product_ids": ["BTC-USD"]})

Book = dict[tuple[str, str], str]
"""Sizes by side and price."""


@functools.cache
def frames() -> Sequence[Frame]:
    batches = Timeline([DEMO]).scan(1 << 62, threading.Event(), waits=False)
    return [frame for batch in batches for frame in batch.frames]


def follow(book: Book, messages: Iterable[str | bytes]) -> Book:
    """Follow a book by the messages of the channel, as simply as can be."""
    for message in messages:
        parsed = json.loads(message)
        for event in parsed["events"] if parsed["channel"] == "l2_data" else ():
            if event["product_id"] != "BTC-USD":
                continue
            if event["type"] == "snapshot":
                book.clear()
            for update in event["updates"]:
                key = "bids" if update["side"] == "bid" else "asks", update["price_level"]
                book[key] = update["new_quantity"]
                if not float(update["new_quantity"]):
                    del book[key]
    return book


def get_now(port: int, target: str, tls: ssl.SSLContext | None, headers: dict[str, str]) -> tuple[int, bytes]:
    if tls is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANG_TIMEOUT)
    else:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=HANG_TIMEOUT, context=tls)
    connection.request("GET", target, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


async def get(
    server: ReplayServer, target: str, tls: ssl.SSLContext | None = None, **headers: str
) -> tuple[int, bytes]:
    return await asyncio.to_thread(get_now, server.port, target, tls, headers)


async def book_from(server: ReplayServer) -> Book:
    """Return the book that REST tells."""
    status, body = await get(server, BOOK)
    assert status == 200, body
    told = json.loads(body)["pricebook"]
    return {(side, level["price"]): level["size"] for side in ("bids", "asks") for level in told[side]}


def options(**changes: Any) -> ReplayOptions:
    return ReplayOptions(**{"port": 0, "cache": False, **changes})


async def received(client: ClientConnection) -> list[str | bytes]:
    """Return the messages that were sent to a client by now, and not read."""
    await (await client.ping())
    kept = cast(KeepingConnection, client)._kept
    return [await client.recv() for _ in range(kept.qsize())]


def test_the_book_is_that_of_what_a_client_has_been_sent() -> None:
    """At several moments of a replay that stands; before the first of them it is the first one that comes."""

    async def scenario() -> None:
        first = follow({}, [frames()[0].payload]) or follow({}, [one.payload for one in frames()[:20]])
        async with ReplayServer(DEMO, options(paused=True)) as server, connect(server.url) as client:
            assert await book_from(server) == first
            await client.send(SUBSCRIBE)
            await until(lambda: server.steering.followers)
            book: Book = {}
            for steps in (40, 1, 200, 7, 333):
                await server.steering.step(steps)
                follow(book, await received(client))
                assert book
                assert await book_from(server) == book
            assert json.loads((await get(server, TIME))[1]) == json.loads((await get(server, TIME))[1])

    run(scenario())


def test_without_a_client_it_is_that_of_what_was_played() -> None:
    """And after a jump, that of there."""

    async def scenario() -> None:
        async with ReplayServer(DEMO, options(paused=True)) as server:
            for steps in (100, 1, 500):
                await server.steering.step(steps)
                played = frames()[: server.steering.position]
                assert await book_from(server) == follow({}, [one.payload for one in played])
            for moment in (frames()[300].time, frames()[-1].time + 1):
                await server.steering.seek(moment)
                played = [one for one in frames() if one.time < moment]
                assert await book_from(server) == follow({}, [one.payload for one in played])

    run(scenario())


@pytest.mark.parametrize("clock", ["each", "shared"])
def test_it_is_so_for_a_client_that_comes_late_and_while_time_passes(clock: str) -> None:
    """Time is stopped for the comparison alone."""

    async def scenario() -> None:
        async with ReplayServer(DEMO, options(clock=clock, speed=4.0, at_end="hold", settle=0.0)) as server:
            for _ in range(2):
                async with connect(server.url) as client:
                    await client.send(SUBSCRIBE)
                    book: Book = {}
                    for _ in range(2):
                        follow(book, [await client.recv() for _ in range(60)])
                        server.steering.pause()
                        before = await book_from(server)
                        assert before == follow(book, await received(client))
                        server.steering.resume()

    run(scenario())


def test_in_another_lap_it_is_that_of_the_lap() -> None:
    async def scenario() -> None:
        choices = options(loop=True, speed=4.0, settle=0.0, start=frames()[-200].time)
        async with ReplayServer(DEMO, choices) as server, connect(server.url) as client:
            await client.send(SUBSCRIBE)
            book: Book = {}
            snapshots = 0
            while snapshots < 3:
                message = await client.recv()
                snapshots += '"type":"snapshot"' in str(message)
                follow(book, [message])
            server.steering.pause()
            before = await book_from(server)
            assert before == follow(book, await received(client))

    run(scenario())


@pytest.mark.parametrize("shared", [False, True])
def test_before_a_client_has_come_it_is_as_of_the_start(*, shared: bool) -> None:
    start = frames()[500].time

    async def scenario() -> None:
        choices = options(start=start, clock="shared" if shared else "each")
        async with ReplayServer(DEMO, choices) as server:
            assert await book_from(server) == follow({}, [one.payload for one in frames() if one.time < start])
            told = json.loads((await get(server, TIME))[1])
            assert abs(int(told["epochMillis"]) - start // 1_000_000) < 1000

    run(scenario())


def test_after_the_end_time_goes_on_for_a_client_that_is_held() -> None:
    async def scenario() -> None:
        choices = options(speed=math.inf, at_end="hold", start=frames()[-100].time)
        async with ReplayServer(DEMO, choices) as server, connect(server.url) as client:
            await client.send(SUBSCRIBE)
            last = frames()[-1].time // 1_000_000
            everything = follow({}, [one.payload for one in frames()])
            async with asyncio.timeout(HANG_TIMEOUT):
                while await book_from(server) != everything:
                    await asyncio.sleep(0.01)
                before = 0
                while before <= last + 1100:
                    now = int(json.loads((await get(server, TIME))[1])["epochMillis"])
                    assert now >= before
                    before = now

    run(scenario())


def recorded(path: Path, answers: dict[int, bytes], endpoint: str = "coinbase-advanced") -> Path:
    """Write the demo with answers to a request for the products, each after so many frames."""
    writer = create_recording(path, Header(endpoint, created=frames()[0].time))
    for number, frame in enumerate(frames()[:200]):
        if number in answers:
            url = "https://api.coinbase.com/api/v3/brokerage/market/products?b=2&a=1"
            answer = HttpAnswer(200, answers[number], "application/json", (("cb-after", "7"),))
            writer.write_line(encode_event(http_event(HttpExchange(frame.time, frame.time, "GET", url, answer))))
        writer.write_line(encode_frame(frame))
    return writer.finish()


ODD = b'{"b" : [1e400, "\xc3\xa9"],\n "a":"\\u00e9"}\n'
PRODUCTS = "/api/v3/brokerage/market/products?a=1&b=2"


def test_a_recorded_answer_comes_back_byte_for_byte_as_of_the_time_of_the_replay(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.jsonl.zst", {20: ODD, 100: b"not JSON \xff", 150: b"{}"})

    async def scenario() -> None:
        async with ReplayServer(path, options(paused=True)) as server:
            assert await get(server, PRODUCTS) == (200, ODD)
            for steps, body in ((50, ODD), (60, b"not JSON \xff"), (80, b"{}")):
                await server.steering.step(steps)
                assert await get(server, PRODUCTS) == (200, body)
                assert await get(server, f"/coinbase-advanced{PRODUCTS}") == (200, body)
            await server.steering.seek(frames()[50].time)
            assert await get(server, PRODUCTS) == (200, ODD)

    run(scenario())


@pytest.mark.parametrize(("endpoint", "mode"), [("coinbase-advanced", "verbatim"), ("raw", None), ("unknown", None)])
def test_where_every_frame_is_sent_unchanged_recorded_answers_are_given_too(
    tmp_path: Path, endpoint: str, mode: Any, caplog: pytest.LogCaptureFixture
) -> None:
    path = recorded(tmp_path / "a.jsonl.zst", {20: ODD}, endpoint)

    async def scenario() -> None:
        async with ReplayServer(path, options(mode=mode)) as server:
            assert await get(server, PRODUCTS) == (200, ODD)
            status, body = await get(server, "/api/v3/brokerage/time")
            assert (status, body) == (404, b"feedrec: nothing was recorded for this request\n")
            assert server.has_lacked
            assert (await get(server, "/"))[0] == 426

    with caplog.at_level(logging.WARNING, "feedrec"):
        run(scenario())
    assert caplog.messages == ["GET /api/v3/brokerage/time: not recorded"]


def test_what_a_recorder_adds_is_answered(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl", Header("raw", created=frames()[0].time))
    part = tmp_path / "a.jsonl.part"

    def add(path: str, lines: int) -> None:
        answer, time = HttpAnswer(200, path.encode()), frames()[0].time + lines
        writer.write_line(encode_event(http_event(HttpExchange(time, time, "GET", f"https://x.test{path}", answer))))
        writer.flush()
        wait_until(lambda: part.exists() and part.read_bytes().count(b"\n") == lines)

    async def scenario() -> None:
        add("/a", 2)
        async with ReplayServer(part, options()) as server:
            assert await get(server, "/a") == (200, b"/a")
            assert (await get(server, "/b"))[0] == 404
            add("/b", 3)
            async with asyncio.timeout(HANG_TIMEOUT):
                while await get(server, "/b") != (200, b"/b"):
                    await asyncio.sleep(0.05)

    try:
        run(scenario())
    finally:
        writer.finish()


def test_with_tls_the_names_of_a_venue_are_one_server(tmp_path: Path) -> None:
    """A client that comes by the name of the REST half gets its answers, and one by that of the feed the same."""
    names = ["api.coinbase.com", "advanced-trade-ws.coinbase.com"]
    local = prepare_certificates(tmp_path / "tls", names, dt.datetime.now(dt.UTC))
    trusting = ssl.create_default_context(cafile=local.authority)

    async def scenario() -> None:
        async with ReplayServer(DEMO, options(tls=local.server)) as server:
            for name in names:
                status, body = await get(server, TIME, trusting, Host=name)
                assert status == 200
                assert b"epochMillis" in body
            assert (await get(server, TIME, trusting, Host="evil.example"))[0] == 403

    run(scenario())


def test_nothing_is_guessed_under_strict(caplog: pytest.LogCaptureFixture) -> None:
    target = "/api/v3/brokerage/market/products"

    async def scenario(*, strict: bool) -> int:
        async with ReplayServer(DEMO, options(strict=strict)) as server:
            status, _ = await get(server, target)
            assert server.has_lacked == strict
            return status

    with caplog.at_level(logging.WARNING, "feedrec"):
        assert [run(scenario(strict=strict)) for strict in (False, True)] == [200, 404]
    assert caplog.messages[0].startswith(f"GET {target}: partly guessed: ")
    assert caplog.messages[2] == f"GET {target}: not recorded"


def test_the_page_shows_what_one_gets() -> None:
    """The requests of docs/replay.md, and their answers."""
    page = (ROOT / "docs" / "replay.md").read_text()
    shown = re.findall(r"^\$ curl '?http://127.0.0.1:8765(/(?!_feedrec/)[^' \n]*)'?\n(.*)$", page, re.MULTILINE)
    assert len(shown) > 2

    async def scenario() -> None:
        async with ReplayServer(DEMO, options()) as server:
            for target, answer in shown:
                assert (await get(server, target))[1].decode() == answer

    run(scenario())
