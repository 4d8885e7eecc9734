"""The proxy listens, lets in whom it should, records all its clients, and ends them properly."""

from __future__ import annotations

import asyncio
import json
import math
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidStatus

from feedrec.errors import ServeError, UsageError, WriteError
from feedrec.feeds.redaction import Redaction
from feedrec.feeds.sequence import Gap
from feedrec.recorder import ProxyOptions, RecordingProxy, Source, source_to
from feedrec.replay import ReplayOptions, ReplayServer

from ..venue import (
    Peer,
    PlainFeed,
    events,
    gated_writer,
    never_answer,
    numbered,
    part_of,
    payloads,
    received,
    run,
    sent,
    text,
    until,
    venue,
)
from .through import client, closed, proxied


def test_two_clients_are_two_connections_of_one_recording(path: Path) -> None:
    async def talk() -> None:
        async with proxied(path) as proxy, client(proxy) as one, client(proxy) as two:
            for websocket, said in ((one, "1"), (two, "2"), (one, "3")):
                await websocket.send(said)
                await websocket.recv()

    run(talk())
    assert [(frame.conn, frame.payload) for frame in received(path)] == [(0, b"1"), (1, b"2"), (0, b"3")]
    assert [(frame.conn, frame.payload) for frame in sent(path)] == [(0, b"1"), (1, b"2"), (0, b"3")]
    assert sorted(event.conn or 0 for event in events(path, "close")) == [0, 1]


def test_ending_the_proxy_closes_both_sides_with_1001(path: Path) -> None:
    of_venue: list[int | None] = []

    async def handler(websocket: ServerConnection) -> None:
        of_venue.append((await closed(websocket))[0])

    async def talk() -> tuple[int, str]:
        async with proxied(path, handler) as proxy:
            websocket = await client(proxy)
            proxy.stop()
            await proxy.close()
            return await closed(websocket)

    assert run(talk()) == (1001, "the recording proxy ends")
    assert of_venue == [1001]
    assert [event.details["by"] for event in events(path, "close")] == ["proxy"]


def test_it_stops_after_so_many_frames(path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.accept(*(text(numbered(number)) for number in range(5)))
        await peer.answer_close()

    async def talk() -> int:
        limit = ProxyOptions(max_frames=3)
        async with venue(script) as url, RecordingProxy(url, path, limit) as proxy, client(proxy) as websocket:
            await proxy.wait()
            await proxy.close()
            assert proxy.summary is not None
            assert (await closed(websocket))[0] == 1001
            return proxy.summary.counts.frames

    assert run(talk()) == 3
    assert len(payloads(path)) == 3


def test_a_gap_in_the_numbers_of_the_feed_is_an_event_before_its_frame(path: Path) -> None:
    class Numbered(PlainFeed):
        def sequence_rule(self, *, from_start: bool) -> Any:
            class Rule:
                out_of_order = 0
                last = -1 if from_start else 0

                def observe(self, info: Any) -> Gap | None:
                    expected, self.last = self.last + 1, info.sequence
                    return None if info.sequence == expected else Gap(expected, info.sequence)

            return Rule()

    async def script(peer: Peer) -> None:
        await peer.accept(*(text(numbered(number)) for number in (0, 1, 5)))
        await peer.answer_close()

    async def talk() -> int:
        async with venue(script) as url:
            source = Source(Numbered(), url, [], None, None, Redaction())
            async with RecordingProxy(source, path) as proxy, client(proxy) as websocket:
                for _ in range(3):
                    await websocket.recv()
            assert proxy.summary is not None
            return proxy.summary.counts.gaps

    assert run(talk()) == 1
    assert [event.details for event in events(path, "gap")] == [{"expected": 2, "received": 5, "missing": 3}]


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ({"origin": "https://evil.example"}, 403, b"--allow-host evil.example"),
        ({}, 503, b"1 client is connected already"),
    ],
)
def test_a_foreign_page_and_one_client_too_many_are_refused(
    path: Path, options: dict[str, Any], status: int, said: bytes
) -> None:
    """The venue hears nothing of them."""
    opened: list[int] = []

    async def handler(websocket: ServerConnection) -> None:
        opened.append(1)
        await websocket.wait_closed()

    async def talk() -> Any:
        async with proxied(path, handler, ProxyOptions(max_clients=1)) as proxy, client(proxy):
            with pytest.raises(InvalidStatus) as caught:
                await client(proxy, **options)
            return caught.value.response

    response = run(talk())
    assert response.status_code == status
    assert said in bytes(response.body or b"")
    assert opened == [1]


def test_a_request_gets_an_answer_in_words_if_the_venue_cannot_be_reached(path: Path) -> None:
    async def talk() -> bytes:
        async with RecordingProxy("ws://127.0.0.1:1", path) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return answer

    answer = run(talk())
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert b"cannot get an answer from http://127.0.0.1:1/: connection refused, nothing is listening there" in answer


def test_a_venue_that_does_not_answer_keeps_the_proxy_from_nothing(path: Path) -> None:
    """It ends at once, and so does what is opened for a client that has left."""

    async def talk() -> None:
        async with venue(never_answer) as url, RecordingProxy(url, path) as proxy:
            waiting = asyncio.ensure_future(connect(proxy.url).__aenter__())
            await until(lambda: proxy._relays)
            await proxy.close()
            with pytest.raises(Exception):  # noqa: B017, PT011  how a client sees it depends on its library
                await waiting

    run(talk())
    assert list(path.parent.iterdir()) == []


def test_a_client_that_leaves_before_its_answer_leaves_no_connection_behind(path: Path) -> None:
    left = asyncio.Event()

    async def script(peer: Peer) -> None:
        assert await peer.reader.read() == b"" or await peer.reader.read() == b""
        left.set()

    async def talk() -> None:
        async with venue(script) as url, RecordingProxy(url, path) as proxy:
            _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            key = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n%bSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n" % key)
            await until(lambda: any(relay._heard for relay in proxy._relays.values()))
            writer.transport.abort()
            await left.wait()
            await until(lambda: not proxy._relays)

    run(talk())


def test_a_port_in_use_is_said_and_leaves_no_file(path: Path) -> None:
    async def talk() -> None:
        async with proxied(path) as proxy, client(proxy):
            with pytest.raises(ServeError, match="in use"):
                await RecordingProxy("ws://127.0.0.1:1", path.with_name("b.jsonl"), ProxyOptions(port=proxy.port)).run()

    run(talk())
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_who_listens_beyond_this_machine_is_warned(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def talk() -> None:
        async with RecordingProxy("ws://127.0.0.1:1", path, ProxyOptions(host="0.0.0.0")):
            pass

    run(talk())
    assert "anyone who reaches it can speak to the venue through it" in caplog.text


def test_a_disk_that_fails_ends_no_connection(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is not on disk is counted, and the log says so at once."""
    writer, target = gated_writer(path)

    async def script(peer: Peer) -> None:
        await peer.accept(text(b"0"))
        while (await peer.read_frame())[1] == b"more":
            await peer.write(text(b"1" * 1000))

    async def talk() -> tuple[int, BaseException | None]:
        async with venue(script) as url:
            proxy = RecordingProxy(source_to(url), writer)
            async with proxy, client(proxy) as websocket:
                await websocket.recv()
                target.is_broken = True
                while proxy.failure is None:
                    await websocket.send("more")
                    await websocket.recv()
                said_at_once = "the connections go on, but nothing more is recorded" in caplog.text
                before = proxy.lost
                await websocket.send("more")
                await websocket.recv()
                assert said_at_once
                assert proxy.lost >= before + 2
        assert proxy.summary is not None
        return proxy.summary.lost, proxy.failure

    lost, failure = run(talk())
    assert lost >= 2
    assert isinstance(failure, WriteError)
    assert part_of(path).exists()


def test_what_was_recorded_through_it_replays(tmp_path: Path, path: Path) -> None:
    """A recording of a venue of ours is one of the endpoint: it is served as the venue."""
    demo = Path(str(files("feedrec.cli") / "demo.jsonl.zst"))
    copied = tmp_path / "demo.jsonl.zst"
    copied.write_bytes(demo.read_bytes())
    subscribe = '{"type":"subscribe","channel":"ticker","product_ids":["BTC-USD"]}'

    async def heard(url: str) -> list[str]:
        async with connect(url, max_size=None) as websocket:
            await websocket.send(subscribe)
            return [str(message) async for message in websocket]

    async def talk() -> tuple[list[str], list[str]]:
        at_full_speed = ReplayOptions(port=0, speed=math.inf)
        async with ReplayServer(copied, at_full_speed) as server:
            source = source_to(server.url, server.header.endpoint)
            async with RecordingProxy(source, path) as proxy:
                through = await heard(proxy.url)
        async with ReplayServer(path, at_full_speed) as again:
            return through, await heard(again.url)

    through, again = run(talk())
    assert json.loads(through[-1])["channel"] == "ticker"
    assert sorted(again) == sorted(through)


@pytest.mark.parametrize(
    ("to", "endpoint", "expected"),
    [
        ("coinbase-advanced", None, "coinbase-advanced"),
        ("wss://advanced-trade-ws.coinbase.com", None, "coinbase-advanced"),
        ("wss://ws-feed.exchange.coinbase.com/x", None, "coinbase-exchange"),
        ("ws://127.0.0.1:9", None, "raw"),
        ("ws://127.0.0.1:9", "coinmarketcap", "coinmarketcap"),
    ],
)
def test_the_feed_is_the_one_at_the_host(to: str, endpoint: str | None, expected: str) -> None:
    source = source_to(to, endpoint)
    assert source.header().endpoint == expected
    assert source.url.startswith("ws")


@pytest.mark.parametrize(
    ("to", "endpoint", "said"),
    [
        ("raw", None, "no address of its own"),
        ("no-such-venue", None, "there is no endpoint"),
        ("coinbase-advanced", "raw", "leave out the other one"),
    ],
)
def test_what_leads_nowhere_is_refused_in_words(to: str, endpoint: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        source_to(to, endpoint)
