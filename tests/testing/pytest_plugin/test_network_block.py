from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from pathlib import Path

import pytest
from websockets.asyncio.client import connect as connect_asyncio
from websockets.sync.client import connect as connect_sync

from feedrec.errors import NetworkBlockedError
from feedrec.testing.pytest_plugin.network_block import NetworkBlock

from .conftest import Venue, hear

ELSEWHERE = "192.0.2.1"
"""An address of documentation (RFC 5737): nothing is there."""


def test_connections_to_this_machine_are_free(venue: Venue, tmp_path: Path) -> None:
    """By address, by name, in both families, and over a Unix socket."""
    port = int(venue.url.rpartition(":")[2])
    with NetworkBlock().active():
        assert len(hear(venue.url)) == 3
        for host in ("localhost", "127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0"):
            socket.create_connection((host, port)).close()
        with contextlib.suppress(ConnectionRefusedError), socket.socket(socket.AF_INET6) as one:
            one.connect(("::1", 1))
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
            server.bind(str(tmp_path / "socket"))
            server.listen()
            client.connect(str(tmp_path / "socket"))
        assert socket.getaddrinfo(None, port)
        assert socket.getaddrinfo(ELSEWHERE, port)


def test_others_are_refused_and_named() -> None:
    """At the lookup, before anybody is asked for a name, or at the connect; each once."""
    block = NetworkBlock()
    with block.active():
        with pytest.raises(NetworkBlockedError, match=r"^example\.com:443 was not connected to: --feed-block-network"):
            socket.create_connection(("example.com", 443))
        with pytest.raises(NetworkBlockedError, match=r"^192\.0\.2\.1:80 "):
            socket.create_connection((ELSEWHERE, 80))
        with socket.socket() as one, pytest.raises(NetworkBlockedError):
            one.connect_ex((ELSEWHERE, 80))
        with socket.socket(socket.AF_INET6) as one, pytest.raises(NetworkBlockedError):
            one.connect(("2001:db8::1", 80, 0, 0))
        with pytest.raises(NetworkBlockedError):
            socket.gethostbyname("example.org")
        with pytest.raises(NetworkBlockedError):
            socket.getaddrinfo(host=b"example.net", port="https")
    assert block.refused == ["example.com:443", "192.0.2.1:80", "[2001:db8::1]:80", "example.org", "example.net:https"]


def test_clients_pass_it_on() -> None:
    """Blocking ones and those of asyncio: it is no OSError, after which they would try again."""
    block = NetworkBlock()

    async def talk() -> None:
        async with connect_asyncio(f"ws://{ELSEWHERE}"):
            pass

    async def fetch() -> None:
        await asyncio.open_connection("example.com", 443)

    with block.active():
        with pytest.raises(NetworkBlockedError), connect_sync("wss://example.com"):
            pass
        with pytest.raises(NetworkBlockedError):
            asyncio.run(talk())
        with pytest.raises(NetworkBlockedError):
            asyncio.run(fetch())
    assert block.refused == ["example.com:443", "192.0.2.1:80"]


def test_threads_that_are_free_may_connect() -> None:
    """As the proxy must, when a test records."""
    free: set[int] = set()
    block = NetworkBlock(free)
    refused: list[Exception] = []

    def connect() -> None:
        free.add(threading.get_ident())
        with socket.socket() as one:
            one.setblocking(False)
            try:
                one.connect_ex((ELSEWHERE, 80))
            except NetworkBlockedError as error:
                refused.append(error)

    with block.active():
        thread = threading.Thread(target=connect)
        thread.start()
        thread.join()
    assert (refused, block.refused) == ([], [])


def test_all_is_as_before_when_it_ends() -> None:
    before = [*vars(socket.socket), socket.getaddrinfo, socket.gethostbyname, socket.gethostbyname_ex]
    with contextlib.suppress(ZeroDivisionError), NetworkBlock().active():
        assert "connect" in vars(socket.socket)
        raise ZeroDivisionError
    assert [*vars(socket.socket), socket.getaddrinfo, socket.gethostbyname, socket.gethostbyname_ex] == before
