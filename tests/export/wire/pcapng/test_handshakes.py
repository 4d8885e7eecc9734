"""Whatever a recording says, what stands before frames is one well-formed request and one answer."""

from __future__ import annotations

from typing import Any

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.export.wire.pcapng.handshakes import answer_of, request_of, upgrade_answer, upgrade_request
from feedrec.http_messages import HttpAnswer, HttpExchange

headers = st.one_of(
    st.none(),
    st.text(),
    st.dictionaries(st.one_of(st.text(max_size=9), st.just("Host")), st.one_of(st.text(max_size=9), st.integers())),
)


def conversation(request: bytes, answer: bytes) -> tuple[h11.Request, h11.Response | h11.InformationalResponse]:
    """Read both with a library, which must take all of it; return the heads."""
    server, client = h11.Connection(h11.SERVER), h11.Connection(h11.CLIENT)
    server.receive_data(request)
    asked = server.next_event()
    assert isinstance(asked, h11.Request)
    client.send(asked)
    while not isinstance(event := server.next_event(), h11.EndOfMessage):
        assert isinstance(event, h11.Data)
        client.send(event)
    client.send(h11.EndOfMessage())
    client.receive_data(answer)
    answered = client.next_event()
    assert isinstance(answered, h11.Response | h11.InformationalResponse)
    return asked, answered


@given(st.text(), headers, st.one_of(st.none(), st.text(), st.integers()))
def test_another_reader_takes_what_was_made_of_anything(url: str, recorded: Any, subprotocol: Any) -> None:
    for address in (url, f"wss://venue.test/{url}"):
        request = upgrade_request(3, address, recorded, subprotocol)
        asked, answered = conversation(request, upgrade_answer(3, subprotocol))
        assert (asked.method, answered.status_code) == (b"GET", 101)
        names = [name for name, _ in asked.headers]
        assert names.count(b"host") == names.count(b"upgrade") == names.count(b"sec-websocket-key") == 1


def test_recorded_headers_are_sent_but_for_those_that_are_made_here() -> None:
    recorded = {
        "User-Agent": "bot/1.0",
        "host": "other.test",
        "Sec-WebSocket-Extensions": "permessage-deflate",
        "Transfer-Encoding": "chunked",
        "x-feedrec-url": "wss://evil.test",
        "X-Bad": "a\r\nX-Evil: 1",
        "X Bad": "1",
        "X-Number": 7,
    }
    request = upgrade_request(0, "wss://venue.test", recorded, endpoint="raw")
    assert b"\r\nX-Feedrec-Endpoint: raw\r\nX-Feedrec-Url: wss://venue.test\r\n" in request
    lines = request.split(b"\r\n")
    assert b"User-Agent: bot/1.0" in lines
    assert sum(line.lower().startswith(b"host:") for line in lines) == 1
    for absent in (b"deflate", b"chunked", b"evil", b"Evil", b"X Bad", b"X-Number"):
        assert absent not in request


def test_headers_without_end_are_cut_off() -> None:
    recorded = {f"X-{number}": "x" * 1_000 for number in range(100)}
    assert len(upgrade_request(0, "wss://venue.test", recorded)) < 40_000


def test_each_connection_has_a_key_of_its_own() -> None:
    assert upgrade_request(1, "wss://venue.test") != upgrade_request(2, "wss://venue.test")
    assert upgrade_answer(1) != upgrade_answer(2)


@pytest.mark.parametrize(
    ("method", "status", "body", "length"),
    [
        ("GET", 200, b"{}", b"2"),
        ("HEAD", 200, b"", b"0"),
        ("GET", 204, b"", None),
        ("GET", 304, b"", None),
        ("GET", 599, b"odd", b"3"),
        ("DELETE", 200, b"", b"0"),
    ],
)
def test_an_answer_has_the_length_that_its_status_allows(
    method: str, status: int, body: bytes, length: bytes | None
) -> None:
    exchange = HttpExchange(2, 1, method, "https://rest.test/a b?c=d", HttpAnswer(status, body))
    asked, answered = conversation(request_of(exchange), answer_of(exchange))
    assert asked.target == b"/a%20b?c=d"
    assert dict(answered.headers).get(b"content-length") == length


def test_an_answer_to_head_has_a_length_but_no_content() -> None:
    exchange = HttpExchange(2, 1, "HEAD", "http://[", HttpAnswer(200, b"recorded"))
    head, _, rest = answer_of(exchange).partition(b"\r\n\r\n")
    assert b"Content-Length: 8" in head
    assert rest == b""
    assert request_of(exchange).startswith(b"HEAD / HTTP/1.1\r\nHost: unknown.invalid\r\n")


def test_what_could_not_be_unpacked_says_how_it_is_packed() -> None:
    answer = HttpAnswer(200, b"\x1f\x8b", headers=(("content-encoding", "gzip"),))
    exchange = HttpExchange(2, 1, "GET", "https://rest.test/", answer)
    assert b"content-encoding: gzip\r\n" in answer_of(exchange)
