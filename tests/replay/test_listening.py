"""Where a replay listens: an address that clients on this machine can use, or one line on why not."""

from __future__ import annotations

import math
import socket
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from feedrec.errors import ServeError
from feedrec.replay import ReplayOptions, ReplayServer

from .raw_client import run
from .recordings import numbered, record


def test_a_port_in_use_is_told_with_what_to_do(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", numbered(1))
        async with ReplayServer(path, ReplayOptions(port=0)) as server:
            with pytest.raises(ServeError, match=f"port {server.port} .* in use: .* --port 0"):
                await ReplayServer(path, ReplayOptions(port=server.port)).start()

    run(scenario())


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("no.such.host.invalid", 0, "--host"),
        ("192.0.2.1", 0, "--host"),
        ("x" * 80, 0, "--host"),
        ("127.0.0.1", 70_000, "invalid port"),
    ],
)
def test_an_address_that_is_none_is_told_with_what_to_do(tmp_path: Path, host: str, port: int, message: str) -> None:
    async def scenario() -> None:
        with pytest.raises(ServeError, match=message):
            await ReplayServer(
                record(tmp_path / "a.jsonl.zst", numbered(1)), ReplayOptions(host=host, port=port)
            ).start()

    run(scenario())


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.1", "ws://127.0.0.1:"), ("0.0.0.0", "ws://127.0.0.1:"), ("::1", "ws://[::1]:")]
)
def test_the_url_is_one_that_a_local_client_can_use(tmp_path: Path, host: str, url: str) -> None:
    if host == "::1" and not _has_ipv6():
        pytest.skip("no IPv6 here")

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", numbered(2))
        async with (
            ReplayServer(path, ReplayOptions(host=host, port=0, speed=math.inf)) as server,
            connect(server.url) as client,
        ):
            assert server.url == f"{url}{server.port}"
            await client.send("{}")
            assert [await client.recv() for _ in range(2)] == [frame.payload.decode() for frame in numbered(2)]

    run(scenario())


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False
