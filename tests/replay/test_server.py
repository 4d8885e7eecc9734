"""The replay server, with real sockets: every frame, untouched, to every client, and nobody harms anybody."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedOK

from feedrec.errors import NotARecordingError, UsageError
from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_frame
from feedrec.model import Frame, Header
from feedrec.replay import ClientResult, ReplayOptions, ReplayServer
from feedrec.replay.client import first_words
from feedrec.replay.options import AtEnd

from ..timing import HANG_TIMEOUT, scaled, until
from .raw_client import CLOSE_1000, CLOSE_1001, RawClient, as_messages, replayed_to_raw_client, run
from .recordings import START, frames_of, numbered, record

MILLISECOND = 1_000_000

LARGE = frames_of([b'{"n":%d,"x":"%s"}' % (n, b"x" * 60_000) for n in range(400)], MILLISECOND)


def options(
    *,
    speed: float = math.inf,
    at_end: AtEnd = "close",
    write_deadline: float = 30.0,
    deflate: bool = False,
    host: str = "127.0.0.1",
    port: int = 0,
) -> ReplayOptions:
    return ReplayOptions(
        host=host, port=port, speed=speed, at_end=at_end, write_deadline=write_deadline, deflate=deflate
    )


async def messages_of(client: ClientConnection) -> list[str | bytes]:
    """Subscribe, and give all messages up to a normal close."""
    await client.send("{}")
    return [message async for message in client]


def texts(frames: list[Frame]) -> list[str]:
    return [frame.payload.decode() for frame in frames]


def test_a_client_that_says_something_and_leaves_at_once_is_no_failure(tmp_path: Path) -> None:
    """With every version of the library: 13.1 raises an error of its own then."""
    results: list[ClientResult] = []

    async def scenario() -> bool:
        path = record(tmp_path / "a.jsonl.zst", numbered(10, 3600 * 1_000_000_000))
        async with ReplayServer(path, options(speed=1.0), on_client_end=results.append) as server:
            for _ in range(5):
                async with connect(server.url) as client:
                    await client.send("{}")
            await until(lambda: len(results) == 5 or server.has_failed)
            return server.has_failed

    assert not run(scenario())
    assert {result.outcome for result in results} == {"client left"}


def test_every_frame_arrives_byte_for_byte_in_order(tmp_path: Path) -> None:
    """Among them what no library would send: text that is no UTF-8; and a snapshot of 5 MB."""
    frames = [
        *numbered(1000),
        Frame(START, 0, b"\x00\xff", binary=True),
        Frame(START, 0, b""),
        Frame(START, 0, b"", binary=True),
        Frame(START, 0, b"caf\xe9 is not UTF-8"),
        Frame(START, 0, b' {"spaces" : 1 }\n'),
        Frame(START, 0, b'{"snapshot":"%s"}' % (b"x" * 5_000_000)),
        *(Frame(START, 0, b"y" * size) for size in (125, 126, 65_535, 65_536, 70_000)),
        *numbered(1000),
    ]
    results: list[ClientResult] = []

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", frames)
        async with ReplayServer(path, options(at_end="exit"), on_client_end=results.append) as server:
            assert await replayed_to_raw_client(server.port) == [*as_messages(frames), CLOSE_1000]
            await server.wait_finished()

    run(scenario())
    assert [(result.outcome, result.frames) for result in results] == [("finished", len(frames))]
    assert results[0].size == sum(len(frame.payload) for frame in frames)
    assert results[0].lateness is None


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "file.zst", "a.parquet"])
def test_a_recording_of_any_format_arrives_byte_for_byte(tmp_path: Path, name: str) -> None:
    """What it is, its content tells, and not its name: `file.zst` has no ending that is known."""
    frames = [*numbered(20), Frame(START, 0, b"\x00\xff", binary=True), Frame(START, 0, b' {"spaces" : 1 }\n')]

    async def scenario() -> None:
        path = record(tmp_path / (name.replace("file", "a.jsonl")), frames)
        path = path.rename(tmp_path / name)
        async with ReplayServer(path, options()) as server:
            assert await replayed_to_raw_client(server.port) == [*as_messages(frames), CLOSE_1000]

    run(scenario())


def test_the_real_capture_arrives_byte_for_byte(tmp_path: Path, capture_frames: list[bytes]) -> None:
    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", frames_of(capture_frames))
        async with ReplayServer(path, options()) as server, connect(server.url, max_size=None) as client:
            assert [str(message).encode() for message in await messages_of(client)] == capture_frames

    run(scenario())


def test_two_clients_at_once_each_get_all(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ReplayServer(record(tmp_path / "a.jsonl.zst", LARGE), options()) as server:
            one, two = await asyncio.gather(replayed_to_raw_client(server.port), replayed_to_raw_client(server.port))
            assert one == two == [*as_messages(LARGE), CLOSE_1000]

    run(scenario())


def test_a_client_that_stops_reading_is_given_up_and_disturbs_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    results: list[ClientResult] = []

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", LARGE)
        async with (
            ReplayServer(path, options(write_deadline=0.5), on_client_end=results.append) as server,
            RawClient(server.port, receive_buffer=4096) as stuck,
        ):
            stuck.send()
            assert await replayed_to_raw_client(server.port) == [*as_messages(LARGE), CLOSE_1000]
            await until(lambda: len(results) == 2)

    with caplog.at_level(logging.WARNING):
        run(scenario())
    assert sorted(result.outcome for result in results) == ["finished", "stopped reading"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "stopped reading" in caplog.text


@pytest.mark.parametrize("clients", [1, 2])
def test_ten_times_the_speed_takes_a_tenth_of_the_time(tmp_path: Path, clients: int) -> None:
    """No frame is early, and what the last one took longer is its lateness: nothing adds up."""
    results: list[ClientResult] = []
    frames = numbered(1001, 5 * MILLISECOND)

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", frames)
        async with ReplayServer(path, options(speed=10.0, at_end="exit"), on_client_end=results.append) as server:
            for messages in await asyncio.gather(*(replayed_to_raw_client(server.port) for _ in range(clients))):
                assert messages == [*as_messages(frames), CLOSE_1000]
            await server.wait_finished()

    run(scenario())
    for result in results:
        assert result.recorded == 5000 * MILLISECOND
        assert result.lateness is not None
        assert result.lateness.count == 1001
        assert 0 <= result.elapsed - 500 * MILLISECOND <= result.lateness.max


def test_nothing_is_sent_before_the_first_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the client may still say something; after that it counts as a listen-only client."""
    monkeypatch.setattr(first_words, "VERBATIM_PATIENCE", HANG_TIMEOUT)

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", numbered(3))
        async with ReplayServer(path, options()) as server, connect(server.url) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.recv(), scaled(0.2))
            assert await messages_of(client) == texts(numbered(3))

    run(scenario())


def test_a_client_that_talks_all_the_time_gets_every_frame(tmp_path: Path) -> None:
    async def scenario() -> None:
        frames = numbered(200, MILLISECOND)
        path = record(tmp_path / "a.jsonl.zst", frames)
        async with ReplayServer(path, options(speed=1.0)) as server, connect(server.url) as client:

            async def talk() -> None:
                for _ in range(500):
                    await client.send("x" * 1000)
                    await client.ping()

            talking = asyncio.create_task(talk())
            assert await messages_of(client) == texts(frames)
            talking.cancel()
            await asyncio.wait({talking})
            assert (
                talking.cancelled()
                or talking.exception() is None
                or isinstance(talking.exception(), ConnectionClosedOK)
            )

    run(scenario())


def test_after_a_close_the_server_listens_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ReplayServer(record(tmp_path / "a.jsonl.zst", numbered(3)), options()) as server:
            for _ in range(3):
                assert (await replayed_to_raw_client(server.port))[-1] == CLOSE_1000
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(server.wait_finished(), scaled(0.05))
        await server.wait_finished()
        assert server.total.outcomes == {"finished": 3}

    run(scenario())


def test_hold_keeps_the_connection_open_and_silent(tmp_path: Path) -> None:
    results: list[ClientResult] = []

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", numbered(3))
        async with ReplayServer(path, options(at_end="hold"), on_client_end=results.append) as server:
            async with RawClient(server.port) as client:
                client.send()
                assert [await client.receive() for _ in range(3)] == as_messages(numbered(3))
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(client.receive(), scaled(0.2))
            await until(lambda: len(results) == 1)

    run(scenario())
    assert results[0].outcome == "finished"


def test_exit_waits_for_every_client(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", numbered(3))
        async with ReplayServer(path, options(at_end="exit")) as server:
            async with connect(server.url) as late:
                await replayed_to_raw_client(server.port)
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(server.wait_finished(), scaled(0.1))
                assert await messages_of(late) == texts(numbered(3))
            await server.wait_finished()
            assert server.total.clients == 2

    run(scenario())


def test_a_client_may_leave_at_any_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Before its first message, in the middle with a close, in the middle without one."""
    results: list[ClientResult] = []

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", LARGE)
        async with ReplayServer(path, options(speed=1.0), on_client_end=results.append) as server:
            async with connect(server.url):
                pass
            async with connect(server.url) as client:
                await client.send("{}")
                await client.recv()
            async with RawClient(server.port) as rude:
                rude.send()
                await rude.receive()
            await until(lambda: len(results) == 3)

    with caplog.at_level(logging.WARNING):
        run(scenario())
    assert [result.outcome for result in results] == ["client left"] * 3
    assert results[0].frames == 0
    assert caplog.records == []


@pytest.mark.parametrize("deflate", [False, True])
def test_a_client_that_offers_deflate_gets_every_frame(tmp_path: Path, *, deflate: bool) -> None:
    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", LARGE)
        async with ReplayServer(path, options(deflate=deflate)) as server, connect(server.url) as client:
            assert client.protocol.extensions != []
            assert await messages_of(client) == texts(LARGE)

    run(scenario())


@pytest.mark.parametrize(("deflate", "first"), [(False, 0x81), (True, 0xC1)])
def test_messages_are_compressed_only_if_asked_for(tmp_path: Path, *, deflate: bool, first: int) -> None:
    """The bit RSV1 marks a compressed message (RFC 7692, section 6)."""

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", numbered(1))
        offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
        async with (
            ReplayServer(path, options(deflate=deflate)) as server,
            RawClient(server.port, extra=offer) as client,
        ):
            assert "permessage-deflate" in client.response
            client.send()
            assert (await client.receive())[0] == first

    run(scenario())


def test_a_client_that_cannot_deflate_is_served_plainly(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", numbered(3))
        async with ReplayServer(path, options(deflate=True)) as server:
            assert await replayed_to_raw_client(server.port) == [*as_messages(numbered(3)), CLOSE_1000]

    run(scenario())


def test_a_torn_recording_is_replayed_up_to_the_cut(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst", frames_of([bytes([n % 256]) * 600 for n in range(20_000)]))
    path.write_bytes(path.read_bytes()[:-2000])

    async def scenario() -> None:
        async with ReplayServer(path, options()) as server:
            messages = await replayed_to_raw_client(server.port)
            assert 1000 < len(messages) < 20_000
            assert messages[-1] == CLOSE_1000

    run(scenario())


def test_damage_ends_a_replay_with_an_error_and_not_as_if_it_were_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = record(tmp_path / "a.jsonl", numbered(10))
    path.write_bytes(path.read_bytes() + b"junk\n" + encode_frame(numbered(1)[0]) + b"\n")
    results: list[ClientResult] = []

    async def scenario() -> None:
        async with ReplayServer(path, options(at_end="exit"), on_client_end=results.append) as server:
            first, reason = (await replayed_to_raw_client(server.port))[-1]
            assert (first, reason[:2]) == (0x88, (1011).to_bytes(2))
            await server.wait_finished()

    run(scenario())
    assert results[0].outcome == "recording damaged"
    assert "not a line of a recording" in caplog.text


def test_a_recording_that_grows_is_replayed_while_it_grows(tmp_path: Path) -> None:
    frames = numbered(20)
    writer = create_recording(tmp_path / "a.jsonl.zst", Header("raw"))
    for frame in frames[:10]:
        writer.write_line(encode_frame(frame))

    async def scenario() -> None:
        async with (
            ReplayServer(tmp_path / "a.jsonl.zst.part", options()) as server,
            RawClient(server.port) as client,
        ):
            client.send()
            got = [await client.receive() for _ in range(10)]
            for frame in frames[10:]:
                writer.write_line(encode_frame(frame))
            await asyncio.to_thread(writer.finish)
            got += [await client.receive() for _ in range(11)]
            assert got == [*as_messages(frames), CLOSE_1000]

    run(scenario())


def test_a_missing_recording_is_told_at_the_start(tmp_path: Path) -> None:
    async def scenario() -> None:
        with pytest.raises(NotARecordingError):
            await ReplayServer(tmp_path / "none.jsonl.zst", options()).start()

    run(scenario())


@pytest.mark.parametrize("wrong", [{"speed": 0.0}, {"speed": math.nan}, {"write_deadline": 0.0}])
def test_options_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        ReplayOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_", "status"),
    [(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b" 426 "), (b"\x16\x03\x01 TLS\r\n\r\n", b""), (b"", b"")],
)
def test_what_is_no_websocket_is_answered_without_noise(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, request_: bytes, status: bytes
) -> None:
    async def scenario() -> None:
        async with ReplayServer(record(tmp_path / "a.jsonl.zst", numbered(1)), options()) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(request_)
            if status:
                assert status in await reader.readline()
            writer.close()
            await writer.wait_closed()
            assert (await replayed_to_raw_client(server.port))[-1] == CLOSE_1000

    with caplog.at_level(logging.INFO):
        run(scenario())
    assert [record for record in caplog.records if record.exc_info or record.levelno > logging.INFO] == []


def test_closing_ends_every_replay_whatever_the_clients_do(tmp_path: Path) -> None:
    """One is stuck, one waits, one has not begun, one never finished its handshake."""
    results: list[ClientResult] = []

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", LARGE)
        server = ReplayServer(path, options(speed=100.0), on_client_end=results.append)
        await server.start()
        silent = socket.create_connection(("127.0.0.1", server.port))
        async with (
            RawClient(server.port, receive_buffer=4096) as stuck,
            RawClient(server.port) as waiting,
            RawClient(server.port),
        ):
            stuck.send()
            waiting.send()
            await waiting.receive()
            await server.close()
        silent.close()

    run(scenario())
    assert [result.outcome for result in results] == ["server stopped"] * 3


def test_a_client_is_told_when_the_server_goes_away(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", numbered(1))
        async with ReplayServer(path, options(at_end="hold")) as server, RawClient(server.port) as client:
            client.send()
            await client.receive()
            closing = asyncio.create_task(server.close())
            assert await client.receive() == CLOSE_1001
            await closing
        await server.close()

    run(scenario())


def test_a_server_that_was_not_started_can_be_closed(tmp_path: Path) -> None:
    run(ReplayServer(tmp_path / "a.jsonl.zst", options()).close())
