"""Whoever connects to a replay: requests and clients on the same connection, refusals, and failures."""

from __future__ import annotations

import asyncio
import logging
import math
from pathlib import Path

import pytest

from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.replay import ReplayOptions, ReplayServer

from ..front.serving import HANDSHAKE, peer_of
from .raw_client import replayed_to_raw_client, run
from .recordings import numbered, record

ASKED = b"GET /products HTTP/1.1\r\nHost: localhost\r\n"


def serving(folder: Path) -> ReplayServer:
    return ReplayServer(record(folder / "a.jsonl.zst", numbered(3)), ReplayOptions(port=0, speed=math.inf))


def test_a_client_may_ask_before_it_opens_the_feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the same connection, as aiohttp does that; the answer knows where the client is."""
    asked = []

    async def answer(_: ReplayServer, request: HttpRequest) -> HttpAnswer:
        asked.append((request.target, request.host, request.address))
        return HttpAnswer(200, b"[]")

    monkeypatch.setattr(ReplayServer, "_answer", answer)

    async def scenario() -> None:
        async with serving(tmp_path) as server, peer_of(server.port) as peer:
            for _ in range(2):
                peer.send(ASKED + b"\r\n")
                assert await peer.answer() == (200, b"[]")
            peer.send(HANDSHAKE + b"\x81\x82\0\0\0\0{}")
            assert (await peer.head()).startswith("HTTP/1.1 101 ")
            assert await peer.reader.readexactly(14) == b"\x81\x0c" + b'{"number":0}'
            assert await replayed_to_raw_client(server.port)
            host, port = peer.writer.get_extra_info("sockname")
            assert asked == [("/products", "localhost", f"{host}:{port}")] * 2
            assert not server.has_lacked

    run(scenario())


def test_a_foreign_page_that_asks_counts_as_a_client_that_was_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as server, peer_of(server.port) as peer:
            peer.send(ASKED + b"Origin: https://evil.example\r\n\r\n")
            status, body = await peer.answer()
            assert (status, b"--allow-host evil.example" in body) == (403, True)
            assert server.has_lacked

    with caplog.at_level(logging.WARNING, logger="feedrec"):
        run(scenario())
    assert len(caplog.messages) == 1


def test_an_answer_that_fails_is_a_failure_of_the_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: ReplayServer, request: HttpRequest) -> HttpAnswer:
        await asyncio.sleep(0)
        raise RuntimeError(request.target)

    monkeypatch.setattr(ReplayServer, "_answer", fail)

    async def scenario() -> None:
        async with serving(tmp_path) as server, peer_of(server.port) as peer:
            peer.send(ASKED + b"\r\n")
            assert (await peer.answer())[0] == 500
            assert server.has_failed
            assert await replayed_to_raw_client(server.port)

    with caplog.at_level(logging.WARNING, logger="feedrec"):
        run(scenario())
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("the answer to a request failed: RuntimeError in line ")
    assert "products" not in caplog.messages[0]
