"""A connection until it speaks TLS, with real sockets."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import math
import ssl
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.sync.client import connect as connect_in_thread

from feedrec.replay import ReplayOptions, ReplayServer, TlsFiles
from feedrec.replay import options as options_module
from feedrec.replay.tls.authority import make_key_and_chain
from feedrec.replay.tls.tls_context import open_tls
from feedrec.replay.tls.tls_handshake import TlsHandshake, refusal_of

from ...timing import HANG_TIMEOUT, until
from ..raw_client import CLOSE_1000, as_messages, replayed_to_raw_client, run
from ..recordings import numbered, record

FRAMES = numbered(3)


def serving(tmp_path: Path) -> tuple[ReplayServer, ssl.SSLContext]:
    """Give a server that speaks TLS, and the context of a client that trusts it."""
    text = make_key_and_chain(["venue.example"], dt.datetime.now(dt.UTC))
    (tmp_path / "x.pem").write_bytes(text)
    options = ReplayOptions(port=0, speed=math.inf, tls=TlsFiles(tmp_path / "x.pem"))
    authority = text[text.rindex(b"-----BEGIN CERTIFICATE") :].decode()
    server = ReplayServer(record(tmp_path / "a.jsonl.zst", FRAMES), options)
    return server, ssl.create_default_context(cadata=authority)


def test_what_a_client_says_with_its_part_of_the_handshake_is_heard(tmp_path: Path) -> None:
    """A client of TLS 1.3 sends its request in the same packet, so it may arrive before anybody listens."""

    async def scenario() -> None:
        server, client = serving(tmp_path)
        async with server:
            for _ in range(20):
                assert await replayed_to_raw_client(server.port, client) == [*as_messages(FRAMES), CLOSE_1000]

    run(scenario())


def test_a_client_without_tls_or_without_trust_is_told_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        server, _ = serving(tmp_path)
        async with server:
            with pytest.raises(ssl.SSLCertVerificationError):
                await connect(server.url)
            await until(lambda: "hung up in the TLS handshake: it may not trust the certificate" in caplog.text)
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.to_thread(connect_in_thread, server.url)
            await until(lambda: "it does not trust the certificate (TLSV1_ALERT_UNKNOWN_CA" in caplog.text)
            with pytest.raises(Exception, match=r"."):  # what is said differs between versions of websockets
                await connect(server.url.replace("wss", "ws"))
            await until(lambda: "it speaks no TLS: this replay is at wss://, not ws://" in caplog.text)
            assert server.has_lacked

    with caplog.at_level(logging.INFO):
        run(scenario())
    assert [record.levelname for record in caplog.records if "a client" in record.getMessage()] == [
        "INFO",
        "WARNING",
        "WARNING",
    ]


def test_clients_that_begin_no_handshake_keep_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They wait in line with all others: the oldest is dropped, and the rest when the server closes."""
    monkeypatch.setattr(options_module, "MOST_WAITING", 2)

    async def scenario() -> None:
        server, client = serving(tmp_path)
        async with server:
            silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
            assert await silent[0][0].read() == b""
            assert await replayed_to_raw_client(server.port, client) == [*as_messages(FRAMES), CLOSE_1000]
        for reader, writer in silent:
            assert await reader.read() == b""
            writer.close()

    run(scenario())


def test_a_connection_that_is_closed_twice_or_lost_still_answers(tmp_path: Path) -> None:
    """The transport of asyncio would not: the library asks it for addresses, and closes it, whenever it likes."""
    made: list[asyncio.Transport] = []

    class Listening(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport.get_extra_info("peername"), tuple)
            made.append(transport)  # type: ignore[arg-type]

    async def scenario() -> None:
        _, client = serving(tmp_path)
        context = open_tls(TlsFiles(tmp_path / "x.pem")).context
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: TlsHandshake(Listening(), context, HANG_TIMEOUT, lambda _: None, lambda *_: None), "127.0.0.1"
        )
        _, writer = await asyncio.open_connection(
            *server.sockets[0].getsockname(), ssl=client, server_hostname="localhost"
        )
        await until(lambda: made)
        for _ in range(3):
            made[0].close()
            assert made[0].get_extra_info("peername") == writer.get_extra_info("sockname")
            assert made[0].get_write_buffer_size() >= 0
        writer.close()
        server.close()

    run(scenario())


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("HTTP_REQUEST", "it speaks no TLS"),
        ("TLSV1_ALERT_UNKNOWN_CA", "it does not trust the certificate (TLSV1_ALERT_UNKNOWN_CA;"),
        ("SSLV3_ALERT_CERTIFICATE_UNKNOWN", "it does not trust the certificate"),
        ("WRONG_VERSION_NUMBER", "TLS failed (WRONG_VERSION_NUMBER)"),
    ],
)
def test_why_tls_failed_is_said_in_words(reason: str, text: str) -> None:
    error = ssl.SSLError(1, "whatever the client sent")
    error.reason = reason
    assert (refusal_of(error) or "").startswith(text)


def test_a_connection_that_just_ends_is_no_refusal() -> None:
    assert refusal_of(None) is refusal_of(ConnectionResetError()) is None
