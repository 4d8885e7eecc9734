"""Clients that send without end, that do not read, and both, at a real server: each is bounded, and harms nobody."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from websockets.asyncio.server import serve

from feedrec.replay import ClientResult, ReplayOptions, ReplayServer
from feedrec.replay.client import connection as module
from feedrec.replay.client.connection import MAX_MESSAGE, TRANSPORT_LIMIT, ReplayConnection
from feedrec.replay.client.sending.wire import message_header

from ...timing import HANG_TIMEOUT, scaled, until
from ..raw_client import CLOSE_1000, RawClient, as_messages, replayed_to_raw_client, run
from ..recordings import frames_of, numbered, record

MILLISECOND = 1_000_000

LARGE = frames_of([b'{"n":%d,"x":"%s"}' % (n, b"x" * 60_000) for n in range(400)], MILLISECOND)
SNAPSHOT = frames_of([b"s" * 5_000_000, *(b"small %d" % n for n in range(3000))], MILLISECOND)

SUBSCRIBE = b"\x81\x82\0\0\0\0{}"
PING = b"\x89\x80\0\0\0\0"
LONG_PING = b"\x89\xfd\0\0\0\0" + b"p" * 125
FRAGMENT, CONTINUATION = b"\x01\x80\0\0\0\0", b"\x00\x80\0\0\0\0"
JUNK = b"\x81\x84\0\0\0\0junk"


def options(**changes: Any) -> ReplayOptions:
    return ReplayOptions(**{"port": 0, "speed": math.inf, **changes})


def clients_of(server: ReplayServer) -> list[ReplayConnection]:
    return [one for one in server._reception.handshakes._clients if isinstance(one, ReplayConnection)]


async def send_without_end(client: RawClient, message: bytes, start: bytes = b"") -> None:
    """Send a message as often as it is taken."""
    writer = client._writer
    writer.write(start)
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(message * 100)
            await writer.drain()
            await asyncio.sleep(0)


async def with_flood(port: int, message: bytes, start: bytes, then: Callable[[], Any], **client: Any) -> None:
    """Do something while a client sends without end and reads nothing."""
    async with RawClient(port, receive_buffer=4096, **client) as flooder:
        flood = asyncio.create_task(send_without_end(flooder, message, start))
        await then()
        flood.cancel()
        await asyncio.wait({flood})


@pytest.mark.parametrize(
    ("message", "start"),
    [
        (JUNK, b""),
        (JUNK, SUBSCRIBE),
        (SUBSCRIBE, b""),
        (PING, b""),
        (LONG_PING, SUBSCRIBE),
        (CONTINUATION, FRAGMENT),
        (CONTINUATION + PING, FRAGMENT),
        (b"\x82\xfe\xff\xff\0\0\0\0" + b"x" * 65_535, b""),
        (b"\x8a\x80\0\0\0\0", b""),
    ],
    ids=[
        "junk",
        "junk_to_play",
        "subscribe",
        "ping",
        "long_ping",
        "fragments",
        "fragments_and_pings",
        "large_messages",
        "pongs",
    ],
)
def test_whatever_a_client_sends_without_end_others_get_every_frame(
    tmp_path: Path, message: bytes, start: bytes
) -> None:
    async def scenario() -> None:
        async with ReplayServer(record(tmp_path / "a.jsonl.zst", LARGE), options()) as server:

            async def read_all() -> None:
                for _ in range(3):
                    assert await replayed_to_raw_client(server.port) == [*as_messages(LARGE), CLOSE_1000]

            await with_flood(server.port, message, start, read_all)

    run(scenario())


def test_no_more_is_taken_from_a_client_than_it_may_send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond that its own system holds it up; here, there is no more than one read and a few parsed messages."""
    monkeypatch.setattr(module, "MESSAGES_AT_ONCE", 50)
    monkeypatch.setattr(module, "MESSAGES_PER_SECOND", 1e-6)
    heard = 0

    class Counting(ReplayConnection):
        def process_event(self, event: Any) -> None:
            nonlocal heard
            heard += 1
            super().process_event(event)

    monkeypatch.setattr("feedrec.replay.entrance.ReplayConnection", Counting)

    async def scenario() -> None:
        async with (
            ReplayServer(record(tmp_path / "a.jsonl.zst", numbered(3)), options(at_end="hold")) as server,
            RawClient(server.port) as flooder,
        ):
            flood = asyncio.create_task(send_without_end(flooder, PING))
            (connection,) = clients_of(server)
            await until(lambda: not connection.transport.is_reading())
            await until(lambda: flooder._writer.transport.get_write_buffer_size() > 0)
            await asyncio.sleep(scaled(0.1))
            assert 50 <= heard < 1000
            assert len(connection._unparsed) <= 1 << 18
            flood.cancel()

    run(scenario())


def test_what_was_held_back_is_heard_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing a client says is lost: its last message is answered too."""
    monkeypatch.setattr(module, "MESSAGES_AT_ONCE", 5)
    monkeypatch.setattr(module, "MESSAGES_PER_SECOND", 5000.0)

    async def scenario() -> None:
        async with (
            ReplayServer(record(tmp_path / "a.jsonl.zst", numbered(1)), options(at_end="hold")) as server,
            RawClient(server.port) as client,
        ):
            client.send()
            client.send(PING * 2000 + b"\x89\x81\0\0\0\0!")
            pongs = 0
            while (message := await client.receive()) != (0x8A, b"!"):
                pongs += message == (0x8A, b"")
            assert pongs == 2000

    run(scenario())


def test_a_client_that_reads_nothing_gets_no_answers(tmp_path: Path) -> None:
    """What waits for it is bounded: pongs here, which the library sends by itself."""

    async def scenario() -> None:
        async with ReplayServer(record(tmp_path / "a.jsonl.zst", numbered(1)), options(at_end="hold")) as server:

            async def wait_until_held_up() -> None:
                (connection,) = clients_of(server)
                connection._bucket._size = connection._bucket._tokens = 1e9
                await until(lambda: connection.paused)
                await asyncio.sleep(scaled(0.1))
                assert connection.waiting < TRANSPORT_LIMIT + (1 << 18)
                assert not connection.transport.is_reading()

            await with_flood(server.port, LONG_PING, SUBSCRIBE, wait_until_held_up)

    run(scenario())


def test_a_large_message_is_copied_in_pieces_only(tmp_path: Path) -> None:
    """While its client does not read, the rest of it waits as it is."""

    async def scenario() -> None:
        async with (
            ReplayServer(record(tmp_path / "a.jsonl.zst", SNAPSHOT), options(speed=1.0)) as server,
            RawClient(server.port, receive_buffer=4096) as stuck,
        ):
            stuck.send()
            await until(lambda: clients_of(server)[0].paused)
            (connection,) = clients_of(server)
            assert connection.transport.get_write_buffer_size() <= 2 * TRANSPORT_LIMIT
            assert connection.waiting > 1_000_000

    run(scenario())


def test_a_pong_and_a_close_wait_until_no_message_is_half_written(tmp_path: Path) -> None:
    async def scenario() -> None:
        server = ReplayServer(record(tmp_path / "a.jsonl.zst", SNAPSHOT), options(speed=1.0))
        await server.start()
        async with RawClient(server.port, receive_buffer=1 << 16) as client:
            client.send()
            await until(lambda: clients_of(server)[0].paused)
            client.send(PING)
            closing = asyncio.create_task(server.close())
            messages = [await client.receive()]
            while messages[-1][0] != 0x88:
                messages.append(await client.receive())
            await closing
        assert messages[0] == as_messages(SNAPSHOT)[0]
        small = [message for message in messages[1:-1] if message != (0x8A, b"")]
        assert small == as_messages(SNAPSHOT)[1 : 1 + len(small)]

    run(scenario())


def test_a_client_that_reads_slowly_is_not_given_up(tmp_path: Path) -> None:
    """As long as it takes something within each deadline."""
    results: list[ClientResult] = []
    size = len(message_header(5_000_000, binary=False)) + 5_000_000

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", SNAPSHOT[:1])
        chosen = options(write_deadline=scaled(1))
        async with (
            ReplayServer(path, chosen, on_client_end=results.append) as server,
            RawClient(server.port, receive_buffer=1 << 16) as slow,
        ):
            slow.send()
            await until(lambda: clients_of(server)[0].paused)
            for _ in range(9):
                await slow._reader.readexactly(500_000)
                await asyncio.sleep(scaled(0.15))
            await slow._reader.readexactly(size - 9 * 500_000)
            assert await slow.receive() == CLOSE_1000
            slow.send(b"\x88\x82\0\0\0\0\x03\xe8")
            await until(lambda: results)

    run(scenario())
    assert [result.outcome for result in results] == ["finished"]


def test_a_client_that_only_asks_and_reads_nothing_is_given_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is played to it: what waits for it are answers."""
    results: list[ClientResult] = []

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", numbered(1))
        chosen = options(at_end="hold", write_deadline=scaled(0.2))
        async with ReplayServer(path, chosen, on_client_end=results.append) as server:

            async def wait_for_end() -> None:
                (connection,) = clients_of(server)
                connection._bucket._size = connection._bucket._tokens = 1e9
                await until(lambda: results)

            await with_flood(server.port, LONG_PING, b"", wait_for_end)

    with caplog.at_level(logging.WARNING):
        run(scenario())
    assert [result.outcome for result in results] == ["stopped reading"]
    assert ["stopped reading" in line for line in caplog.messages] == [True]


def test_a_message_has_only_so_many_fragments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pings between them do not count, and do not hide them."""
    monkeypatch.setattr(module, "MESSAGES_AT_ONCE", 10_000)

    async def scenario() -> None:
        async with ReplayServer(record(tmp_path / "a.jsonl.zst", numbered(1)), options()) as server:
            async with RawClient(server.port) as client:
                client.send(FRAGMENT + (CONTINUATION + PING) * 990 + b"\x80\x80\0\0\0\0")
                assert await _received_but_for_pongs(client) == as_messages(numbered(1))[0]
            async with RawClient(server.port) as client:
                client.send(FRAGMENT + (CONTINUATION + PING) * 1100)
                first, reason = await _received_but_for_pongs(client)
                assert (first, reason[:2]) == (0x88, (1009).to_bytes(2))

    run(scenario())


async def _received_but_for_pongs(client: RawClient) -> tuple[int, bytes]:
    while (message := await client.receive())[0] == 0x8A:
        pass
    return message


@pytest.mark.parametrize("deflate", [False, True])
def test_a_message_that_is_too_large_closes_the_connection(tmp_path: Path, *, deflate: bool) -> None:
    """Also one that is large only when it is decompressed."""
    payload = b"\0" * (MAX_MESSAGE + 1)
    first, extra = 0x81, ""
    if deflate:
        compress = zlib.compressobj(wbits=-15)
        payload = (compress.compress(payload) + compress.flush(zlib.Z_SYNC_FLUSH))[:-4]
        first, extra = 0xC1, "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    size = b"\xff" + len(payload).to_bytes(8) if len(payload) > 65_535 else b"\xfe" + len(payload).to_bytes(2)

    async def scenario() -> None:
        async with (
            ReplayServer(record(tmp_path / "a.jsonl.zst", numbered(1)), options(deflate=deflate)) as server,
            RawClient(server.port, extra=extra) as client,
        ):
            client.send(bytes([first]) + size + b"\0\0\0\0" + payload)
            opcode, reason = await client.receive()
            assert (opcode, reason[:2]) == (0x88, (1009).to_bytes(2))

    run(scenario())


def test_the_server_stops_soon_whatever_clients_do(tmp_path: Path) -> None:
    """Some do not read, some send without end, some stand amid a frame, some never finished their handshake."""

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", LARGE)
        server = ReplayServer(path, options())
        await server.start()
        async with contextlib.AsyncExitStack() as stack:
            floods = []
            for message in (JUNK, PING, SUBSCRIBE, CONTINUATION) * 3:
                client = await stack.enter_async_context(RawClient(server.port, receive_buffer=4096))
                start = FRAGMENT if message is CONTINUATION else SUBSCRIBE
                floods.append(asyncio.create_task(send_without_end(client, message, start)))
            half = await stack.enter_async_context(RawClient(server.port))
            half.send(SUBSCRIBE[:3])
            _, unfinished = await asyncio.open_connection("127.0.0.1", server.port)
            unfinished.write(b"GET / HTTP/1.1\r\nHost: ")
            await until(lambda: sum(connection.paused for connection in clients_of(server)) >= 9)
            async with asyncio.timeout(HANG_TIMEOUT / 4):
                await server.close()
            for flood in floods:
                flood.cancel()
            await asyncio.wait(floods)
            unfinished.close()

    run(scenario())


def test_a_client_that_closed_but_keeps_its_socket_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would wait for it to close the socket too: here it would do so for ever."""
    monkeypatch.setattr("feedrec.replay.listening.serve", partial(serve, close_timeout=None))
    path = record(tmp_path / "a.jsonl", numbered(3))

    async def scenario() -> str:
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        tell = lambda result: ended.set_result(result.outcome)  # noqa: E731
        async with ReplayServer(path, options(), on_client_end=tell) as server, RawClient(server.port) as client:
            assert (await client.receive_all())[-1] == CLOSE_1000
            return await ended

    assert run(scenario()) == "finished"


def test_what_is_lost_is_not_dropped_once_more() -> None:
    """The transport of asyncio raises an error then, if it was closed before."""
    connection = ReplayConnection.__new__(ReplayConnection)
    connection.transport = Mock()
    for is_lost in (True, False):
        connection._is_lost = is_lost
        connection.drop()
    connection.transport.abort.assert_called_once_with()


def test_clients_that_come_and_vanish_leave_nothing_behind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", numbered(10))
        async with ReplayServer(path, options(speed=1.0)) as server:
            for _ in range(300):
                async with RawClient(server.port) as client:
                    client.send()
            await until(lambda: server.total.clients == 300 and not clients_of(server))
            assert (await replayed_to_raw_client(server.port))[-1] == CLOSE_1000

    with caplog.at_level(logging.WARNING):
        run(scenario())
    assert caplog.messages == []


def test_what_a_client_causes_in_the_log_is_bounded_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """On one line each, however long and whatever the text."""
    channel = "\\u001b[31mX" * 2000
    asks = b'{"type":"subscribe","product_ids":["BTC-USD"],"channels":["%s"]}' % channel.encode()
    message = b"\x81\xfe" + len(asks).to_bytes(2) + b"\0\0\0\0" + asks

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", numbered(10), endpoint="coinbase-exchange")
        async with ReplayServer(path, options(speed=1.0)) as server:
            async with RawClient(server.port) as client:
                client.send(message * 50)
                client.send(PING)
                while (await client.receive())[0] != 0x8A:
                    pass
                (connection,) = clients_of(server)
            await until(lambda: server.total.clients == 1)
            assert connection.transport.is_closing()

    with caplog.at_level(logging.INFO, "feedrec"):
        run(scenario())
    caused = [line for line in caplog.messages if line.startswith("client 1") and "connected" not in line]
    assert 20 <= len(caused) <= 22
    assert max(map(len, caused)) < 500
    assert "\x1b" not in "".join(caused)
    assert caused[-1] == "client 1: 30 more lines left out"
