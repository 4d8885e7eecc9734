"""What is no handshake gets an answer in words where only WebSockets are served, whatever its method and its body."""

from __future__ import annotations

import asyncio
import http.client
import math
from pathlib import Path

import pytest

from feedrec.front.plain_answer import plain_answer
from feedrec.http_messages import HttpRequest
from feedrec.replay import ReplayOptions, ReplayServer

from ..replay.raw_client import replayed_to_raw_client, run
from ..replay.recordings import numbered, record
from ..timing import HANG_TIMEOUT


@pytest.mark.parametrize(("method", "status"), [("GET", 426), ("HEAD", 426), ("POST", 405), ("OPTIONS", 405)])
def test_the_answer_says_where_to_connect_to(method: str, status: int) -> None:
    answer = plain_answer(HttpRequest(method, "/x"), "ws://here")
    assert answer.status == status
    assert b"ws://here" in answer.body


@pytest.mark.parametrize(
    ("method", "body", "headers", "status", "said"),
    [
        ("GET", None, {}, 426, b"not a web page"),
        ("HEAD", None, {}, 426, b""),
        ("POST", b"x" * 1_000_000, {}, 405, b"takes no POST"),
        ("PUT", iter([b"in", b"pieces"]), {}, 405, b"takes no PUT"),
        ("GET", b"{}", {"Upgrade": "websocket", "Connection": "Upgrade"}, 400, b"without a body"),
        ("POST", b"{}", {"Host": "evil.example"}, 403, b"--allow-host evil.example"),
    ],
)
def test_a_person_with_an_http_client_is_told_what_this_is(
    tmp_path: Path, method: str, body: bytes | None, headers: dict[str, str], status: int, said: bytes
) -> None:
    """And the server serves on, and counts no failed request of a client, unless the page was foreign."""

    def ask(port: int) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANG_TIMEOUT)
        connection.request(method, "/products?x=1", body=body, headers=headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response, text

    async def scenario() -> None:
        options = ReplayOptions(port=0, speed=math.inf)
        async with ReplayServer(record(tmp_path / "a.jsonl.zst", numbered(1)), options) as server:
            response, text = await asyncio.to_thread(ask, server.port)
            assert response.status == status
            assert said in text
            assert (b"ws://127.0.0.1" in text) == (method != "HEAD" and status != 403)
            assert response.getheader("Allow") == ("GET" if status == 405 else None)
            assert response.getheader("Upgrade") == ("websocket" if status == 426 else None)
            assert server.has_lacked == (status == 403)
            assert await replayed_to_raw_client(server.port)

    run(scenario())
