"""Requests and answers as lines: bodies byte for byte, no secrets, and nothing but None for what is malformed."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedrec.errors import LineError
from feedrec.formats.line.as_written import as_written
from feedrec.formats.line.codec import decode_line, encode_event
from feedrec.formats.line.http_events import BODY_KEYS, exchange_of, http_event, is_http_line
from feedrec.formats.line.payload.verbatim import stands_verbatim
from feedrec.formats.line.renumbering import renumbered
from feedrec.formats.stream.protocols import MAX_LINE
from feedrec.http_messages import RECORDER, HttpAnswer, HttpExchange
from feedrec.model import Event

from .exchanges import START, bodies, exchange, exchanges, json_bodies, odd_bodies
from .test_codec import json_values

TIMES = b'{"time":"2026-11-21T17:00:00.000000000Z","event":"http","started":"2026-11-21T16:59:59.000000000Z",'
LINE = (
    TIMES + b'"method":"GET","url":"https://rest.test/products","status":200,"type":"application/json; charset=utf-8",'
)


def event_of(line: bytes) -> Event:
    event = decode_line(line)
    assert isinstance(event, Event)
    return event


@given(exchanges)
def test_an_exchange_survives_the_round_trip(one: HttpExchange) -> None:
    event = http_event(one)
    line = encode_event(event)
    assert b"\n" not in line
    assert decode_line(line) == event
    assert exchange_of(event) == exchange_of(event_of(line)) == one
    assert as_written(line, event) == line


@pytest.mark.parametrize("body", [*json_bodies, *odd_bodies, b"[1e400]"])
def test_every_body_comes_back(body: bytes) -> None:
    one = msgspec.structs.replace(exchange(body=body), sent=body)
    event = event_of(encode_event(http_event(one)))
    assert exchange_of(event) == one


@given(bodies)
def test_a_body_stands_in_its_line_as_a_payload_does(body: bytes) -> None:
    """What can stand verbatim does, where it can be cut out by position; another reader gets the same from the rest."""
    line = encode_event(http_event(exchange(body=body)))
    if stands_verbatim(body):
        assert line == LINE + b'"body":' + body + b"}"
    else:
        other = json.loads(line)
        assert "body" not in other
        if "body_text" in other:
            assert other["body_text"].encode() == body
        assert ("body_text" in other, "body_base64" in other).count(True) == bool(body)


def test_the_line_of_the_page() -> None:
    answer = HttpAnswer(201, b"<p>", "text/html", (("cb-after", "7"), ("link", "<a>"), ("link", "<b>")))
    one = HttpExchange(START, START, "POST", "https://rest.test/", answer, "application/json", b"[ 1 ]", redacted=True)
    assert encode_event(http_event(one)) == (
        b'{"time":"2026-11-21T17:00:00.000000000Z","event":"http","started":"2026-11-21T17:00:00.000000000Z",'
        b'"method":"POST","url":"https://rest.test/","sent_type":"application/json","sent":[ 1 ],"status":201,'
        b'"type":"text/html","headers":{"cb-after":"7","link":"<a>, <b>"},"redacted":true,"body_text":"<p>"}'
    )


def test_the_line_of_what_the_recorder_asked_itself() -> None:
    line = LINE.replace(b'"status"', b'"by":"recorder","status"') + b'"body":{}}'
    assert encode_event(http_event(msgspec.structs.replace(exchange(), by=RECORDER))) == line


@pytest.mark.parametrize(
    "name",
    [
        *("Set-Cookie", "cookie", "AUTHORIZATION", "proxy-authorization"),
        *("Content-Length", "transfer-encoding", "content-type", "connection", "Upgrade"),
    ],
)
def test_some_headers_are_never_written_and_never_read(name: str) -> None:
    """Those with secrets, and those about the connection: who serves a recording sends its own."""
    answer = HttpAnswer(200, headers=((name, "secret"), ("x-kept", "1")))
    event = http_event(HttpExchange(START, START, "GET", "https://rest.test/", answer))
    assert b"secret" not in encode_event(event)
    assert event.details["headers"] == {"x-kept": "1"}
    event.details["headers"] = {name: "secret", "X-Kept": "1"}
    found = exchange_of(event)
    assert found is not None
    assert found.answer.headers == (("x-kept", "1"),)


def test_how_content_is_compressed_that_could_not_be_unpacked_is_kept() -> None:
    answer = HttpAnswer(200, b"\x0b\x02\x80", headers=(("content-encoding", "br"),))
    one = HttpExchange(START, START, "GET", "https://rest.test/", answer)
    found = exchange_of(event_of(encode_event(http_event(one))))
    assert found is not None
    assert found.answer_to_send.encoding == "br"


odd_texts = st.text(st.characters(max_codepoint=255), max_size=5) | st.sampled_from(
    ["", "\x1b[2J", "a, b", " a", "\u2028"]
)


@given(odd_texts, st.lists(st.tuples(odd_texts | st.just("x-a"), odd_texts), max_size=4), odd_texts)
def test_whatever_a_venue_sends_in_its_headers_its_answer_is_read(
    kind: str, headers: list[tuple[str, str]], sent_type: str
) -> None:
    """Those that cannot be sent to a client are left out, each by itself."""
    answer = HttpAnswer(200, b"[]", kind, tuple(headers))
    one = HttpExchange(START, START, "POST", "https://rest.test/", answer, sent_type, b"{}")
    found = exchange_of(event_of(encode_event(http_event(one))))
    assert found is not None
    assert (found.answer.body, found.sent) == (b"[]", b"{}")
    assert found.answer.content_type in {kind, ""}


def test_headers_that_are_none_are_left_out_each_by_itself() -> None:
    headers = (("x-a", "1"), ("x-b", "\x7f"), ("x-a", ""), ("x-a", "2"), ("x c", "1"), ("x-d", ""))
    found = exchange_of(http_event(HttpExchange(START, START, "GET", "", HttpAnswer(200, b"", "a\x01", headers))))
    assert found is not None
    assert (found.answer.content_type, found.answer.headers) == ("", (("x-a", "1, 2"), ("x-d", "")))


def test_a_connection_in_the_line_means_nothing() -> None:
    """A program that does not know the event puts one there; that is no reason to write the line anew."""
    plain = LINE + b'"body":{}}'
    line = plain.replace(b'"event"', b'"conn":0,"event"')
    event = event_of(line)
    assert event == http_event(exchange())
    assert event.conn is None
    assert is_http_line(line)
    assert is_http_line(plain)
    assert as_written(line, event) == line
    assert as_written(line.replace(b'"conn":0', b'"conn": 0'), event) == plain
    assert renumbered(plain, None, None) == plain


def test_only_spaces_outside_of_bodies_go() -> None:
    """Further keys stay, and bodies stay as they are."""
    line = LINE.replace(b":200", b" : 200") + b'"x": [ 1 ], "sent": [ 1.0 ] , "body": { "a" : 1 } }'
    mended = LINE + b'"x":[1],"sent":[ 1.0 ],"body":{ "a" : 1 }}'
    assert as_written(line, decode_line(line)) == mended
    assert exchange_of(event_of(line)) == exchange_of(event_of(mended))


@pytest.mark.parametrize(
    ("keys", "body", "sent"),
    [
        (b'"body":1,"body":{}', b"{}", b""),
        (b'"body_text":"a","body_text":"b"', b"b", b""),
        (b'"body_base64":"YQ==","body_text":"b","body":null', b"null", b""),
        (b'"body_text":null,"body_base64":"YQ=="', b"a", b""),
        (b'"body_base64":"\\u0059Q=="', b"a", b""),
        (b'"body_text":null', b"", b""),
        (b'"sent_text":"","body_text":""', b"", b""),
        (b'"sent":{"body":[]},"x":{"body":1}', b"", b'{"body":[]}'),
        (b'"frame":{},"dir":7,"op":7,"base64":7,"redacted":false', b"", b""),
    ],
)
def test_what_other_programs_may_write(keys: bytes, body: bytes, sent: bytes) -> None:
    found = exchange_of(event_of(LINE + keys + b"}"))
    assert found is not None
    assert (found.answer.body, found.sent) == (body, sent)


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace(b"200", b'"200"') + b'"body":{}}',
        LINE.replace(b"200", b"true") + b'"body":{}}',
        LINE.replace(b"200", b"1e3") + b'"body":{}}',
        LINE.replace(b'"status":200,', b"") + b'"body":{}}',
        LINE.replace(b'"GET"', b"null") + b'"body":{}}',
        LINE.replace(b'"https://rest.test/products"', b"[]") + b'"body":{}}',
        LINE.replace(b"16:59:59", b"16:59:62") + b'"body":{}}',
        LINE.replace(b'"started"', b'"begun"') + b'"body":{}}',
        LINE.replace(b'"2026-11-21T16:59:59.000000000Z"', b"5") + b'"body":{}}',
        LINE.replace(b'"type"', b'"type":7,"x"') + b'"body":{}}',
        LINE + b'"headers":[],"body":{}}',
        LINE + b'"headers":{"a":1},"body":{}}',
        LINE + b'"headers":{"a":"1\\r\\nx: 2"},"body":{}}',
        LINE + b'"headers":{"a":"1\\n"},"body":{}}',
        LINE + b'"headers":{"a":" 1"},"body":{}}',
        LINE + b'"headers":{"a":"\\u20ac"},"body":{}}',
        LINE + b'"headers":{"a: 1\\r\\nb":"1"},"body":{}}',
        LINE + b'"headers":{"":"1"},"body":{}}',
        LINE.replace(b"charset=utf-8", b"\\r\\nx: 2") + b'"body":{}}',
        LINE.replace(b'"GET"', b'"GET /"') + b'"body":{}}',
        LINE.replace(b":200", b":99") + b'"body":{}}',
        LINE.replace(b":200", b":101") + b'"body":{}}',
        LINE.replace(b":200", b":1000") + b'"body":{}}',
        LINE.replace(b":200", b":" + b"9" * 50) + b'"body":{}}',
        LINE + b'"by":7,"body":{}}',
        LINE + b'"body_text":7}',
        LINE + b'"body":{},"body_text":7}',
        LINE + b'"body_base64":"?"}',
        LINE + b'"body_base64":"YQ"}',
        LINE + b'"body_text":"\xff"}',
        LINE + b'"sent_text":[],"body":{}}',
        LINE + b'"sent_type":0}',
        LINE + b'"redacted":"yes"}',
        b'{"time":"2026-11-21T17:00:00Z","event":"http"}',
    ],
)
def test_a_malformed_exchange_is_an_event_and_nothing_else(line: bytes) -> None:
    event = event_of(line)
    assert event.name == "http"
    assert exchange_of(event) is None
    assert decode_line(encode_event(event)) == event
    written = as_written(line, event)
    assert as_written(written, decode_line(written)) == written


@given(
    st.dictionaries(st.sampled_from([*json.loads(LINE + b'"body":1}'), *BODY_KEYS, "conn", "redacted"]), json_values)
)
@example({"body_text": "\ud800", "time": 1})
def test_nothing_makes_a_traceback(fields: dict[str, Any]) -> None:
    line = json.dumps({**json.loads(LINE + b'"body":1}'), **fields, "event": "http"}).encode()
    try:
        event = event_of(line)
    except LineError:
        return
    exchange_of(event)
    assert decode_line(encode_event(event)) == event
    assert exchange_of(event_of(as_written(line, event))) == exchange_of(event)


def test_the_last_of_two_names_counts() -> None:
    line = LINE + b'"body":[1],"event":"note"}'
    event = event_of(line)
    assert (event.name, event.conn, event.details["body"]) == ("note", 0, [1])
    assert event_of(b'{"event":"note",' + LINE[1:] + b'"body":{}}') == http_event(exchange())


def test_other_events_are_no_exchanges() -> None:
    assert exchange_of(Event(START, 0, "open", http_event(exchange()).details)) is None


def test_an_event_that_was_made_by_hand_may_have_its_body_parsed() -> None:
    details = {**http_event(exchange()).details, "body": {"a": [1]}, "sent_text": "x"}
    found = exchange_of(Event(START, None, "http", details))
    assert found is not None
    assert (found.answer.body, found.sent) == (b'{"a":[1]}', b"x")


SIZE = 10 << 20
LARGE = {
    "JSON": lambda: b"[" + b"1," * (SIZE // 2 - 1) + b"1]",
    "text": lambda: b" " * (SIZE - 2) + "\u00fc".encode(),
    "base64": lambda: b"\xff" * SIZE,
}


@pytest.mark.parametrize("kind", LARGE)
def test_a_large_body_is_in_memory_as_often_as_a_large_frame(kind: str) -> None:
    one = exchange(body=LARGE[kind]())
    tracemalloc.start()
    line = encode_event(http_event(one))
    _, encoding = tracemalloc.get_traced_memory()
    assert len(line) <= MAX_LINE // 3
    tracemalloc.clear_traces()
    tracemalloc.reset_peak()
    assert exchange_of(event_of(line)) == one
    _, decoding = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert encoding < 3.5 * SIZE
    assert decoding < 1.5 * SIZE
