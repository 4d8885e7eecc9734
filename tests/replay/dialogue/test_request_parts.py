"""Requests as they are compared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.redaction import Redaction
from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.replay.dialogue.matching import parse_match
from feedrec.replay.dialogue.recorded import RecordedExchange
from feedrec.replay.dialogue.request_parts import Parts, parts_of_exchange, parts_of_request, safe_parts
from feedrec.replay.dialogue.stand_ins import Pair, StandIns

FORM = "application/x-www-form-urlencoded; charset=utf-8"


def request(method: str, target: str, body: bytes = b"", body_type: str = "application/json") -> HttpRequest:
    return HttpRequest(method, target, (("host", "x"), ("content-type", body_type)), body)


def parts(*asked: Any, as_written: bool = False) -> Parts:
    return parts_of_request(request(*asked), as_written=as_written)


def recorded(method: str, target: str, body: bytes = b"", body_type: str = "application/json") -> Any:
    return RecordedExchange("it", 0, 0, 0, method, target, HttpAnswer(200), body_type, body)


def is_same(one: Any, other: Any, match: str = "json", known: StandIns | None = None) -> bool:
    """Tell whether a request is the recorded one."""
    matching = parse_match(match)
    expected = parts_of_exchange(recorded(*one), as_written=matching.is_exact)
    said = parts(*other, as_written=matching.is_exact)
    return expected.compare(said, matching, known or StandIns()) is not None


def test_parameters_and_content_have_names() -> None:
    assert parts("GET", "/a?b=1&c=&b=%32") == Parts("GET", "/a", {"query": {"b": ["1", "2"], "c": ""}})
    assert parts("POST", "/a", b'{"b":[1]}') == Parts("POST", "/a", {"body": {"b": [1]}})
    assert parts("POST", "/a", b"b") == Parts("POST", "/a", {"body": "b"})
    assert parts("POST", "/a", b"b=1", FORM) == Parts("POST", "/a", {"form": {"b": "1"}})
    assert parts("POST", "/a?b=%31", b"{ }", as_written=True) == Parts("POST", "/a", {"query": "b=%31", "body": "{ }"})
    assert str(parts("GET", "/a?b")) == "GET /a"


@pytest.mark.parametrize(
    ("one", "other", "by_json", "exactly"),
    [
        (("GET", "/a?b=1&c=2"), ("GET", "/a?c=2&b=1"), True, False),
        (("GET", "/a?b=1"), ("GET", "/a?b=2"), False, False),
        (("GET", "/a?b=1&b=2"), ("GET", "/a?b=2&b=1"), False, False),
        (("GET", "/a?b=x%20y"), ("GET", "/a?b=x+y"), True, False),
        (("GET", "/a"), ("GET", "/a?"), True, True),
        (("GET", "/a"), ("GET", "/a?b=1"), False, False),
        (("GET", "/a"), ("HEAD", "/a"), False, False),
        (("GET", "/a/b"), ("GET", "/a/c"), False, False),
        (("GET", "/a/b"), ("GET", "/a"), False, False),
        (("POST", "/a", b'{"b":1,"c":2}'), ("POST", "/a", b'{"c":2.0,"b":1}'), True, False),
        (("POST", "/a", b'{"b":1}'), ("POST", "/a"), False, False),
        (("POST", "/a", b'{"b":"1"}'), ("POST", "/a", b"b=1", FORM), False, False),
        (("POST", "/a", b"b=1&c=2", FORM), ("POST", "/a", b"c=2&b=1", FORM), True, False),
        (("POST", "/a", b"\xff"), ("POST", "/a", b"\xff"), True, True),
        (("POST", "/a", b"\xff"), ("POST", "/a", b"\xfe"), False, False),
        (("GET", "/a?sign=[redacted]&b=1"), ("GET", "/a?b=1&sign=abc"), True, False),
        (("GET", "/a?b=1&sign=[redacted]"), ("GET", "/a?b=1&sign=abc"), True, True),
        (("GET", "/a/[redacted]/b"), ("GET", "/a/xyz/b"), True, True),
        (("GET", "/a/[redacted]/b"), ("GET", "/a/xyz/c"), False, False),
        (("POST", "/a", b'"[redacted]"'), ("POST", "/a", b"b=1", FORM), True, True),
        (("POST", "/a", b'{"key":"[redacted]"}'), ("POST", "/a", b'{"key":"abc"}'), True, True),
    ],
)
def test_what_is_the_same(one: Any, other: Any, by_json: bool, exactly: bool) -> None:  # noqa: FBT001
    assert is_same(one, other) == by_json
    assert is_same(one, other, "exact") == exactly


def test_a_key_is_ignored_wherever_it_is() -> None:
    """But a key that is called as a part of a request is that only."""
    assert is_same(("GET", "/a?nonce=1"), ("GET", "/a?nonce=2"), "ignore:nonce")
    assert is_same(("POST", "/a", b"nonce=1", FORM), ("POST", "/a", b"nonce=2", FORM), "ignore:nonce")
    assert is_same(("POST", "/a", b'{"b":{"nonce":1}}'), ("POST", "/a", b'{"b":{"nonce":2}}'), "ignore:nonce")
    assert not is_same(("GET", "/a?b=1"), ("GET", "/a?b=2"), "ignore:query,body")
    assert not is_same(("GET", "/a?nonce=1"), ("GET", "/a"), "ignore:nonce")


def test_a_part_of_the_path_may_stand_for_another() -> None:
    known = StandIns()
    known.learn([Pair("id", "recorded-0001", "mine-4567")])
    assert is_same(("GET", "/a/recorded-0001/b"), ("GET", "/a/mine-4567/b"), known=known)
    assert not is_same(("GET", "/a/recorded-0001/b"), ("GET", "/a/mine-456/b"), known=known)


def test_no_secret_is_shown() -> None:
    asked = request("POST", "/a?api_key=s3cret&b=1", b'{"passphrase":"s3cret","c":1}')
    assert safe_parts(asked, Redaction(), as_written=False).said == {
        "query": {"api_key": "[redacted]", "b": "1"},
        "body": {"passphrase": "[redacted]", "c": 1},
    }
    form = request("POST", "/a", b"passphrase=s3cret&c=1", FORM)
    assert safe_parts(form, Redaction(), as_written=False).said == {"form": {"passphrase": "[redacted]", "c": "1"}}
    for one in (asked, form):
        assert "s3cret" not in repr(safe_parts(one, Redaction(), as_written=True))
    assert safe_parts(request("POST", "/", b"x" * 300_000), Redaction(), as_written=False).said == {
        "body": "[redacted]"
    }


@given(st.text(), st.binary(), st.sampled_from([FORM, "application/json", ""]), st.booleans())
def test_any_request_is_the_same_as_itself_and_can_be_shown(
    query: str,
    body: bytes,
    body_type: str,
    as_written: bool,  # noqa: FBT001
) -> None:
    asked = request("POST", f"/a?{query}", body, body_type)
    said = parts_of_request(asked, as_written=as_written)
    assert said.compare(said, parse_match("exact" if as_written else "json"), StandIns()) is not None
    safe_parts(asked, Redaction(), as_written=as_written)
