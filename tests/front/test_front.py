"""A connection from its first byte on, on real sockets."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import socket
import ssl
import struct
from collections.abc import Callable
from typing import NamedTuple

import msgspec
import pytest
from websockets.asyncio.client import connect

from feedrec.front import front as front_module
from feedrec.front.front import Front
from feedrec.front.fronts import HttpLimits
from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.replay.tls.certificate_folder import prepare_certificates
from feedrec.replay.tls.tls_context import open_tls

from ..timing import HANG_TIMEOUT, MS, scaled, until
from .serving import HANDSHAKE, HELLO, HELLO_BACK, PATIENT, Peer, ask, echo, peer_of, run, serving


class Tls(NamedTuple):
    server: ssl.SSLContext | None
    client: ssl.SSLContext | None


@pytest.fixture(scope="module", params=["tcp", "tls"])
def tls(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """Give the contexts of both sides."""
    if request.param == "tcp":
        return Tls(None, None)
    local = prepare_certificates(tmp_path_factory.mktemp("tls"), [], dt.datetime.now(dt.UTC))
    return Tls(open_tls(local.server).context, ssl.create_default_context(cafile=local.authority))


def get(path: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: localhost", *headers, "", ""]).encode()


def test_many_requests_on_one_connection_are_answered_in_order_and_one_at_a_time(tls: Tls) -> None:
    under_way, most = 0, 0

    async def answer(request: HttpRequest) -> HttpAnswer:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(MS if request.target.endswith("0") else 0)
        under_way -= 1
        return await echo(request)

    async def scenario() -> None:
        async with serving(answer, tls=tls.server) as server, peer_of(server.port, tls.client) as peer:
            peer.send(b"".join(get(f"/{number}") for number in range(1000)))
            for number in range(1000):
                assert await peer.answer() == (200, f"GET /{number} 0 ".encode())
            peer.send(get("/again"))
            assert await peer.answer() == (200, b"GET /again 0 ")
            assert most == 1

    run(scenario())


def test_requests_that_arrive_byte_by_byte_are_answered_alike() -> None:
    async def scenario() -> None:
        async with serving() as server, peer_of(server.port) as peer:
            chunks = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nA: b\r\n\r\n"
            chunked = get("/b", "Transfer-Encoding: chunked", method="PUT") + chunks
            for byte in get("/a", "Content-Length: 3", method="POST") + b"xyz" + chunked + HANDSHAKE + HELLO:
                peer.send(bytes([byte]))
                await asyncio.sleep(0)
            assert await peer.answer() == (200, b"POST /a 3 xyz")
            assert await peer.answer() == (200, b"PUT /b 5 abcde")
            await peer.talk()

    run(scenario())


def test_requests_of_many_connections_take_turns() -> None:
    """In no round of the event loop is more than one begun, so that what else is due is not late."""
    begun = 0

    async def answer(request: HttpRequest) -> HttpAnswer:
        nonlocal begun
        begun += 1
        return await echo(request)

    async def scenario() -> None:
        async with serving(answer) as server:
            peers = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(30)]
            await until(lambda: len(server.handshakes._waiting) == len(peers))
            for _, writer in peers:
                writer.write(get("/") * 3)
            while begun < 3 * len(peers):
                before = begun
                await asyncio.sleep(0)
                assert begun <= before + 1
            for _, writer in peers:
                writer.transport.abort()

    run(scenario())


def test_nothing_is_read_while_a_request_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a client sends meanwhile waits in its own system, however much it is."""
    go_on = asyncio.Event()
    received = 0
    original = Front.data_received

    async def answer(request: HttpRequest) -> HttpAnswer:
        await go_on.wait()
        return await echo(request)

    def counted(front: Front, data: bytes) -> None:
        nonlocal received
        received += len(data)
        original(front, data)

    monkeypatch.setattr(Front, "data_received", counted)

    async def scenario() -> None:
        async with serving(answer) as server, peer_of(server.port) as peer:
            peer.send(get("/a"))
            await until(lambda: server.handshakes._answered)
            peer.send(b"x" * 50_000_000)
            await asyncio.sleep(scaled(0.1))
            assert received < 1_000_000
            go_on.set()
            assert await peer.answer() == (200, b"GET /a 0 ")

    run(scenario())


def test_who_sends_on_after_an_error_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_module, "_MOST_THROWN_AWAY", 1_000_000)

    async def scenario() -> None:
        async with serving() as server, peer_of(server.port) as peer:
            peer.send(get("/a", "Content-Length: 999999999", method="POST") + b"x" * 50_000_000)
            await peer.rest()
            await until(lambda: not server.handshakes.are_here)

    run(scenario())


@pytest.mark.parametrize("before", [0, 1, 3])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_websocket_may_follow_requests(tls: Tls, before: int, *, at_once: bool) -> None:
    """Also without waiting for their answers; and its first message need not wait for the handshake."""

    async def scenario() -> None:
        async with serving(tls=tls.server) as server, peer_of(server.port, tls.client) as peer:
            for number in range(before):
                peer.send(get(f"/{number}"))
                if not at_once:
                    assert await peer.answer() == (200, f"GET /{number} 0 ".encode())
            peer.send(HANDSHAKE + HELLO)
            for number in range(before if at_once else 0):
                assert await peer.answer() == (200, f"GET /{number} 0 ".encode())
            await peer.talk()
            peer.send(HELLO)
            assert await peer.reader.readexactly(len(HELLO_BACK)) == HELLO_BACK
            await ask(server.port, tls.client)

    run(scenario())


def test_a_client_of_websockets_notices_nothing(tls: Tls) -> None:
    """Neither what it sends nor what it gets is bounded by what holds for requests."""

    async def scenario() -> None:
        async with serving(
            tls=tls.server, limits=HttpLimits(longest_body=1, idle_time=MS, head_time=HANG_TIMEOUT)
        ) as server:
            scheme = "ws" if tls.client is None else "wss"
            async with connect(f"{scheme}://localhost:{server.port}", ssl=tls.client, max_size=None) as client:
                await asyncio.sleep(scaled(0.1))
                await client.send("x" * 1_000_000)
                assert len(await client.recv()) == 1_000_000

    run(scenario())


def test_a_head_is_asked_for_without_its_content() -> None:
    async def scenario() -> None:
        async with serving() as server, peer_of(server.port) as peer:
            peer.send(get("/a", method="HEAD") + get("/b"))
            assert "Content-Length: 10" in await peer.head()
            assert await peer.answer() == (200, b"GET /b 0 ")

    run(scenario())


def test_who_waits_for_leave_to_send_a_body_gets_it_unless_the_body_is_too_long() -> None:
    async def scenario() -> None:
        async with serving(limits=HttpLimits(longest_body=100)) as server, peer_of(server.port) as peer:
            for _ in range(2):
                peer.send(get("/a", "Content-Length: 100", "Expect: 100-continue", method="POST"))
                assert (await peer.head()).startswith("HTTP/1.1 100 ")
                peer.send(b"x" * 100)
                assert (await peer.answer())[1].startswith(b"POST /a 100 xxx")
            peer.send(get("/a", "Content-Length: 3", "Expect: 100-continue", method="POST") + b"abc")
            assert await peer.answer() == (200, b"POST /a 3 abc")  # it did not wait
            peer.send(get("/a", "Content-Length: 101", "Expect: 100-continue", method="POST"))
            assert (await peer.answer())[0] == 413
            assert await peer.rest() == b""

    run(scenario())


@pytest.mark.parametrize("size", [2_000_000, 200])
@pytest.mark.parametrize("is_chunked", [True, False])
def test_who_sends_too_much_is_told_so_once_all_is_sent(tls: Tls, size: int, *, is_chunked: bool) -> None:
    async def scenario() -> None:
        limits = HttpLimits(longest_body=100, linger_time=HANG_TIMEOUT)
        async with serving(tls=tls.server, limits=limits) as server, peer_of(server.port, tls.client) as peer:
            if is_chunked:
                peer.send(get("/a", "Transfer-Encoding: chunked", method="POST"))
                peer.send(b"%x\r\n%b\r\n0\r\n\r\n" % (size, b"x" * size))
            else:
                peer.send(get("/a", f"Content-Length: {size}", method="POST") + b"x" * size)
            if tls.client is None:
                await peer.writer.drain()
            assert (await peer.answer())[0] == 413
            assert await peer.rest() == b""
            if tls.client is None:
                assert server.handshakes.are_here  # it reads on until the client closes

    run(scenario())


@pytest.mark.parametrize(
    "request_",
    [get("/a", version="1.0"), get("/a", "Connection: close"), b"GET /a HTTP/1.0\r\nHost: [::1]:9\r\n\r\n"],
)
def test_the_connection_is_closed_where_the_client_says_so(tls: Tls, request_: bytes) -> None:
    async def scenario() -> None:
        async with serving(tls=tls.server) as server, peer_of(server.port, tls.client) as peer:
            peer.send(request_ + get("/b"))
            head, body = (await peer.rest()).split(b"\r\n\r\n")
            assert b"\r\nConnection: close" in head
            assert body == b"GET /a 0 "

    run(scenario())


def test_a_client_that_sends_no_more_gets_its_answers() -> None:
    """It has closed its side only."""

    async def slowly(request: HttpRequest) -> HttpAnswer:
        await asyncio.sleep(20 * MS)
        return await echo(request)

    async def scenario() -> None:
        async with serving(slowly) as server, peer_of(server.port) as peer:
            peer.send(get("/a") + get("/b") + b"GET /c")
            peer.writer.write_eof()
            assert await peer.answer() == (200, b"GET /a 0 ")
            assert await peer.answer() == (200, b"GET /b 0 ")
            assert await peer.rest() == b""
            async with peer_of(server.port) as other:
                other.send(get("/a") + HANDSHAKE)
                other.writer.write_eof()
                assert await other.answer() == (200, b"GET /a 0 ")
                await other.rest()
            async with peer_of(server.port) as other:
                other.send(get("/a", "Content-Length: 3", method="POST") + b"x")
                other.writer.write_eof()
                assert (await other.answer())[0] == 400

    run(scenario())


def test_an_answer_that_needs_its_asker_ends_when_the_client_sends_no_more() -> None:
    """It may have been killed; one that says so at once has sent its request, and gets the answer."""
    ended: list[str] = []

    async def slowly(request: HttpRequest) -> HttpAnswer:
        try:
            await asyncio.sleep(3600 if request.target == "/a" else 0)
        except asyncio.CancelledError:
            ended.append(request.target)
            raise
        return await echo(request)

    async def scenario() -> None:
        async with serving(slowly) as server, peer_of(server.port) as peer:
            server.fronts.needs_asker = lambda request: request.target in ("/a", "/b")
            peer.send(get("/b") + get("/a"))
            assert await peer.answer() == (200, b"GET /b 0 ")
            peer.writer.write_eof()
            assert await peer.rest() == b""
            assert ended == ["/a"]
            async with peer_of(server.port) as other:
                other.send(get("/b"))
                other.writer.write_eof()
                assert await other.answer() == (200, b"GET /b 0 ")

    run(scenario())


@pytest.mark.parametrize(
    "headers", [["Origin: http://evil.example"], ["Origin: null"], ["Origin: http://localhost", "Origin: b"]]
)
def test_pages_of_others_get_no_answer(headers: list[str]) -> None:
    """Also if their name leads here; and nobody is told that a page may read an answer."""

    async def scenario() -> None:
        async with serving() as server:
            for request_ in (
                get("/a", *headers),
                get("http://evil.example/a"),
                get("/a").replace(b"localhost", b"evil.example"),
            ):
                async with peer_of(server.port) as peer:
                    peer.send(request_)
                    assert (await peer.answer())[0] == 403
                    assert await peer.rest() == b""
            async with peer_of(server.port) as peer:
                peer.send(get("/a", "Origin: http://localhost:3000"))
                assert "access-control" not in (await peer.head()).lower()

    run(scenario())


def test_an_address_that_is_whole_names_the_host() -> None:
    hosts = []

    async def answer(request: HttpRequest) -> HttpAnswer:
        hosts.append((request.host, request.target))
        return await echo(request)

    async def scenario() -> None:
        async with serving(answer) as server, peer_of(server.port) as peer:
            for target in ("http://127.0.0.1:8000/a?b=c", "HTTPS://localhost", "http://127.0.0.1?b=c"):
                peer.send(get(target))
                assert (await peer.answer())[0] == 200
        assert hosts == [("127.0.0.1", "/a?b=c"), ("localhost", "/"), ("127.0.0.1", "/?b=c")]

    run(scenario())


def test_an_answer_that_fails_is_one_line_without_the_clients_text(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(request: HttpRequest) -> HttpAnswer:
        if "status" in request.target:
            return HttpAnswer(99)
        raise ValueError(request.target)

    async def scenario() -> None:
        async with serving(answer) as server:
            for number, path in enumerate(("/secret", "/secret?status"), 1):
                async with peer_of(server.port) as peer:
                    peer.send(get(path))
                    status, body = await peer.answer()
                    assert status == 500
                    assert body.count(b"\n") == 1
                    assert b"secret" not in body
                    assert await peer.rest() == b""
                    assert server.failures == number

    with caplog.at_level(logging.ERROR):
        run(scenario())
    assert len(caplog.records) == 2
    assert "ValueError in line" in caplog.messages[0]
    assert not any("secret" in line or "\n" in line for line in caplog.messages)
    assert not any(record.exc_info for record in caplog.records)


IMPATIENT = msgspec.structs.replace(PATIENT, head_time=scaled(0.5), body_time=50 * MS, linger_time=50 * MS)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", None),
        (b"\r\n", 408),
        (b"GET / HTTP/1.1\r\nHost", 408),
        (get("/", "Content-Length: 3", method="POST") + b"x", 408),
        (get("/", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n", 408),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_request_that_takes_too_long_is_given_up(tls: Tls, sent: bytes, status: int | None, *, before: bool) -> None:
    async def scenario() -> None:
        limits = IMPATIENT if sent else msgspec.structs.replace(IMPATIENT, idle_time=50 * MS)
        async with serving(tls=tls.server, limits=limits) as server, peer_of(server.port, tls.client) as peer:
            if before:
                peer.send(get("/a"))
                assert (await peer.answer())[0] == 200
            if sent:
                peer.send(sent)
            if status is not None:
                assert (await peer.answer())[0] == status
            assert await peer.rest() == b""
            await until(lambda: not server.handshakes.are_here)

    run(scenario())


async def _large(_: HttpRequest) -> HttpAnswer:
    return HttpAnswer(200, b"x" * 20_000_000)


def test_a_large_answer_arrives_whole(tls: Tls) -> None:
    async def scenario() -> None:
        async with serving(_large, tls=tls.server) as server, peer_of(server.port, tls.client) as peer:
            for _ in range(2):
                peer.send(get("/"))
                assert len((await peer.answer())[1]) == 20_000_000

    run(scenario())


def test_who_does_not_read_an_answer_is_dropped(tls: Tls) -> None:
    async def scenario() -> None:
        limits = msgspec.structs.replace(PATIENT, write_deadline=50 * MS)
        async with serving(_large, tls=tls.server, limits=limits) as server, peer_of(server.port, tls.client) as peer:
            peer.stop_reading()
            peer.send(get("/"))
            await until(lambda: server.handshakes.are_here)
            await until(lambda: not server.handshakes.are_here)

    run(scenario())


class SlowTransport(asyncio.Transport):
    """A transport whose client reads some of what is written, but never all of it."""

    def __init__(self, unread: list[int]) -> None:
        super().__init__()
        self.unread = unread
        self.is_aborted = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return self.unread.pop(0)

    def abort(self) -> None:
        self.is_aborted = True


def test_who_reads_an_answer_slowly_is_not_before_it_stops() -> None:
    async def scenario() -> None:
        async with serving(limits=HttpLimits(write_deadline=MS)) as server:
            front, transport = Front(server.fronts, asyncio.Protocol), SlowTransport([9, 8, 8, 7, 7, 1, 1, 1])
            front.connection_made(transport)
            front.pause_writing()
            writing = asyncio.create_task(front._room())
            await until(lambda: transport.is_aborted)
            assert transport.unread == []
            writing.cancel()
            front.connection_lost(None)

    run(scenario())


def test_an_answer_is_given_up_when_its_client_is_gone() -> None:
    """It is dropped here, as one too many, or by the client; what asks a venue for it need not go on."""
    given_up = []

    async def never(_: HttpRequest) -> HttpAnswer:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            given_up.append(True)
            raise
        raise AssertionError("it waits for ever")

    async def scenario() -> None:
        async with serving(never) as server, peer_of(server.port) as peer:
            peer.send(get("/"))
            await until(lambda: server.handshakes._answered)
            server.handshakes.abort(answered=True)
            await until(lambda: given_up)
            assert await peer.rest() == b""
            async with peer_of(server.port) as other:
                other.send(get("/"))
                await until(lambda: server.handshakes._answered)
                sock = other.writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close is a reset
            await until(lambda: len(given_up) == 2)

    run(scenario())


def test_the_oldest_that_only_wait_make_room_and_answers_are_spared() -> None:
    go_on = asyncio.Event()

    async def answer(request: HttpRequest) -> HttpAnswer:
        await go_on.wait()
        return await echo(request)

    async def scenario() -> None:
        async with (
            serving(answer, max_waiting=10) as server,
            peer_of(server.port) as asking,
            peer_of(server.port) as idle,
        ):
            asking.send(get("/a"))
            await until(lambda: server.handshakes._answered)
            silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(30)]
            assert await idle.rest() == b""
            await until(lambda: len(server.handshakes._waiting) == 9)
            go_on.set()
            assert await asking.answer() == (200, b"GET /a 0 ")
            for _, writer in silent:
                writer.transport.abort()

    run(scenario())


def test_those_that_are_answered_do_not_take_all_room() -> None:
    """However many there are, half of the places are for others."""

    async def scenario() -> None:
        async with serving(_large, max_waiting=10) as server:
            stuck = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(20)]
            for reader, writer in stuck:
                Peer(reader, writer).stop_reading()
                writer.write(get("/"))
            await until(lambda: len(server.handshakes._answered) > 5)
            silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(20)]
            await until(lambda: len(server.handshakes._answered) == 5)
            async with peer_of(server.port) as peer:
                peer.send(HANDSHAKE + HELLO)
                await peer.talk()
            for _, writer in stuck + silent:
                writer.transport.abort()

    run(scenario())


def test_at_the_end_an_answer_may_be_finished_and_all_else_is_dropped(tls: Tls) -> None:
    go_on = asyncio.Event()

    async def answer(request: HttpRequest) -> HttpAnswer:
        if request.target != "/idle":
            await go_on.wait()
        return await echo(request)

    async def scenario() -> None:
        async with (
            serving(answer, tls=tls.server) as server,
            peer_of(server.port, tls.client) as idle,
            peer_of(server.port, tls.client) as silent,
            peer_of(server.port, tls.client) as amid,
            peer_of(server.port, tls.client) as asking,
        ):
            idle.send(get("/idle"))
            assert (await idle.answer())[0] == 200
            amid.send(b"GET / HT")
            asking.send(get("/a") + get("/b") + HANDSHAKE)
            await until(lambda: server.handshakes._answered)
            closing = asyncio.create_task(server.close(HANG_TIMEOUT))
            for peer in (idle, silent, amid):
                assert await peer.rest() == b""
            assert not closing.done()
            go_on.set()
            assert await asking.answer() == (200, b"GET /a 0 ")
            assert await asking.rest() == b""
            await closing

    run(scenario())


def test_at_the_end_nobody_becomes_a_client_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither does one that comes in the same moment."""

    async def scenario() -> None:
        async with serving() as server, peer_of(server.port) as peer:
            await until(lambda: server.handshakes.are_here)
            monkeypatch.setattr(server.fronts, "is_closing", True)
            peer.send(HANDSHAKE)
            assert await peer.rest() == b""

    run(scenario())


@pytest.mark.parametrize("answer", [lambda _: asyncio.Event().wait(), _large], ids=["late", "unread"])
def test_at_the_end_nobody_is_waited_for_longer_than_that(tls: Tls, answer: Callable[..., object]) -> None:
    async def scenario() -> None:
        async with serving(answer, tls=tls.server) as server, peer_of(server.port, tls.client) as asking:  # type: ignore[arg-type]
            asking.stop_reading()
            asking.send(get("/a"))
            await until(lambda: server.handshakes._answered)
            await server.close(20 * MS)
            assert not server.handshakes.are_here

    run(scenario())
