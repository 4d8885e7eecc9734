"""The page of a replay, with real sockets: it is where the replay is, and whom a token keeps out gets nothing of it."""

from __future__ import annotations

import datetime as dt
import json
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest

from feedrec.model import format_time
from feedrec.replay import ReplayOptions, ReplayServer
from feedrec.replay.tls.certificate_folder import prepare_certificates

from .books.making import START, record, second
from .keeping_client import connect
from .page.market_recordings import lines_of
from .raw_client import run


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("page") / "a.jsonl.zst", lines_of(30), block_size=3000)


def serving(recording: Path, **options: Any) -> ReplayServer:
    return ReplayServer(recording, ReplayOptions(**{"port": 0, "paused": True, "clock": "shared", **options}))


def test_it_is_served_at_the_port_of_the_replay(recording: Path) -> None:
    async def scenario() -> None:
        server = serving(recording)
        async with server, httpx.AsyncClient() as client:
            page = await client.get(f"{server.control_url}/")
            assert page.text.startswith("<!doctype html>")
            assert page.headers["content-security-policy"].startswith("default-src 'none'")
            info = (await client.get(f"{server.control_url}/api/info")).json()
            assert (info["is_replay"], info["start"], info["has_book"]) == (True, format_time(START), ["BTC-USD"])
            refused = await client.get(f"{server.control_url}/api/frame?key=x")
            assert refused.headers["content-type"] == "application/problem+json"

    run(scenario())


def test_its_milliseconds_are_those_of_the_status_whatever_is_played(recording: Path) -> None:
    async def scenario() -> None:
        server = serving(recording, start=second(10), end=second(20))
        async with server, httpx.AsyncClient() as client, connect(server.url) as feed:
            await feed.send('{"type":"subscribe","channel":"level2","product_ids":["BTC-USD"]}')
            await client.post(f"{server.control_url}/seek?to=%2B15s")
            status = (await client.get(f"{server.control_url}/status")).json()
            info = (await client.get(f"{server.control_url}/api/info")).json()
            assert (info["from_ms"], info["duration_ms"], status["offset_s"]) == (10_000, 20_000, 15)
            async with connect(f"{server.url}/_feedrec/events") as events:
                await events.send('{"ladder":"BTC-USD"}')
                while (message := json.loads(await events.recv()))["type"] != "ladder":
                    pass
            asked = await client.get(f"{server.control_url}/api/ladder?product=BTC-USD&at=15000")
            assert message["ms"] == status["offset_s"] * 1000
            assert (message["bids"], message["known"]) == (asked.json()["bids"], True)

    run(scenario())


def test_a_token_keeps_out_whoever_has_none_but_not_from_the_files(recording: Path) -> None:
    async def scenario() -> None:
        server = serving(recording, control_token="x" * 20)
        async with server, httpx.AsyncClient() as client:
            assert (await client.get(f"{server.control_url}/api/info")).status_code == 401
            assert (await client.get(f"{server.control_url}/static/main.js")).status_code == 200
            told = await client.get(f"{server.control_url}/api/info?token={'x' * 20}")
            assert told.json()["grows"] is False

    run(scenario())


def test_with_tls_it_is_https(recording: Path, tmp_path: Path) -> None:
    local = prepare_certificates(tmp_path, [], dt.datetime.now(dt.UTC))
    context = ssl.create_default_context(cafile=local.authority)

    async def scenario() -> None:
        server = serving(recording, tls=local.server)
        async with server, httpx.AsyncClient(verify=context) as client:
            assert server.control_url.startswith("https://")
            assert (await client.get(f"{server.control_url}/")).status_code == 200

    run(scenario())


def test_while_nobody_looks_there_is_no_process(recording: Path) -> None:
    async def scenario() -> None:
        server = serving(recording, speed=1000)
        async with server, httpx.AsyncClient() as client:
            await client.get(f"{server.control_url}/static/main.js")
            await client.get(f"{server.control_url}/status")
            assert server._page._processes == {}
            await client.get(f"{server.control_url}/")
            await client.get(f"{server.control_url}/api/info")
            (process,) = server._page._processes.values()
            worker = process._worker
            assert worker is not None
        assert worker._process.wait() != 0  # it was ended with the replay

    run(scenario())
