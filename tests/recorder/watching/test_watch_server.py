"""Over real sockets: who asks gets an answer, who asks too much or for somebody else does not disturb."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from feedrec.errors import ServeError
from feedrec.recorder.watching.incidents import Incidents
from feedrec.recorder.watching.process_watch import ProcessWatch
from feedrec.recorder.watching.watch_server import WatchServer

from ..venue import run
from .watched import Watched


def serve(test: Callable[[httpx.AsyncClient, SimpleNamespace], Awaitable[Any]]) -> None:
    """Serve what is known of one feed, which a test may change, and count how often it is asked for."""

    async def use() -> None:
        known = SimpleNamespace(now=0.0, asked=0, run=Watched())
        watch = ProcessWatch(Incidents(), steady=lambda: 1000.0)
        known.run.watch = watch.begin("main", "coinbase-advanced")
        known.run.watch.begin(known.run, known.run)
        ask = watch.facts

        def facts() -> Any:
            known.asked += 1
            return ask()

        watch.facts = facts  # type: ignore[method-assign]
        server = WatchServer(watch, ("127.0.0.1", 0), ["recorder.example"], lambda: known.now)
        known.server = server
        async with server, httpx.AsyncClient(base_url=server.url) as client:
            await test(client, known)

    run(use())


def test_who_asks_gets_an_answer() -> None:
    async def test(client: httpx.AsyncClient, known: SimpleNamespace) -> None:
        metrics = await client.get("/metrics")
        assert metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert metrics.headers["content-encoding"] == "gzip"
        assert 'feedrec_connections_open{endpoint="coinbase-advanced",feed="main"} 0.0' in metrics.text
        assert (await client.get("/healthz")).text == "ok\n"
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (
            503,
            {"ready": False, "feeds": {"main": ["no connection is open"]}},
        )
        known.run.open()
        ready = await client.get("/readyz?verbose")
        assert (ready.status_code, json.loads(ready.content)) == (200, {"ready": True, "feeds": {"main": []}})
        head = await client.head("/metrics")
        assert (head.status_code, head.content) == (200, b"")

    serve(test)


def test_what_is_not_there_is_said() -> None:
    async def test(client: httpx.AsyncClient, _: SimpleNamespace) -> None:
        assert (await client.get("/")).status_code == 404
        refused = await client.post("/metrics")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
        handshake = {**upgrade, "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        assert (await client.get("/metrics", headers=handshake)).text == "no WebSocket is served here\n"

    serve(test)


def test_only_names_of_this_machine_are_answered() -> None:
    """A web page whose name leads here reads nothing."""

    async def test(client: httpx.AsyncClient, _: SimpleNamespace) -> None:
        answers = [
            (await client.get("/metrics", headers={"Host": host})).status_code
            for host in ("localhost:9464", "recorder.example:9464", "evil.example:9464")
        ]
        assert answers == [200, 200, 403]
        assert (await client.get("/metrics", headers={"Origin": "http://evil.example"})).status_code == 403

    serve(test)


def test_however_many_ask_it_is_written_once_a_moment() -> None:
    async def test(client: httpx.AsyncClient, known: SimpleNamespace) -> None:
        for _ in range(2):
            answers = await asyncio.gather(*(client.get("/metrics") for _ in range(20)))
            assert {answer.status_code for answer in answers} == {200}
        assert known.asked == 1
        known.now = 0.3
        await client.get("/metrics")
        assert known.asked == 2
        assert known.server._next > known.now  # another form would have to wait

    serve(test)


def test_an_address_that_cannot_be_had_is_one_clear_error() -> None:
    watch, taken = ProcessWatch(Incidents()), socket.create_server(("127.0.0.1", 0))
    with taken, pytest.raises(ServeError, match=r"cannot listen on 127\.0\.0\.1:\d+ \(.+\): choose another address"):
        WatchServer(watch, taken.getsockname())
    with pytest.raises(ServeError, match=r"no\.such\.host\.invalid"):
        WatchServer(watch, ("no.such.host.invalid", 0))
