"""Requests of any shape get an error or a close, nothing else happens, and nobody else is hurt; on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
import re
import socket
import struct
from pathlib import Path
from typing import Any

import pytest

from feedrec.front.fronts import HttpLimits
from feedrec.replay import ReplayOptions, ReplayServer

from ..replay.raw_client import CLOSE_1000, as_messages, replayed_to_raw_client
from ..replay.recordings import numbered, record
from ..timing import MS, scaled, until
from .serving import HANDSHAKE, Peer, ask, peer_of, run, serving

HOST = b"Host: localhost\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST + b"\r\n"
LIMITS = HttpLimits(
    longest_body=1 << 16,
    head_time=scaled(0.3),
    body_time=scaled(0.3),
    idle_time=scaled(0.3),
    write_deadline=scaled(0.3),
    linger_time=scaled(0.3),
)
NOISE = random.Random(15).randbytes(300_000)

SHAPES = {
    "nothing": b"",
    "a byte": b"G",
    "noise": NOISE,
    "noise behind a line": b"GET / HTTP/1.1\r\n" + NOISE,
    "noise for a body": CHUNKED + NOISE,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + NOISE[:500],
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + NOISE[:50],
    "HTTP/0.9": b"GET /\r\n",
    "HTTP/9": b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    "only line feeds": b"GET / HTTP/1.1\nHost: localhost\n\n",
    "many empty lines": b"\r\n" * 100_000,
    "many empty lines in between": (b"GET / HTTP/1.1\r\n" + HOST + b"\r\n\r\n\r\n") * 100,
    "a long line": b"GET /" + b"x" * 1_000_000,
    "a long header": b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"x" * 1_000_000,
    "many headers": b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n" * 100_000,
    "lines of spaces": (b"GET / HTTP/1.1\r\n" + HOST + b"a: b" + b" " * 30_000 + b"c\r\n\r\n") * 100,
    "lines of words": (b"GET / HTTP/1.1\r\n" + HOST + b"a: b" + b" b" * 15_000 + b"\x01\r\n\r\n") * 20,
    "odd headers": b"GET / HTTP/1.1\r\n" + HOST + b": b\r\na\r\n\x00: c\r\n\r\n",
    "folded headers": b"GET / HTTP/1.1\r\n b\r\n" + HOST + b"\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "a foreign Host": b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "a foreign page": b"GET / HTTP/1.1\r\nOrigin: http://evil.example\r\n" + HOST + b"\r\n",
    "a bad path": b"GET ../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "another scheme": b"GET file:///etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "a proxy": b"CONNECT example.com:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n" + HOST + b"\r\nabc",
    "a length and chunks": CHUNKED.replace(b"Host", b"Content-Length: 3\r\nHost") + b"0\r\n\r\n",
    "a negative length": b"POST / HTTP/1.1\r\nContent-Length: -3\r\n" + HOST + b"\r\nabc",
    "a huge length": b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 4000 + b"\r\n" + HOST + b"\r\nabc",
    "a length that is not reached": b"POST / HTTP/1.1\r\nContent-Length: 9\r\n" + HOST + b"\r\nabc",
    "a huge chunk": CHUNKED + b"F" * 20 + b"\r\n" + b"x" * 100_000,
    "a chunk without a size": CHUNKED + b"\r\nabc\r\n",
    "many small chunks": CHUNKED + b"1\r\na\r\n" * 100_000,
    "a long extension": CHUNKED + b"1;" + b"x" * 1_000_000,
    "endless trailers": CHUNKED + b"0\r\n" + b"a: b\r\n" * 100_000,
    "an endless body": b"POST / HTTP/1.1\r\nContent-Length: 999999999\r\n" + HOST + b"\r\n" + b"x" * 2_000_000,
    "an expectation": b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n" + HOST + b"\r\n",
    "a handshake with a body": HANDSHAKE.replace(b"Host", b"Content-Length: 9\r\nHost") + b"123456789",
    "half a handshake": HANDSHAKE.replace(b"Sec-WebSocket-Key", b"X"),
    "a handshake, noise": HANDSHAKE + NOISE,
    "requests, then noise": (b"GET / HTTP/1.1\r\n" + HOST + b"\r\n") * 50 + NOISE,
    "requests without end": (b"GET / HTTP/1.1\r\n" + HOST + b"\r\n") * 1000,
}

ANSWERED = {"many empty lines in between", "lines of spaces", "lines of words", "a handshake, noise"}
ANSWERED |= {"requests, then noise", "requests without end"}


async def send_all(peer: Peer, data: bytes, *, slowly: bool) -> None:
    with contextlib.suppress(ConnectionError):
        size = 100 if slowly else max(1, len(data))
        for start in range(0, len(data), size):
            peer.send(data[start : start + size])
            await peer.writer.drain()


async def attack(port: int, data: bytes, *, slowly: bool, half_closed: bool) -> bytes:
    """Send it, and return what comes back until the server closes."""
    async with peer_of(port) as peer:
        sending = asyncio.ensure_future(send_all(peer, data, slowly=slowly))
        if half_closed:
            sending.add_done_callback(lambda _: peer.writer.write_eof())
        received = await peer.rest()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return received


def watched(problems: list[Any]) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))


@pytest.mark.parametrize("shape", SHAPES)
def test_any_shape_gets_an_error_or_a_close_and_others_are_served(shape: str, caplog: pytest.LogCaptureFixture) -> None:
    data, problems = SHAPES[shape], list[Any]()
    kinds = [(slowly, half_closed) for slowly in (False, True) for half_closed in (False, True)]

    async def scenario() -> None:
        watched(problems)
        async with serving(limits=LIMITS) as server:
            attacks = [
                asyncio.ensure_future(attack(server.port, data, slowly=slowly, half_closed=half_closed))
                for slowly, half_closed in kinds
                if not (slowly and len(data) > 300_000)
            ]
            while not all(one.done() for one in attacks):
                await ask(server.port)
            for received in await asyncio.gather(*attacks):
                statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", received)]
                assert all(status < 400 for status in statuses[:-1])  # an error is the last
                if shape not in ANSWERED:
                    assert all(status >= 400 for status in statuses if status != 100)
            await ask(server.port)
            await until(lambda: not server.handshakes.are_here)
            assert server.failures == 0

    with caplog.at_level(logging.INFO, logger="feedrec"):
        run(scenario())
    assert problems == []
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert not any("\n" in line for line in caplog.messages)


@pytest.mark.parametrize("amid", [b"GET / HT", b"GET / HTTP/1.1\r\n" + HOST + b"\r\n", CHUNKED + b"5\r\nab", HANDSHAKE])
def test_a_reset_at_any_moment_is_an_end_like_others(amid: bytes) -> None:
    problems = list[Any]()

    async def scenario() -> None:
        watched(problems)
        async with serving(limits=LIMITS) as server:
            for wait in [0.0, MS, 5 * MS] * 10:
                sock = socket.create_connection(("127.0.0.1", server.port))
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close is a reset
                sock.sendall(amid)
                await asyncio.sleep(wait)
                sock.close()
                await ask(server.port)
            await until(lambda: not server.handshakes.are_here)
            assert server.failures == 0

    run(scenario())
    assert problems == []


def test_a_replay_goes_on_amid_all_of_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each frame arrives, once and in order, while all of these arrive at once, over and over."""
    frames = numbered(2000)
    problems = list[Any]()

    async def scenario() -> None:
        watched(problems)
        options = ReplayOptions(port=0, speed=math.inf, write_deadline=scaled(0.3))
        async with ReplayServer(record(tmp_path / "a.jsonl.zst", frames), options) as server:
            attacks = [
                asyncio.ensure_future(attack(server.port, data, slowly=False, half_closed=half_closed))
                for data in SHAPES.values()
                for half_closed in (False, True)
            ]
            for _ in range(3):
                assert await replayed_to_raw_client(server.port) == [*as_messages(frames), CLOSE_1000]
            for one in attacks:
                one.cancel()
            await asyncio.gather(*attacks, return_exceptions=True)
            assert await replayed_to_raw_client(server.port) == [*as_messages(frames), CLOSE_1000]
            assert not server.has_failed

    with caplog.at_level(logging.INFO, logger="feedrec"):
        run(scenario())
    assert problems == []
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
