"""Whom a real server lets in, and what all others are told."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from feedrec.errors import UsageError
from feedrec.replay import ReplayOptions, ReplayServer
from feedrec.replay.options import MAX_CLIENTS, MOST_WAITING

from ..replay.raw_client import CLOSE_1000, RawClient, replayed_to_raw_client, run
from ..replay.recordings import numbered, record
from ..timing import until

VENUE = "ws-feed.exchange.coinbase.com"


def serving(folder: Path, *, max_clients: int | None = None, allow_hosts: tuple[str, ...] = ()) -> ReplayServer:
    options = ReplayOptions(port=0, speed=float("inf"), max_clients=max_clients, allow_hosts=allow_hosts)
    return ReplayServer(record(folder / "a.jsonl.zst", numbered(3)), options)


async def answer(port: int, *headers: str, upgrade: bool = True, path: str = "/") -> tuple[int, str]:
    """Send a request with these headers; return the status and the first line of the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    handshake = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    lines = [f"GET {path} HTTP/1.1", *headers, *(handshake if upgrade else ()), "", ""]
    writer.write("\r\n".join(lines).encode())
    status = int((await reader.readline()).split()[1])
    while await reader.readline() not in (b"\r\n", b""):
        pass
    body = (await reader.readline()).decode().rstrip() if status != 101 else ""
    writer.close()
    return status, body


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["Host: 127.0.0.1:{port}"], 101),
        (["Host: 127.0.0.1:{port}", "Origin: http://127.0.0.1:{port}"], 101),
        (["Host: 127.0.0.1:{port}", "Origin: http://localhost:3000"], 101),
        ([f"Host: {VENUE}", f"Origin: https://{VENUE}"], 101),
        (["Host: 127.0.0.1:{port}", "Origin: https://chart.example"], 101),
        (["Host: 127.0.0.1:{port}", "Origin: https://evil.example"], 403),
        (["Host: evil.example:{port}", "Origin: http://evil.example:{port}"], 403),
        (["Host: 127.0.0.1:{port}", "Origin: null"], 403),
        (["Host: 127.0.0.1:{port}", "origin: http://localhost", "ORIGIN: http://evil.example"], 403),
    ],
)
def test_the_origin_decides_who_may_connect(tmp_path: Path, headers: list[str], status: int) -> None:
    async def scenario() -> None:
        async with serving(tmp_path, allow_hosts=("chart.example",)) as server:
            sent = [header.replace("{port}", str(server.port)) for header in headers]
            assert (await answer(server.port, *sent))[0] == status
            assert server.has_lacked == (status == 403)

    run(scenario())


def test_a_refused_page_and_the_log_say_what_to_do(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as server:
            status, body = await answer(server.port, "Host: localhost", "Origin: https://chart.example")
            assert (status, "--allow-host chart.example" in body) == (403, True)
            with pytest.raises(InvalidStatus, match="403"):
                await connect(server.url, additional_headers={"Origin": "null"}).__aenter__()

    with caplog.at_level(logging.WARNING):
        run(scenario())
    assert ["--allow-host chart.example" in line for line in caplog.messages] == [True, False]
    assert "null" in caplog.messages[1]


@pytest.mark.parametrize(
    ("host", "status"),
    [("Host: localhost:1", 426), (f"Host: {VENUE}", 426), ("Host: 192.168.1.5", 426), ("Host: evil.example", 403)],
)
def test_plain_http_is_answered_under_a_name_of_this_server_only(tmp_path: Path, host: str, status: int) -> None:
    """Else a page could have its own name lead here, and read the answer."""

    async def scenario() -> None:
        async with serving(tmp_path) as server:
            assert (await answer(server.port, host, upgrade=False))[0] == status
            assert (await answer(server.port, host, "Origin: http://localhost", upgrade=False))[0] == status

    run(scenario())


def test_a_foreign_page_does_not_even_learn_the_paths(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as server:
            status, body = await answer(server.port, "Host: localhost", "Origin: http://evil.example", path="/none")
            assert (status, "none" in body) == (403, False)

    run(scenario())


def test_clients_beyond_the_limit_are_told_so_until_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with serving(tmp_path, max_clients=2) as server:
            async with RawClient(server.port) as first:
                async with RawClient(server.port):
                    for _ in range(100):
                        status, body = await answer(server.port, "Host: localhost")
                        assert (status, body) == (
                            503,
                            "2 clients are connected already; --max-clients allows more",
                        )
                assert (await first.receive_all())[-1] == CLOSE_1000
            await until(lambda: server.total.clients == 2)
            assert (await replayed_to_raw_client(server.port))[-1] == CLOSE_1000

    with caplog.at_level(logging.WARNING):
        run(scenario())
    lines = [line for line in caplog.messages if "refused" in line]
    assert "--max-clients" in lines[0]
    assert len(lines) < 50
    assert lines[-1].endswith("more lines left out")


def test_connections_that_never_finish_a_handshake_keep_nobody_out(tmp_path: Path) -> None:
    """Neither those that say nothing nor those that stop amid the request."""

    async def scenario() -> None:
        async with serving(tmp_path) as server:
            silent = []
            for number in range(3 * MOST_WAITING):
                stuck = socket.socket()
                stuck.setblocking(False)
                await asyncio.get_running_loop().sock_connect(stuck, ("127.0.0.1", server.port))
                silent.append(stuck)
                if number % 2:
                    stuck.send(b"GET / HTTP/1.1\r\nHost: loc")
                if number % 20 == 0:
                    assert (await replayed_to_raw_client(server.port))[-1] == CLOSE_1000
            await until(lambda: sum(_is_closed(stuck) for stuck in silent) >= 2 * MOST_WAITING)
            assert (await replayed_to_raw_client(server.port))[-1] == CLOSE_1000
        for stuck in silent:
            stuck.close()

    run(scenario())


def _is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_the_limit_of_clients_is_that_of_open_files_less_some() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (400, hard))
        assert ReplayOptions().client_limit == 300
        assert ReplayOptions().waiting_limit == 25
        assert ReplayOptions(max_clients=20).waiting_limit == 95
        with pytest.raises(UsageError, match="5000 clients need 5100 open files, and 400 are allowed"):
            ReplayOptions(max_clients=5000)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert ReplayOptions().client_limit == min(MAX_CLIENTS, soft - 100)


@pytest.mark.parametrize("wrong", [{"max_clients": 0}, {"allow_hosts": ("http://bot.example",)}])
def test_limits_and_hosts_that_are_none_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        ReplayOptions(**wrong)  # type: ignore[arg-type]
