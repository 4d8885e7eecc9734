"""Records as a person reads them."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from feedrec.cli.frame_lines import frame_lines
from feedrec.cli.terminal import printable
from feedrec.feeds import find_feed
from feedrec.formats.line.http_events import http_event
from feedrec.http_messages import HttpAnswer, HttpExchange
from feedrec.model import Event, Frame, Header, Record, describe_nothing, parse_time

START = parse_time("2026-11-21T23:59:59.123456789Z")
HEADER = Header(
    "coinbase-exchange", "wss://x", START, "feedrec 1", [{"channel": "matches", "products": ["BTC-USD", "ETH-USD"]}]
)
MATCH = b'{"type":"match","product_id":"BTC-USD","sequence":1031,"price":"1"}'


def shown(*records: Record, width: int = 80) -> list[str]:
    return list(frame_lines(HEADER, records, find_feed("coinbase-exchange").describe, width))


def test_a_frame_is_a_line_of_what_one_looks_for() -> None:
    """Time, connection, received or sent, channel, product, sequence number, size, and how it begins."""
    assert shown(Frame(START, 0, MATCH), Frame(START, 1, b'{"type":"subscribe"}', "out")) == [
        "coinbase-exchange  wss://x  feedrec 1",
        "2026-11-21 (UTC)",
        '23:59:59.123 0 < matches BTC-USD   1031     67 B {"type":"match","product_id":"…',
        '23:59:59.123 1 >                            20 B {"type":"subscribe"}',
    ]


def test_a_new_day_has_a_line_of_its_own() -> None:
    later = Frame(START + 10**9, 0, MATCH)
    assert [line[:16] for line in shown(Frame(START, 0, MATCH), later)[1:]] == [
        *("2026-11-21 (UTC)", "23:59:59.123 0 <", "2026-11-22 (UTC)", "00:00:00.123 0 <"),
    ]


def test_an_event_is_its_name_and_details() -> None:
    assert shown(Event(START, 0, "close", {"code": 1000}), Event(START, 0, "resume", {}))[2:] == [
        '23:59:59.123 0 - close {"code":1000}',
        "23:59:59.123 0 - resume",
    ]


def test_a_request_is_its_method_the_status_the_size_and_the_address() -> None:
    """Of no connection; one that is malformed is an event like any other."""
    answer = HttpAnswer(404, b'{"message":"NotFound"}')
    posted = HttpExchange(START, START, "POST", "http://127.0.0.1:8000/" + "x" * 80, HttpAnswer(200, b"[" * 3000))
    found = HttpExchange(START, START, "GET", "https://api.exchange.coinbase.com/products/A-B/book", answer)
    odd = Event(START, None, "http", {"url": "x", "body_text": msgspec.Raw(b'"\xff"')})
    assert shown(http_event(found), http_event(posted), odd)[2:] == [
        "23:59:59.123   - GET  404     22 B /products/A-B/book api.exchange.coinbase.com",
        "23:59:59.123   - POST 200   3.0 kB /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…",
        '23:59:59.123   - http {"url":"x","body_text":"\\xff"}',
    ]


def test_binary_frames_are_shown_as_bytes() -> None:
    assert shown(Frame(START, 0, b"\x00\xff" * 20, binary=True))[2].endswith("40 B binary 00 ff 00 ff 00 ff 00 ff…")


@given(
    st.lists(st.builds(Frame, st.integers(0, 2**62), st.integers(0, 9), st.binary(), binary=st.booleans())),
    st.integers(20, 200),
)
def test_no_line_is_longer_than_the_terminal(frames: list[Frame], width: int) -> None:
    lines = list(frame_lines(HEADER, frames, describe_nothing, width))
    assert all(len(line) <= width and printable(line) == line for line in lines)
    assert len(lines) >= 1 + len(frames)
