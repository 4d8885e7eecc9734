"""Handshakes that take their time, and a venue that never answers, at any endpoint; through real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import ConnectError
from feedrec.feeds import Subscription
from feedrec.feeds.coinbase_advanced import client as advanced_client
from feedrec.feeds.coinbase_exchange import client as exchange_client
from feedrec.recorder import connection

from ..recorder.venue import Peer, events, payloads, run, until
from ..recorder.venue import venue as bare_venue
from ..timing import scaled
from .recordings import PAIR, exchange_recording, market_recording
from .talk import session_with, venue

ADVANCED, EXCHANGE = "coinbase-advanced", "coinbase-exchange"
WANTED = {
    ADVANCED: [Subscription("ticker", PAIR), Subscription("heartbeats")],
    EXCHANGE: [Subscription("ticker", PAIR), Subscription("heartbeat")],
}

each_endpoint = pytest.mark.parametrize("endpoint", [ADVANCED, EXCHANGE])


def recording_of(endpoint: str, path: Path) -> Path:
    return market_recording(path) if endpoint == ADVANCED else exchange_recording(path)


@contextlib.asynccontextmanager
async def slow(url: str, *delays: float) -> AsyncIterator[str]:
    """Pass on to a venue what comes, on each connection after so many seconds, the last for all that follow."""
    waits = list(delays)
    port = int(url.rpartition(":")[2])
    tasks: set[asyncio.Task[Any]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await asyncio.sleep(waits.pop(0) if len(waits) > 1 else waits[0])
            onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(pump(reader, onward_writer), pump(onward_reader, writer))
        except asyncio.CancelledError:
            pass
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


@each_endpoint
def test_a_slow_handshake_is_waited_for(endpoint: str, path: Path, tmp_path: Path) -> None:
    """A second is nothing; the time of the opening is that of the answer."""

    async def scenario() -> None:
        recording = recording_of(endpoint, tmp_path / "venue.jsonl")
        async with venue(recording) as server, slow(server.url, 1.0) as url:
            await session_with(url, path, endpoint, *WANTED[endpoint], frames=20).run()

    before = time.time_ns()
    run(scenario())
    (opened,) = events(path, "open")
    assert opened.time - before > 1_000_000_000
    assert len(payloads(path)) == 20
    assert events(path, "missing") == events(path, "gap") == []


@each_endpoint
def test_a_venue_that_never_answers_the_handshake_is_an_error_that_leaves_no_file(
    endpoint: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "OPEN_TIMEOUT", 0.3)

    async def never(peer: Peer) -> None:
        await peer.read_request()
        await peer.reader.read()

    async def scenario() -> None:
        async with bare_venue(never) as url:
            with pytest.raises(ConnectError, match=r"no answer within 0\.3 seconds"):
                await session_with(url, path, endpoint, *WANTED[endpoint]).run()

    run(scenario())
    assert list(path.parent.iterdir()) == []


@each_endpoint
def test_a_handshake_too_slow_in_the_middle_of_a_run_is_tried_again(
    endpoint: str, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The venue closes, does not answer the next handshake in time, and answers the one after it."""
    monkeypatch.setattr(connection, "OPEN_TIMEOUT", 0.3)

    async def scenario() -> None:
        recording = recording_of(endpoint, tmp_path / "venue.jsonl")
        async with venue(recording, speed=1000, at_end="close") as server, slow(server.url, 0, 1, 0) as url:
            session = session_with(url, path, endpoint, *WANTED[endpoint])
            running = asyncio.create_task(session.run())
            await until(lambda: session.progress.counts.connections == 2)
            await until(lambda: session.progress.state == "reconnecting")
            session.stop()
            await running

    run(scenario())
    assert len(events(path, "open")) == len(events(path, "close")) >= 2
    first, second, *_ = events(path, "open")
    assert second.time - first.time > 300_000_000


@each_endpoint
@pytest.mark.usefixtures("impatient")
def test_a_venue_that_never_answers_a_subscription_is_told_and_given_up_when_silent(
    endpoint: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First that no ack came, then that nothing comes at all, which is death where beats were asked for; it goes on."""
    for module in (advanced_client, exchange_client):
        monkeypatch.setattr(module, "SILENCE_LIMIT", scaled(1.0))
    asked: list[dict[str, Any]] = []

    async def mute(peer: Peer) -> None:
        await peer.accept()
        asked.append(json.loads((await peer.read_frame())[1]))
        await peer.answer_close()

    async def scenario() -> None:
        async with bare_venue(mute) as url:
            session = session_with(url, path, endpoint, *WANTED[endpoint])
            running = asyncio.create_task(session.run())
            await until(lambda: len(asked) == 2)
            session.stop()
            await running

    run(scenario())
    assert [message["type"] for message in asked] == ["subscribe"] * 2
    (missing, *_) = events(path, "missing")
    (silence, *_) = events(path, "silence")
    assert missing.conn == silence.conn == 0
    assert missing.time < silence.time
    assert payloads(path) == []
