"""Asking real servers, good and bad."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from feedrec.errors import ConnectError
from feedrec.feeds.redaction import Address, Redaction
from feedrec.http_messages import HttpAnswer, HttpRequest, first_value
from feedrec.recorder.rest.client import RestClient

from ...timing import MS, scaled
from ..venue import NEVER, run, venue
from .rest_server import Answer, RestServer, answered, chunked, rest_server

PRODUCTS = json.dumps([{"id": f"A{number}-USD", "base_increment": "0.00000001"} for number in range(100_000)]).encode()


def get(
    answer: Answer, target: str = "/products", *, tls: ssl.SSLContext | None = None, **options: Any
) -> tuple[HttpAnswer, RestServer]:
    """Ask a server one thing."""

    async def ask() -> tuple[HttpAnswer, RestServer]:
        async with rest_server(answer, tls) as server:
            return await _ask(server.url + target, HttpRequest("GET", target), **options), server

    return run(ask())


async def _ask(url: str, request: HttpRequest, **options: Any) -> HttpAnswer:
    client = RestClient(2, **options)
    try:
        return await client.ask(request, Address(url, Redaction()))
    finally:
        await client.close()


def failure(answer: Answer, target: str = "/products", **options: Any) -> str:
    """Return why there is no answer."""
    with pytest.raises(ConnectError) as failed:
        get(answer, target, **options)
    assert failed.value.__cause__ is None
    return str(failed.value).partition(": ")[2]


def test_an_answer_over_tls_and_without(tls: ssl.SSLContext | None) -> None:
    answer, server = get(lambda _: answered(b"[1]", "CB-After: 7"), tls=tls)
    assert (answer.status, answer.body, answer.content_type) == (200, b"[1]", "application/json")
    assert first_value(answer.headers, "cb-after") == "7"
    assert (server.asked[0].method, server.asked[0].target) == ("GET", "/products")
    assert [name.lower() for name, _ in server.asked[0].headers] == ["host"]


def test_an_answer_of_5_mb_in_chunks_is_whole() -> None:
    pieces = [PRODUCTS[start : start + 60_000] for start in range(0, len(PRODUCTS), 60_000)]
    assert len(PRODUCTS) > 5_000_000
    assert get(lambda _: chunked(*pieces))[0].body == PRODUCTS


def test_an_answer_stays_compressed_as_it_was_sent() -> None:
    packed = gzip.compress(b"[1]")
    answer, _ = get(lambda _: answered(packed, "Content-Encoding: gzip"))
    assert answer.body == packed


@pytest.mark.parametrize("target", ["/a%2fb/../c?x=%7e&y=[1]|2&z={}", "//x/./y", "/%41?", "/?a=b?c"])
def test_path_and_query_are_sent_as_they_are_written(target: str) -> None:
    """What the client signed is what it wrote."""
    assert get(lambda _: answered(b"[]"), target)[1].asked[0].target == target


def test_what_a_request_sends_arrives() -> None:
    async def post() -> RestServer:
        async with rest_server(lambda _: answered(b"{}", status="201 Created")) as server:
            request = HttpRequest(
                "POST", "/orders", (("content-type", "application/json"), ("x-y", "\xe4")), b'{"a":1}'
            )
            assert (await _ask(f"{server.url}/orders", request)).status == 201
            return server

    asked = run(post()).asked[0]
    assert (asked.method, asked.body, asked.header("x-y")) == ("POST", b'{"a":1}', "\xe4")


def test_cookies_are_not_kept_and_redirects_not_followed() -> None:
    async def ask_twice() -> RestServer:
        def answer(_: object) -> bytes:
            return answered(b"", "Set-Cookie: a=b", f"Location: {server.url}/b", status="302 Found")

        async with rest_server(answer) as server:
            client = RestClient(1)
            for _ in range(2):
                found = await client.ask(HttpRequest("GET", "/a"), Address(f"{server.url}/a"))
                assert found.status == 302
            await client.close()
        return server

    asked = run(ask_twice()).asked
    assert [one.target for one in asked] == ["/a", "/a"]
    assert all(one.header("cookie") is None for one in asked)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda _: b"", "the server closed the connection without answering"),
        (lambda _: b"SSH-2.0-x\r\n\r\n", "the server does not speak HTTP: illegal status line"),
        (lambda _: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "the server does not speak HTTP: "),
        (lambda _: answered(b"abc", size=9) + b"", "no whole answer within"),
        (lambda _: asyncio.sleep(NEVER, b""), "no whole answer within"),
        (lambda _: answered(bytes(1 << 20)), "the answer has more than 0 MiB"),
    ],
)
def test_why_there_is_no_answer(answer: Callable[[object], bytes | Awaitable[bytes]], reason: str) -> None:
    assert failure(answer, answer_timeout=300 * MS, max_body=1 << 19).startswith(reason)


def test_why_a_server_cannot_be_reached(server_tls: ssl.SSLContext) -> None:
    async def ask(url: str) -> str:
        with pytest.raises(ConnectError) as failed:
            await _ask(url, HttpRequest("GET", "/"))
        return str(failed.value)

    async def ask_plainly_for_tls() -> str:
        async with venue(lambda peer: peer.write(answered(status="400 Bad Request"))) as url:
            return await ask(f"https{url.removeprefix('ws')}/")

    async def ask_without_trust() -> str:
        async with rest_server(lambda _: answered(), server_tls) as server:
            return await ask(f"{server.url}/")

    assert run(ask("http://127.0.0.1:9/?api_key=abcdefgh")) == (
        "cannot get an answer from http://127.0.0.1:9/?api_key=[redacted]: connection refused, "
        "nothing is listening there"
    )
    assert run(ask("https://localhost:9/")).endswith(": connection refused, nothing is listening there")
    assert run(ask_plainly_for_tls()).endswith(": the server does not speak TLS: its address may be a http:// one")
    assert "its certificate is not trusted (self-signed certificate); SSL_CERT_FILE names" in run(ask_without_trust())
    assert "is the name right, and is there a network?" in run(ask("http://no-such-host.invalid/"))


def test_a_request_that_is_cancelled_is_over_at_once() -> None:
    async def cancel() -> None:
        async with rest_server(lambda _: asyncio.sleep(NEVER, b"")) as server:
            asking = asyncio.create_task(_ask(f"{server.url}/", HttpRequest("GET", "/")))
            while not server.asked:
                await asyncio.sleep(5 * MS)
            asking.cancel()
            assert (await asyncio.gather(asking, return_exceptions=True))[0].__class__ is asyncio.CancelledError

    run(cancel(), scaled(20))


def test_proxies_are_those_of_the_environment_but_not_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        async with rest_server(lambda _: answered(b"[1]")) as proxy, rest_server(lambda _: answered(b"[2]")) as venue:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            target = "/products?x=[1]"
            beyond = await _ask(f"http://venue.invalid{target}", HttpRequest("GET", target))
            here = await _ask(venue.url + target, HttpRequest("GET", target))
            assert (beyond.body, here.body) == (b"[1]", b"[2]")
            assert proxy.asked[0].target.startswith("http://venue.invalid/products?x=")

    run(ask())
