"""What is no handshake gets an answer in words, whatever its method and its body."""

from __future__ import annotations

import asyncio
import http.client
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.admission.plain_http import LONGEST_HEAD, FirstRequest, first_request, plain_answer
from feedrec.replay import ReplayOptions, ReplayServer

from ..replay.raw_client import replayed_to_raw_client, run
from ..replay.recordings import numbered, record
from ..timing import HANG_TIMEOUT

HANDSHAKE = b"GET /x?key=1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


@pytest.mark.parametrize(
    "data",
    [
        HANDSHAKE,
        HANDSHAKE.replace(b"Host", b"Content-Length: 0\r\nHost"),
        HANDSHAKE + b"\x81\x82",  # a message that did not wait for the answer
        b"\x16\x03\x01\x02\x00\x01\x00\x01",  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n" + b" " * LONGEST_HEAD,
        b"GET /" + b"x" * LONGEST_HEAD,
    ],
)
def test_a_handshake_and_what_is_not_http_are_left_to_the_library(data: bytes) -> None:
    assert first_request(data) == FirstRequest(data)


@pytest.mark.parametrize("size", [1, 3, 4, 20, len(HANDSHAKE) - 1])
def test_a_request_is_waited_for(size: int) -> None:
    assert first_request(HANDSHAKE[:size]) is None


@pytest.mark.parametrize(
    ("method", "more", "status"),
    [
        (b"GET", b"", 426),
        (b"HEAD", b"", 426),
        (b"GET", b"Content-Length: 3\r\n", 426),
        (b"GET", b"Upgrade: h2c\r\n", 426),
        (b"POST", b"Content-Length: 3\r\n", 405),
        (b"DELETE", b"Upgrade: websocket\r\n", 405),
        (b"OPTIONS", b"odd header\r\nHost : b\r\n", 405),
        (b"GET", b"Upgrade: websocket\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"GET", b"upgrade: websocket\r\ncontent-length:9\r\n", 400),
    ],
)
def test_anything_else_becomes_a_get_without_a_body_and_has_its_answer(method: bytes, more: bytes, status: int) -> None:
    request = first_request(b"%b /x?y HTTP/1.1\r\nHost: a:1\r\n%b\r\nabc" % (method, more))
    assert request is not None
    assert request.data == b"GET /x?y HTTP/1.1\r\nHost: a:1\r\n\r\n"
    assert request.method == method.decode()
    assert plain_answer(request, "ws://here")[0] == status
    assert "ws://here" in plain_answer(request, "ws://here")[1]


@given(st.binary(max_size=200))
def test_nothing_that_is_sent_first_is_an_error(data: bytes) -> None:
    for head in (b"", b"GET / HTTP/1.1\r\n"):
        request = first_request(head + data)
        assert request is None or request.method or request.data == head + data


@pytest.mark.parametrize(
    ("method", "body", "headers", "status", "said"),
    [
        ("GET", None, {}, 426, b"not a web page"),
        ("HEAD", None, {}, 426, b""),
        ("POST", b"x" * 1_000_000, {}, 405, b"takes no POST"),
        ("PUT", iter([b"in", b"pieces"]), {"Transfer-Encoding": "chunked"}, 405, b"takes no PUT"),
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
