"""Where a head ends and whose it is, however its bytes come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.front.head import LONGEST_HEAD, Head, read_head

HANDSHAKE = b"GET /x?key=1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
LONG_COOKIE = b"Cookie: " + b"x" * LONGEST_HEAD + b"\r\n"


@pytest.mark.parametrize(
    "head",
    [
        HANDSHAKE,
        b"\r\n" + HANDSHAKE,
        HANDSHAKE.replace(b"Host", b"Content-Length: 0\r\nHost"),
        HANDSHAKE.replace(b"websocket", b"h2c, WebSocket"),
        HANDSHAKE.replace(b"Connection: Upgrade\r\n", b"odd header\r\n"),  # the library says what it thinks of that
    ],
)
def test_a_handshake_is_for_the_library(head: bytes) -> None:
    assert read_head(head) == read_head(head + b"\x81\x82") == Head(len(head), is_handshake=True)


def test_a_handshake_that_is_too_long_to_be_looked_at_is_for_the_library_too() -> None:
    assert read_head(HANDSHAKE[:-2] + LONG_COOKIE) == Head(LONGEST_HEAD, is_handshake=True)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 20, len(HANDSHAKE) - 1])
def test_the_end_of_a_head_is_waited_for(size: int) -> None:
    assert read_head(HANDSHAKE[:size]) is None
    assert read_head((b"\r\n" + HANDSHAKE)[:size]) is None


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n",
        b"DELETE / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",  # who knows no such upgrade passes over it
        HANDSHAKE.replace(b"1.1", b"1.0"),
    ],
)
def test_anything_else_is_for_h11(head: bytes) -> None:
    assert read_head(head) == read_head(head + b"abc") == Head(len(head))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\nUpgrade: websocket\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\rb: c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\0\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xc3\xa4 HTTP/1.1\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (HANDSHAKE.replace(b"Host", b"Content-Length: 9\r\nHost"), 400),
        (HANDSHAKE.replace(b"Host", b"transfer-encoding:chunked\r\nHost"), 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /" + b"x" * LONGEST_HEAD, 431),
        (b"GET / HTTP/1.1\r\n" + LONG_COOKIE + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nContent-Length: 9\r\nUpgrade: websocket\r\n" + LONG_COOKIE, 431),
    ],
)
def test_what_no_reader_would_take_alike_is_refused(data: bytes, status: int) -> None:
    head = read_head(data)
    assert head is not None
    assert head.refusal is not None
    assert (head.refusal.status, head.is_http, head.is_handshake) == (status, True, False)


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00", b"get / HTTP/1.1\r\n", b" ", b"\n", b"\r\r", b"HELLO\r\n"])
def test_what_is_no_http_is_known_by_its_first_bytes(data: bytes) -> None:
    head = read_head(data)
    assert head is not None
    assert head.refusal is not None
    assert not head.is_http


PARTS = [
    *(b"GET ", b"POST ", b"/x", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"Host: a\r\n", b"Upgrade: websocket\r\n"),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n", b"\n", b"\r", b"\0", LONG_COOKIE),
]


@given(st.lists(st.sampled_from(PARTS) | st.binary(max_size=8), max_size=12).map(b"".join), st.data())
def test_what_is_said_of_some_bytes_is_said_of_all_that_begin_with_them(data: bytes, draw: st.DataObject) -> None:
    """So however they are split, the result is the same."""
    sizes = draw.draw(st.lists(st.integers(0, len(data)), max_size=30))
    whole = read_head(data)
    for size in sizes:
        head = read_head(data[:size])
        assert head is None or head == whole
    assert whole is None or 0 <= whole.size <= min(len(data), LONGEST_HEAD)
