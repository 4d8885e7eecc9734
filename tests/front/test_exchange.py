"""One request and its answer, without a socket."""

from __future__ import annotations

import http
import itertools

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.admission.handshakes import Refusal
from feedrec.front.exchange import Exchange
from feedrec.http_messages import HttpAnswer, HttpRequest

MOST = 1000


def read(exchange: Exchange, body: bytes, sizes: list[int]) -> Refusal | None:
    """Have a body read that comes in pieces of these sizes, over and over."""
    at = turn = 0
    while True:
        refusal = exchange.read_on()
        if refusal is not None or exchange.is_whole or (at >= len(body) and not exchange.has_more):
            return refusal
        if not exchange.has_more:
            size = sizes[turn % len(sizes)]
            exchange.take(body[at : at + size])
            at, turn = at + size, turn + 1


def request_of(head: bytes, body: bytes = b"", sizes: list[int] | None = None) -> HttpRequest | Refusal:
    exchange = Exchange(MOST)
    refusal = exchange.take_head(head) or read(exchange, body, sizes or [1 << 20])
    return refusal or exchange.request("1.2.3.4:5")


def test_a_request_is_what_was_sent() -> None:
    head = b"\r\nPUT /a%20b?c=d&c HTTP/1.1\r\nHOST: localhost:1\r\nX: \xe4 b \r\nx: c\r\nContent-Length: 3\r\n\r\n"
    headers = (("host", "localhost:1"), ("x", "ä b"), ("x", "c"), ("content-length", "3"))
    expected = HttpRequest("PUT", "/a%20b?c=d&c", headers, b"abc", "1.2.3.4:5")
    assert request_of(head, b"abcGET /") == expected
    assert expected.query == [("c", "d"), ("c", "")]


@given(st.lists(st.binary(max_size=40), max_size=10), st.lists(st.integers(1, 50), min_size=1), st.binary(max_size=30))
def test_a_body_is_the_same_however_it_comes_and_what_follows_it_is_not_its(
    parts: list[bytes], sizes: list[int], after: bytes
) -> None:
    content = b"".join(parts)
    chunks = b"".join(b"%X\r\n%b\r\n" % (len(part), part) for part in parts if part) + b"0\r\n\r\n"
    for framing, body in ((f"Content-Length: {len(content)}", content), ("Transfer-Encoding: chunked", chunks)):
        exchange = Exchange(MOST)
        assert exchange.take_head(f"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n".encode()) is None
        assert read(exchange, body + after, sizes) is None
        assert exchange.is_whole
        assert exchange.request("").body == content
        assert (body + after).find(exchange.rest) >= 0
        taken = len(exchange._body) if framing.startswith("C") else len(body)
        assert (body + after)[taken:].startswith(exchange.rest)


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nodd header\r\n\r\n", b"", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nb : c\r\n\r\n", b"", 400),
        (b"GET x HTTP/1.1\r\nHost: a\r\n\r\n", b"", 400),
        (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", b"", 400),
        (b"GET ftp://a/b HTTP/1.1\r\nHost: a\r\n\r\n", b"", 400),
        (b"GET http://[a/b HTTP/1.1\r\nHost: a\r\n\r\n", b"", 400),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", b"", 501),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", b"", 501),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n", b"", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", b"", 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 20 + b"\r\n\r\n", b"", 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", b"", None),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"x\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"3\r\nabcd\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"3E9\r\n" + b"x" * 1001, 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"F" * 100 + b"\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 100_000, None),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            (b"1;%b\r\na\r\n" % (b"x" * 900)) * 99,
            413,
        ),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"0\r\n" + b"a: b\r\n" * 20_000, None),
    ],
)
@pytest.mark.parametrize("size", [1 << 14, 100])
def test_what_is_malformed_or_too_much_is_refused(head: bytes, body: bytes, status: int | None, size: int) -> None:
    refusal = request_of(head, body, [size])
    assert isinstance(refusal, Refusal)
    assert refusal.status == status or (status is None and 400 <= refusal.status < 500)


def test_a_million_chunks_are_read_a_few_at_a_time() -> None:
    exchange = Exchange(1 << 20)
    assert exchange.take_head(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") is None
    exchange.take(b"1\r\na\r\n" * 1000)
    sizes = []
    while exchange.read_on() is None and exchange.has_more:
        sizes.append(len(exchange._body))
    assert len(sizes) >= 30
    assert max(after - before for before, after in itertools.pairwise(sizes)) <= 40


def answered(answer: HttpAnswer, method: str = "GET", *, ends: bool = False) -> tuple[h11.Response, bytes]:
    """Return an answer as another reader takes it."""
    exchange = Exchange(MOST)
    assert exchange.take_head(f"{method} / HTTP/1.1\r\nHost: a\r\n\r\n".encode()) is None
    assert read(exchange, b"", [1]) is None
    sent = b"".join(exchange.answer(answer, ends=ends))
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(sent)
    response, body = client.next_event(), b""
    assert isinstance(response, h11.Response)
    while isinstance(event := client.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert client.trailing_data == (b"", False)
    return response, body


TEXT = st.text(st.characters(max_codepoint=300), max_size=12)
HEADERS = st.lists(st.tuples(TEXT | st.sampled_from(["x-a", "Set-Cookie", "connection", "content-length"]), TEXT))


@given(st.integers(200, 999), st.binary(max_size=50), TEXT, HEADERS, st.sampled_from(["GET", "HEAD", "POST"]))
def test_whatever_an_answer_says_it_is_one_answer(
    status: int, body: bytes, content_type: str, headers: list[tuple[str, str]], method: str
) -> None:
    """No header of it makes another header, or a body, or another answer."""
    answer = HttpAnswer(status, body, content_type, tuple(headers))
    response, received = answered(answer, method)
    assert response.status_code == status
    assert received == (b"" if method == "HEAD" or status in (204, 304) else body)
    allowed = {name.lower().encode() for name, _ in headers if name.isascii()}
    own = {b"content-type", b"content-length", b"date", b"connection", b"transfer-encoding"}
    assert {name for name, _ in response.headers} <= allowed | own


def test_what_is_not_for_an_answer_to_say_is_left_out() -> None:
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Transfer-Encoding": "chunked",
        "Content-Length": "7",
        "Keep-Alive": "timeout=5",
        "x-bad": "a\r\nb: c",
        "x\r\ny": "z",
        "x-wide": "\u20ac",
        "x-good": "\xe4 b",
        "date": "yesterday",
    }
    response, _ = answered(HttpAnswer(200, b"{}", headers=tuple(headers.items())))
    assert [name for name, _ in response.headers] == [b"content-type", b"x-good", b"date", b"content-length"]


@pytest.mark.parametrize(
    ("answer", "method", "length"),
    [
        (HttpAnswer(200, b"abc"), "GET", b"3"),
        (HttpAnswer(200, b"abc", length=9), "GET", b"3"),
        (HttpAnswer(200, b"abc"), "HEAD", b"3"),
        (HttpAnswer(200, b"", length=9), "HEAD", b"9"),
        (HttpAnswer(200, b"", length=0), "HEAD", b"0"),
        (HttpAnswer(200, b""), "HEAD", None),
        (HttpAnswer(200, b""), "GET", b"0"),
        (HttpAnswer(304, b"", length=9), "GET", b"9"),
        (HttpAnswer(304, b"abc"), "GET", b"3"),
        (HttpAnswer(204, b"abc"), "GET", None),
    ],
)
def test_the_length_of_an_answer(answer: HttpAnswer, method: str, length: bytes | None) -> None:
    response, _ = answered(answer, method)
    assert dict(response.headers).get(b"content-length") == length


def test_what_is_compressed_says_so() -> None:
    response, body = answered(HttpAnswer(200, b"\x1f\x8b", encoding="gzip"))
    assert (dict(response.headers)[b"content-encoding"], body) == (b"gzip", b"\x1f\x8b")


@pytest.mark.parametrize(
    ("answer", "ends", "connection"),
    [
        (HttpAnswer(200), False, None),
        (HttpAnswer(200), True, b"close"),
        (HttpAnswer(426, headers=(("upgrade", "websocket"),)), False, b"Upgrade"),
        (HttpAnswer(426, headers=(("Upgrade", "websocket"), ("connection", "close"))), False, b"Upgrade, close"),
    ],
)
def test_an_answer_may_end_the_connection(answer: HttpAnswer, connection: bytes | None, *, ends: bool) -> None:
    response, _ = answered(answer, ends=ends)
    assert dict(response.headers).get(b"connection") == connection


@pytest.mark.parametrize(
    "head", [None, b"GET / HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"]
)
def test_what_was_not_taken_can_be_answered(head: bytes | None) -> None:
    exchange = Exchange(MOST)
    if head is not None:
        exchange.take_head(head)
    sent, body = exchange.answer(HttpAnswer(http.HTTPStatus.BAD_REQUEST, b"no\n"), ends=True)
    assert sent.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\nConnection: close\r\n" in sent
    assert body == b"no\n"
    assert not exchange.may_go_on
