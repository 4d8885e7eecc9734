"""A server that only answers: requests are, and WebSockets are refused."""

from __future__ import annotations

import asyncio
import logging

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from feedrec.admission.log_limit import LogLimit
from feedrec.errors import ServeError, UsageError
from feedrec.front.answers_server import AnswersServer
from feedrec.http_messages import TEXT, HttpAnswer, HttpRequest

from ..timing import HANG_TIMEOUT

LOG = LogLimit(logging.getLogger("feedrec.tests"), "requests", at_once=20, per_second=1.0)


async def echo(request: HttpRequest) -> HttpAnswer:
    return HttpAnswer(200, request.target.encode(), TEXT)


def test_it_answers_requests_and_takes_no_websocket() -> None:
    async def use() -> None:
        server = AnswersServer(echo, ("127.0.0.1", 0), option="--port", log=LOG)
        await server.start()
        async with httpx.AsyncClient(base_url=server.url) as client:
            assert (await client.get("/x?y=1")).text == "/x?y=1"
            assert (await client.get("/", headers={"host": "evil.example"})).status_code == 403
        with pytest.raises(InvalidStatus, match="404"):
            await connect(server.url.replace("http", "ws"))
        await server.close(0.1)
        with pytest.raises(OSError, match=r"[Cc]onnect"):
            await asyncio.open_connection(*server.address)

    asyncio.run(asyncio.wait_for(use(), HANG_TIMEOUT))


def test_an_address_that_cannot_be_had_is_a_line() -> None:
    with pytest.raises(ServeError, match="choose another address with --port"):
        AnswersServer(echo, ("no.such.host.invalid", 0), option="--port", log=LOG)
    with pytest.raises(UsageError):
        AnswersServer(echo, ("127.0.0.1", 0), option="--port", allow_hosts=["a b"], log=LOG)


def test_one_that_never_began_is_closed_too() -> None:
    async def use() -> None:
        server = AnswersServer(echo, ("127.0.0.1", 0), option="--port", log=LOG)
        await server.close(0.1)
        with pytest.raises(OSError, match=r"[Cc]onnect"):
            await asyncio.open_connection(*server.address)

    asyncio.run(use())
