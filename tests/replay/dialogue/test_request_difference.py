"""Where two requests differ, in lines."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.redaction import Redaction
from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.replay.dialogue.difference import Difference
from feedrec.replay.dialogue.difference_lines import LONGEST_LINE, MOST_LINES
from feedrec.replay.dialogue.matching import parse_match
from feedrec.replay.dialogue.recorded import RecordedExchange
from feedrec.replay.dialogue.request_difference import (
    difference_of_requests,
    missing_request,
    shown_request,
    surplus_request,
)
from feedrec.replay.dialogue.request_parts import Parts, parts_of_exchange, parts_of_request, safe_parts
from feedrec.replay.dialogue.stand_ins import StandIns


def recorded(asked: str, sent: bytes = b"", *, as_written: bool = False) -> Parts:
    method, target = asked.split(" ", 1)
    exchange = RecordedExchange("it", 0, 0, 0, method, target, HttpAnswer(200), "", sent)
    return parts_of_exchange(exchange, as_written=as_written)


def difference(one: Any, other: Any, match: str = "json") -> Difference:
    """Give the difference of two requests, each with its body."""
    matching = parse_match(match)
    method, target = other[0].split(" ", 1)
    request = HttpRequest(method, target, (), b"".join(other[1:]))
    said = parts_of_request(request, as_written=matching.is_exact)
    safe = safe_parts(request, Redaction(), as_written=matching.is_exact)
    return difference_of_requests(recorded(*one, as_written=matching.is_exact), said, safe, matching, StandIns())


def test_what_differs_stands_below_the_other() -> None:
    found = difference(
        ("POST /orders?a=1&b=2", b'{"size":1,"side":"BUY"}'), ("POST /orders?b=2&a=3", b'{"size":1,"side":"SELL"}')
    )
    assert found.lines == (
        "  POST /orders",
        "  query {",
        '-   "a": "1"',
        '+   "a": "3"',
        '    "b": "2"',
        "  }",
        "  body {",
        '    "size": 1',
        '-   "side": "BUY"',
        '+   "side": "SELL"',
        "  }",
    )
    assert found.expected == 'POST /orders query {"a": "1", "b": "2"} body {"size": 1, "side": "BUY"}'
    assert found.got == 'POST /orders query {"b": "2", "a": "3"} body {"size": 1, "side": "SELL"}'


def test_another_path_is_a_difference_too() -> None:
    assert difference(("GET /a?b=1",), ("GET /c",)).lines == (
        "- GET /a",
        "+ GET /c",
        "- query {",
        '-   "b": "1"',
        "- }",
    )
    assert difference(("GET /a",), ("POST /a", b"[1]")).lines == ("- GET /a", "+ POST /a", "+ body [1]")


def test_compared_byte_for_byte_it_is_shown_so() -> None:
    found = difference(("GET /a?b=1&c=2",), ("GET /a?c=2&b=1",), "exact")
    assert found.lines == ("  GET /a", '- query "b=1&c=2"', '+ query "c=2&b=1"')


def test_no_secret_is_shown_that_the_recording_hides() -> None:
    found = difference(
        ("POST /a?mine=[redacted]&c=1", b'{"own":"[redacted]"}'), ("POST /a?mine=s3cret&c=2", b'{"own":"s3cret"}')
    )
    assert '+   "c": "2"' in found.lines
    assert "s3cret" not in repr(found)


def test_one_alone() -> None:
    lines = ("GET /a", "query {", '  "b": "1"', "}")
    assert missing_request(recorded("GET /a?b=1")).lines == tuple(f"- {line}" for line in lines)
    assert surplus_request(recorded("GET /a?b=1")).lines == tuple(f"+ {line}" for line in lines)
    assert shown_request(recorded("GET /\x1b?b=1")) == "GET /\\x1b"
    assert len(shown_request(recorded(f"GET /{'a' * 100}"))) == 60


@given(st.text(), st.binary(), st.text(), st.binary(), st.sampled_from(["json", "exact", "ignore:a"]))
def test_every_line_fits_and_can_be_seen(one: str, sent: bytes, other: str, said: bytes, match: str) -> None:
    found = difference((f"GET /{one}", sent), (f"GET /{other}", said), match)
    assert len(found.lines) <= MOST_LINES + 1
    for line in found.lines:
        assert len(line) <= LONGEST_LINE
        assert line.isprintable()
        assert line[:2] in {"- ", "+ ", "  "}
    assert (found.got + found.expected).isprintable()
