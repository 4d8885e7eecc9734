"""Messages are handed over where their bytes arrive, byte for byte, and failures come with their reason."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import traceback
import zlib
from collections.abc import Callable
from typing import NoReturn

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Opcode

from feedrec.errors import ConnectError
from feedrec.recorder import connection as connection_module
from feedrec.recorder.connection import RecordedConnection, open_connection

from ..timing import MS, until
from .venue import Peer, Script, binary, close, more, ping, run, text, venue


class Notebook:
    """A receiver that notes every call."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.messages: list[bytes] = []
        self.kinds: list[bool] = []

    def opened(self) -> None:
        self.notes.append("opened")

    def bytes_arrived(self) -> None:
        self.notes.append("bytes")

    def message(self, payload: bytes, *, binary: bool) -> None:
        assert type(payload) is bytes
        self.notes.append("message")
        self.messages.append(payload)
        self.kinds.append(binary)

    def texts(self, payloads: list[bytes]) -> None:
        for payload in payloads:
            self.message(payload, binary=False)

    def read_done(self) -> None:
        self.notes.append("done")


async def open_with(url: str) -> tuple[RecordedConnection, Notebook]:
    notebook = Notebook()
    return await open_connection(url, lambda _: notebook), notebook


async def take_all(script: Script, tls: ssl.SSLContext | None = None) -> tuple[Notebook, RecordedConnection]:
    """Take what a venue sends until the connection is over."""
    async with venue(script, tls=tls) as url:
        connection, notebook = await open_with(url)
        await connection.wait_closed()
    return notebook, connection


def messages_of(*wire: bytes) -> list[bytes]:
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.write(*wire, close())
        await peer.read_until_close()

    return run(take_all(script))[0].messages


def reason_of(script: Script, path: str = "") -> str:
    """Return the reason why a venue cannot be reached."""

    async def attempt() -> str:
        async with venue(script) as url:
            with pytest.raises(ConnectError) as caught:
                await open_with(url + path)
            return str(caught.value)

    return run(attempt())


def test_messages_arrive_in_order_with_their_kind(tls: ssl.SSLContext | None) -> None:
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.write(text(b"[1]"), binary(b"\x00\xff"), text(b"[2]"), close())
        await peer.read_until_close()

    notebook, _ = run(take_all(script, tls))
    assert notebook.messages == [b"[1]", b"\x00\xff", b"[2]"]
    assert notebook.kinds == [False, True, False]


def test_frames_in_the_segment_of_the_handshake_come_after_the_opening_and_share_its_read() -> None:
    async def script(peer: Peer) -> None:
        await peer.accept(text(b"[1]"), text(b"[2]"))
        await peer.answer_close()

    async def record() -> list[str]:
        async with venue(script) as url:
            connection, notebook = await open_with(url)
            notes = list(notebook.notes)
            await connection.close()
        return notes

    assert run(record()) == ["bytes", "opened", "message", "message", "done"]


def test_a_connection_that_closes_in_the_segment_of_the_handshake_was_open() -> None:
    async def script(peer: Peer) -> None:
        await peer.accept(text(b"[1]"), close(1001))
        await peer.read_until_close()

    notebook, connection = run(take_all(script))
    assert notebook.notes[:3] == ["bytes", "opened", "message"]
    assert connection.protocol.close_code == 1001


def test_frames_that_arrive_together_with_the_close_are_handed_over() -> None:
    assert messages_of(*(text(b"[%d]" % number) for number in range(100))) == [b"[%d]" % n for n in range(100)]


@pytest.mark.parametrize("has_reset", [False, True], ids=["FIN", "RST"])
def test_frames_that_arrive_before_an_abort_are_handed_over(has_reset: bool) -> None:  # noqa: FBT001
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.write(*[text(b"[%d]" % number) for number in range(100)])
        if has_reset:
            sock = peer.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.abort()

    notebook, connection = run(take_all(script))
    assert notebook.messages == [b"[%d]" % number for number in range(100)]
    assert connection.protocol.close_code == 1006


@pytest.mark.parametrize("kind", [text, binary])
def test_fragments_are_joined_whatever_stands_between_them(kind: Callable[..., bytes]) -> None:
    wire = kind(b"one ", fin=False), ping(b"?"), more(b"two "), ping(), more(b""), more(b"three", fin=True)
    assert messages_of(*wire, text(b"[]")) == [b"one two three", b"[]"]


def test_a_fragmented_message_keeps_the_kind_of_its_first_fragment() -> None:
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.write(binary(b"1", fin=False), more(b"2", fin=True), text(b"3", fin=False), more(b"4", fin=True))
        await peer.write(close())
        await peer.read_until_close()

    notebook, _ = run(take_all(script))
    assert list(zip(notebook.messages, notebook.kinds, strict=True)) == [(b"12", True), (b"34", False)]


def test_empty_messages_are_messages() -> None:
    assert messages_of(text(b""), binary(b""), text(b"", fin=False), more(b"", fin=True)) == [b"", b"", b""]


def test_text_that_is_no_utf8_arrives_as_it_was_sent() -> None:
    assert messages_of(text(b'{"a":"\xff\xfe"}'), text(b"\xc3", fin=False), more(b"\xa9", fin=True)) == [
        b'{"a":"\xff\xfe"}',
        b"\xc3\xa9",
    ]


def test_a_message_of_six_megabytes_arrives_whole(tls: ssl.SSLContext | None) -> None:
    large = b"%06d" * 1_000_000 % tuple(range(1_000_000))

    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.write(text(large[:5_000_000], fin=False), more(large[5_000_000:], fin=True), text(large), close())
        await peer.read_until_close()

    notebook, _ = run(take_all(script, tls))
    assert notebook.messages == [large, large]


def test_compressed_messages_arrive_as_they_were_before(caplog: pytest.LogCaptureFixture) -> None:
    sent = [b'{"number":%d,"filler":"%s"}' % (number, b"x" * 500) for number in range(200)]

    async def handler(server: ServerConnection) -> None:
        for payload in sent:
            await server.send(payload.decode())
        await server.send([b"one ", b"two"])

    async def record() -> Notebook:
        async with serve(handler, "127.0.0.1", 0, compression="deflate") as server:
            port = next(iter(server.sockets)).getsockname()[1]
            connection, notebook = await open_with(f"ws://127.0.0.1:{port}")
            assert connection.response is not None
            assert "permessage-deflate" in connection.response.headers["Sec-WebSocket-Extensions"]
            await connection.wait_closed()
        return notebook

    with caplog.at_level(logging.ERROR):
        assert run(record()).messages == [*sent, b"one two"]
    assert caplog.messages == []


def test_a_compressed_frame_without_context_takeover_is_read() -> None:
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(b"hello " * 100) + packer.flush(zlib.Z_SYNC_FLUSH)
    frame = bytearray(text(packed[:-4]))
    frame[0] |= 0x40  # RSV1: compressed (RFC 7692)

    async def script(peer: Peer) -> None:
        await peer.accept(headers=["Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover"])
        await peer.write(bytes(frame), bytes(frame), text(b"plain"), close())
        await peer.read_until_close()

    assert run(take_all(script))[0].messages == [b"hello " * 100, b"hello " * 100, b"plain"]


def test_the_library_sends_no_pings_of_its_own_and_queues_nothing() -> None:
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.write(*[text(b"[]")] * 1000, close())
        await peer.read_until_close()

    notebook, connection = run(take_all(script))
    assert len(notebook.messages) == 1000
    assert connection.ping_interval is None
    assert connection.keepalive_task is None
    assert len(connection.recv_messages.frames.queue) == 0


def test_a_connection_knows_whether_it_is_amid_a_message() -> None:
    async def script(peer: Peer) -> None:
        whole = text(b"x" * 1000)
        await peer.accept(whole[:500])
        await peer.read_frame()
        await peer.write(whole[500:], text(b"1", fin=False))
        await peer.read_frame()
        await peer.write(more(b"2", fin=True))
        await peer.answer_close()

    async def record() -> None:
        async with venue(script) as url:
            connection, notebook = await open_with(url)
            assert connection.is_amid_message
            await connection.send("go on")
            await until(lambda: notebook.messages)
            assert connection.is_amid_message
            await connection.send("go on")
            await until(lambda: len(notebook.messages) == 2)
            assert not connection.is_amid_message
            await connection.close()

    run(record())


def test_credentials_are_not_logged_even_at_level_debug(caplog: pytest.LogCaptureFixture) -> None:
    async def script(peer: Peer) -> None:
        await peer.accept()
        assert await peer.read_frame() == (Opcode.TEXT, b'{"jwt":"s3cret"}')
        await peer.write(close())
        await peer.read_until_close()

    async def record() -> None:
        async with venue(script) as url:
            connection, _ = await open_with(url + "/?api_key=s3cret")
            await connection.send('{"jwt":"s3cret"}')
            await connection.wait_closed()

    with caplog.at_level(logging.DEBUG):
        run(record())
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    "headers", [("Content-Length: 4",), (), ("Connection: close",)], ids=["length", "none", "close"]
)
@pytest.mark.parametrize("status", ["403 Forbidden", "500 Internal Server Error", "302 Found"])
def test_a_refusal_is_given_with_its_status(status: str, headers: tuple[str, ...]) -> None:
    async def script(peer: Peer) -> None:
        await peer.respond(status, *headers, body=b"oops")

    assert reason_of(script).endswith(f": the server answered with HTTP status {status[:3]}")


def test_a_redirect_to_another_host_is_refused() -> None:
    async def script(peer: Peer) -> None:
        await peer.respond("302 Found", "Location: ws://elsewhere.test/?token=s3cret", "Content-Length: 0")

    reason = reason_of(script)
    assert "it redirects to another host, ws://elsewhere.test/?token=[redacted]" in reason
    assert "s3cret" not in reason


def test_a_redirect_to_another_port_is_refused() -> None:
    async def script(peer: Peer) -> None:
        await peer.respond("302 Found", "Location: ws://127.0.0.1:1/", "Content-Length: 0")

    assert "it redirects to another host, ws://127.0.0.1:1/" in reason_of(script)


def test_a_redirect_to_an_address_without_tls_is_refused(trusted_tls: ssl.SSLContext) -> None:
    async def script(peer: Peer) -> None:
        await peer.respond("302 Found", "Location: ws://localhost/?token=s3cret", "Content-Length: 0")

    async def attempt() -> str:
        async with venue(script, tls=trusted_tls) as url:
            with pytest.raises(ConnectError) as caught:
                await open_with(url)
            return str(caught.value)

    reason = run(attempt())
    assert reason.endswith(": it redirects to an address without TLS")


@pytest.mark.parametrize("location", ["/there?x=1", "ws://127.0.0.1:{port}/there?x=1"])
def test_a_redirect_within_the_host_is_followed(location: str) -> None:
    requests: list[bytes] = []

    async def redirect(peer: Peer) -> None:
        port = peer.writer.get_extra_info("sockname")[1]
        await peer.respond("302 Found", f"Location: {location.format(port=port)}", "Content-Length: 0")

    async def script(peer: Peer) -> None:
        await peer.accept(text(b"[1]"), close())
        requests.append(peer.request)
        await peer.read_until_close()

    async def record() -> Notebook:
        async with venue(redirect, script) as url:
            connection, notebook = await open_with(url.replace("//", "//user:word@"))
            await connection.wait_closed()
        return notebook

    assert run(record()).messages == [b"[1]"]
    assert requests[0].startswith(b"GET /there?x=1 ")


def test_a_redirect_to_nonsense_is_a_failure_with_a_reason() -> None:
    async def script(peer: Peer) -> None:
        await peer.respond("302 Found", "Location: http://elsewhere.test/?token=s3cret", "Content-Length: 0")

    reason = reason_of(script)
    assert "not a WebSocket address: scheme isn't ws or wss" in reason
    assert "s3cret" not in reason


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: zip\r\n\r\n", b"\x00" * 20_000]
)
def test_a_server_that_speaks_something_else_is_told_apart(answer: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.write(answer)

    assert "cannot connect to ws://127.0.0.1:" in reason_of(script)


def test_a_wrong_accept_key_is_no_websocket() -> None:
    async def script(peer: Peer) -> None:
        upgrade = "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: bm9uc2Vuc2U="
        await peer.respond("101 Switching Protocols", *upgrade)

    assert ": the server does not speak WebSocket: " in reason_of(script)


def test_a_server_that_hangs_up_is_told_apart() -> None:
    async def script(peer: Peer) -> None:
        await peer.read_request()

    assert reason_of(script).endswith(": the server closed the connection without answering")


def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "OPEN_TIMEOUT", 100 * MS)

    async def script(peer: Peer) -> None:
        await peer.reader.read()

    assert reason_of(script).endswith(f": no answer within {100 * MS:g} seconds")


def test_a_port_without_a_server_is_refused() -> None:
    async def attempt() -> None:
        async with venue(Peer.accept) as url:
            pass
        for host in ("127.0.0.1", "localhost"):  # the latter may have two addresses
            with pytest.raises(ConnectError, match="connection refused, nothing is listening there"):
                await open_with(url.replace("127.0.0.1", host))

    run(attempt())


def test_a_name_that_nobody_knows_may_be_for_want_of_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", fail)
    with pytest.raises(ConnectError, match="Name or service not known; is the name right, and is there a network"):
        run(open_with("wss://host.example"))


def test_a_certificate_that_nobody_vouches_for_is_refused(server_tls: ssl.SSLContext) -> None:
    async def attempt() -> None:
        async with venue(Peer.accept, tls=server_tls) as url:
            with pytest.raises(
                ConnectError, match=r"its certificate is not trusted \(self-signed certificate\); SSL_CERT_FILE names"
            ):
                await open_with(url)

    run(attempt())


@pytest.mark.parametrize(
    "url", ["http://user:s3cret@host", "ws://s3cret@host", "ws://", "ws://user:s3cret@[h", "ws://user:s3cret"]
)
def test_what_is_no_address_is_a_failure_that_shows_no_secret(url: str) -> None:
    with pytest.raises(ConnectError) as caught:
        run(open_with(url))
    assert "not a WebSocket address" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_giving_up_amid_the_handshake_leaves_nothing_open() -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.read_request()
        asked.set()
        assert await peer.reader.read() == b""
        gone.set()

    async def attempt() -> None:
        async with venue(script) as url:
            task = asyncio.ensure_future(open_with(url))
            await asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await gone.wait()

    run(attempt())


@pytest.mark.parametrize(
    ("url", "has_cause"),
    [
        ("ws://127.0.0.1:9/?token=s3cret-token#part", False),  # the library quotes the address
        ("ws://user:s3cret-pass@127.0.0.1:9/#part", False),
        ("ws://127.0.0.1:9/?depth=5", True),
    ],
)
def test_a_traceback_has_no_secret_of_the_address(url: str, has_cause: bool) -> None:  # noqa: FBT001
    """Where the library's own error has one, it is left out; otherwise it is shown as the cause."""

    async def go() -> ConnectError:
        with pytest.raises(ConnectError) as caught:
            await open_connection(url, lambda _: pytest.fail("it opened"))
        return caught.value

    error = run(go())
    assert "s3cret" not in "".join(traceback.format_exception(error))
    assert (error.__cause__ is not None) == has_cause
