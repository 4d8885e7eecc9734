"""The page without a replay, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from feedrec.errors import NotARecordingError, ServeError
from feedrec.replay.page.viewing import ViewServer

from ...cli.command import DEMO
from ...timing import HANG_TIMEOUT


def serve(test: Callable[[httpx.AsyncClient, ViewServer], Awaitable[None]], *allow_hosts: str) -> None:
    async def use() -> None:
        server = ViewServer([DEMO], allow_hosts=allow_hosts)
        async with asyncio.timeout(HANG_TIMEOUT), server, httpx.AsyncClient(base_url=server.url) as client:
            await test(client, server)

    asyncio.run(use())


def test_it_serves_the_page_and_answers_it() -> None:
    async def test(client: httpx.AsyncClient, server: ViewServer) -> None:
        page = await client.get("")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert (await client.get("api/info")).json()["is_replay"] is False
        assert (await client.head("static/main.js")).status_code == 200
        elsewhere = await client.get(server.url.removesuffix("_feedrec/"))
        assert (elsewhere.status_code, elsewhere.headers["location"]) == (302, "/_feedrec/")
        assert (await client.get("nothing")).status_code == 404
        assert (await client.get("events")).status_code == 404
        assert (await client.post("pause")).status_code == 405

    serve(test)


def test_other_hosts_and_pages_are_refused_unless_they_are_allowed() -> None:
    async def test(client: httpx.AsyncClient, _: ViewServer) -> None:
        assert (await client.get("api/info", headers={"host": "desk.example"})).status_code == 200
        assert (await client.get("api/info", headers={"host": "evil.example"})).status_code == 403
        assert (await client.get("api/info", headers={"origin": "https://evil.example"})).status_code == 403

    serve(test, "desk.example")


def test_what_is_no_recording_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(NotARecordingError, match="no such file"):
        ViewServer([tmp_path / "missing.jsonl.zst"])


def test_a_port_that_is_taken_is_a_line() -> None:
    async def test(_: httpx.AsyncClient, server: ViewServer) -> None:
        port = httpx.URL(server.url).port
        assert port is not None
        with pytest.raises(ServeError, match="choose another address with --port"):
            ViewServer([DEMO], port)

    serve(test)
