"""The process that serves feeds live, beside a recorder that is made up: a socket between them, and real clients."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any, cast

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from feedrec.formats.line.codec import encode_frame, encode_header
from feedrec.live_messages import (
    Catalogue,
    Clients,
    FeedPlan,
    Logged,
    Parcel,
    ParcelKind,
    Ready,
    ServePlan,
    Told,
    packed,
    read_told,
)
from feedrec.model import Header

from ...timing import HANG_TIMEOUT
from ..raw_client import run
from .fake_recorder import EXCHANGE, hear, say
from .live_frames_of import exchange

MODULE = "feedrec.replay.live.serve_process"


class Serving:
    """The process, as a recorder sees it."""

    def __init__(self, process: asyncio.subprocess.Process, ours: socket.socket) -> None:
        self.process = process
        self.socket = ours
        self.number = 0

    async def hear(self, kind: type[Told]) -> Any:
        """Return the next that is told of a kind."""
        while not isinstance(told := read_told(await self._reader.readline()), kind):
            pass
        return told

    async def connect(self) -> None:
        """Begin to talk."""
        self._reader, self.writer = await asyncio.open_connection(sock=self.socket)

    def send(self, kind: ParcelKind, content: bytes) -> None:
        """Send a parcel."""
        self.number += kind == ParcelKind.LINES
        self.writer.writelines(packed(Parcel(self.number, kind, 0, content)))

    def begin(self) -> None:
        """Begin a run that records trades."""
        self.send(ParcelKind.HEADER, encode_header(Header(EXCHANGE)).rstrip(b"\n"))
        self.send(ParcelKind.CATALOGUE, msgspec.json.encode(Catalogue({"rfq_matches": []})))


@contextlib.asynccontextmanager
async def serving(port: int = 0, **options: Any) -> AsyncIterator[Serving]:
    """Run the process."""
    plan = ServePlan([FeedPlan(EXCHANGE)], "127.0.0.1", port, "/no/such/socket", **options)
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", MODULE, msgspec.json.encode(plan).decode(), stdin=theirs.fileno()
        )
    one = Serving(process, ours)
    await one.connect()
    try:
        yield one
    finally:
        one.writer.close()
        await asyncio.wait_for(process.wait(), HANG_TIMEOUT)


def test_it_serves_until_the_recorder_is_gone_and_closes_its_clients_then() -> None:
    async def scenario() -> None:
        async with serving() as one:
            (url,) = cast("Ready", await one.hear(Ready)).urls
            one.begin()
            one.process.send_signal(signal.SIGINT)  # as Ctrl-C does, which is for the recorder
            client = await _connected(url)
            assert await one.hear(Clients) == Clients(1, 1, 0)
            one.process.send_signal(signal.SIGINT)
            await say(client, type="subscribe", channels=["rfq_matches"])
            await hear(client)
            one.send(ParcelKind.LINES, encode_frame(exchange("rfq_match", 1)).rstrip(b"\n") + b"\n")
            assert (await hear(client))[0]["sequence"] == 1
            one.socket.shutdown(socket.SHUT_WR)
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1001
            assert await asyncio.wait_for(one.process.wait(), HANG_TIMEOUT) == 0

    run(scenario())


async def _connected(url: str) -> Any:
    """Connect, once the process knows what is recorded."""
    while True:
        with contextlib.suppress(Exception):
            return await connect(url, ping_interval=None)
        await asyncio.sleep(0.01)


def test_a_port_is_had_that_a_killed_predecessor_had_though_its_clients_are_still_connected() -> None:
    async def scenario() -> None:
        async with serving() as first:
            (url,) = cast("Ready", await first.hear(Ready)).urls
            first.begin()
            client = await _connected(url)
            first.process.kill()
            port = int(url.rpartition(":")[2])
            async with serving(port) as second:
                assert (await second.hear(Ready)).urls == [url]
                with pytest.raises(ConnectionClosed):
                    await client.recv()

    run(scenario())


def test_what_it_cannot_do_is_told_in_a_line() -> None:
    async def scenario() -> None:
        async with serving(settings={"no_such": "1"}) as one:
            logged = await one.hear(Logged)
            assert logged.text.startswith("coinbase-exchange has no setting 'no_such'")
            assert await one.process.wait() == 1

    run(scenario())


def test_what_is_no_parcel_ends_it_with_a_reason(capfd: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> int:
        async with serving() as one:
            await one.hear(Ready)
            one.writer.write(bytes(8) + b"\x09" + bytes(6))
            return await asyncio.wait_for(one.process.wait(), HANG_TIMEOUT)

    assert run(scenario()) == 1
    assert "ValueError: 9 is not a valid ParcelKind" in capfd.readouterr().err
