"""Each attempt to connect that failed is an event of the recording, and tells no secret."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import ConnectError, HandshakeAnswer
from feedrec.feeds.redaction import Address
from feedrec.formats.tools.verify import verify_recording
from feedrec.processing.feed_rules import rules_for
from feedrec.recorder.refusals import LONGEST_ERROR, refusal_details

from ..timing import until
from .venue import Peer, events, received, run, running, send_one_and_abort, session_for, stay, venue

NOW = datetime(2026, 11, 21, 17, tzinfo=UTC)
SECRET = "s3cret-token-of-a-user"  # no secret


def refusals(path: Path) -> list[dict[str, Any]]:
    return [event.details for event in events(path, "refused")]


async def leave_alone(peer: Peer) -> None:
    await peer.respond("503 Service Unavailable", "Retry-After: 1", "Content-Length: 9", body=b"come back")


async def unknown_status(peer: Peer) -> None:
    await peer.respond("521 Web Server Is Down", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", "Content-Length: 0")


async def hang_up(peer: Peer) -> None:
    await peer.read_request()


async def reset(peer: Peer) -> None:
    await peer.reader.readexactly(1)
    peer.abort()


async def babble(peer: Peer) -> None:
    await peer.read_request()
    await peer.write(b"220 mail.example ESMTP\x1b[2J\r\n")


def test_each_failed_attempt_is_an_event_with_what_the_server_answered(path: Path) -> None:
    async def record() -> str:
        async with venue(send_one_and_abort, leave_alone, unknown_status, hang_up, reset, babble, stay) as url:
            await session_for(url, path, max_frames=2).run()
            return url

    url = run(record())
    first, second, *others = refusals(path)
    asked = "the server answered with HTTP status 503, and asked to be left alone for 1 s"
    assert first == {"url": url, "status": 503, "retry_after": 1.0, "error": asked}
    assert second == {"url": url, "status": 521, "error": "the server answered with HTTP status 521"}
    assert [one.keys() for one in others] == [{"url", "error"}] * 3
    assert [one["url"] for one in others] == [url] * 3
    assert others[0]["error"] == "the server closed the connection without answering"
    assert others[2]["error"].startswith("the server does not speak WebSocket: ")


def test_the_attempts_have_the_number_of_the_connection_that_comes_of_them_and_change_nothing_else(path: Path) -> None:
    async def record() -> None:
        async with venue(send_one_and_abort, hang_up, hang_up, stay) as url:
            await session_for(url, path, max_frames=2).run()

    run(record())
    assert [event.conn for event in events(path, "refused")] == [1, 1]
    assert [event.conn for event in events(path, "open")] == [0, 1]
    assert [frame.conn for frame in received(path)] == [0, 1]
    assert verify_recording(path, rules_for).is_good


def test_a_closed_port_is_told_as_it_is(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def record() -> None:
        async with venue(send_one_and_abort) as url:
            session = session_for(url, path)
            task = asyncio.create_task(session.run())
            await until(lambda: session.progress.counts.frames == 1)
        await until(lambda: caplog.text.count("cannot connect") > 1)
        session.stop()
        await task

    run(record())
    assert {one["error"] for one in refusals(path)} == {"connection refused, nothing is listening there"}


def test_a_failure_of_tls_is_told_as_one(path: Path, trusted_tls: ssl.SSLContext) -> None:
    attempts = 0

    async def speak_no_tls(peer: Peer) -> None:
        nonlocal attempts
        attempts += 1
        await peer.reader.readexactly(1)
        await peer.write(b"220 mail.example ESMTP\r\n")
        await peer.reader.read()

    async def record() -> None:
        async with venue(send_one_and_abort, tls=trusted_tls) as url:
            session = session_for(url, path)
            task = asyncio.create_task(session.run())
            await until(lambda: session.progress.counts.frames == 1)
        async with venue(speak_no_tls, port=int(url.rpartition(":")[2])):
            await until(lambda: attempts > 1)
            session.stop()
            await task

    run(record())
    assert "the server does not speak TLS: its address may be a ws:// one" in {one["error"] for one in refusals(path)}


def test_an_attempt_that_is_given_up_is_none(path: Path) -> None:
    async def record() -> None:
        async with venue(send_one_and_abort, lambda peer: peer.reader.read()) as url:
            session = session_for(url, path)
            async with running(session):
                await until(lambda: session.progress.counts.connections and session.progress.state == "connecting")
                session.stop()

    run(record())
    assert refusals(path) == []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 30.0), ("Sat, 21 Nov 2026 17:00:10 GMT", 10.0), ("7, 8", None), ("\x1b[2J", None), ("9" * 400, 3600.0)],
)
def test_when_to_come_back_is_a_number_of_seconds_or_nothing(value: str, seconds: float | None) -> None:
    answer = HandshakeAnswer(502, "Bad", (("X-A", "1"), ("retry-after", value)), b"body")
    told = refusal_details(ConnectError("x", answer=answer), Address("ws://host"), NOW)
    assert told.get("retry_after") == seconds
    assert told["status"] == 502


def test_neither_address_nor_error_has_a_secret_and_no_error_is_long() -> None:
    address = Address(f"wss://user:{SECRET}@host.example/ws?token={SECRET}")
    address.redaction.learn_from(address, {})
    error = ConnectError("x", reason=f"the server does not speak WebSocket: {SECRET}" + "x" * 10_000)
    told = refusal_details(error, address, NOW)
    assert told["url"] == "wss://host.example/ws?token=[redacted]"
    assert SECRET not in str(told)
    assert len(told["error"]) <= LONGEST_ERROR
