"""Whether a message is the recorded one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.replay.dialogue.matching import Matching, parse_match
from feedrec.replay.dialogue.recorded import Message
from feedrec.replay.dialogue.stand_ins import Pair, StandIns

EXACT, JSON = parse_match("exact"), parse_match("json")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


def compare(how: Matching, recorded: str | bytes, said: str | bytes) -> list[Pair] | None:
    one, other = (
        Message(text.encode() if isinstance(text, str) else text, isinstance(text, bytes)) for text in (recorded, said)
    )
    return how.compare(one, other, StandIns())


def same(how: Matching, recorded: str | bytes, said: str | bytes) -> bool:
    return compare(how, recorded, said) is not None


@given(values)
def test_json_is_the_same_whatever_spaces_and_order(value: Any) -> None:
    def turned(one: Any) -> Any:
        if isinstance(one, dict):
            return {key: turned(one[key]) for key in reversed(one)}
        return [turned(inner) for inner in one] if isinstance(one, list) else one

    plain, other = json.dumps(value), json.dumps(turned(value), indent=3, ensure_ascii=False)
    assert same(JSON, plain, plain)
    assert same(EXACT, plain, plain)
    if "\\u" not in plain:  # a lone surrogate cannot be sent
        assert same(JSON, plain, other)


@given(values, values)
def test_json_that_differs_is_another_message(one: Any, other: Any) -> None:
    def told(value: Any) -> Any:
        """Distinguish what Python takes for equal."""
        if isinstance(value, dict):
            return {key: told(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [told(inner) for inner in value]
        return ("truth", value) if isinstance(value, bool) else value

    assert same(JSON, json.dumps(one), json.dumps(other)) == (told(one) == told(other))


@pytest.mark.parametrize(
    ("recorded", "said", "is_same"),
    [
        ("1", "1.0", True),
        ("0.1", "0.10", True),
        ("0.1", "0.10000000000000001", False),
        ("1e2", "100", True),
        ("123456789012345678901", "123456789012345678902", False),
        ("1", "true", False),
        ("0", "false", False),
        ("null", "0", False),
        ('"1"', "1", False),
        ('{"a":1}', '{"a":1,"b":2}', False),
        ('{"a":1,"b":2}', '{"a":1}', False),
        ("[1,2]", "[2,1]", False),
        ("[1,2]", "[1,2,3]", False),
        ("ping", "ping", True),
        ("ping", "pong", False),
        ("NaN", "NaN", True),
        ("NaN", " NaN", False),
        ('{"a":1}', "ping", False),
        ("9" * 5000, "9" * 5000, True),
        ("[" * 100_000, "[" * 100_000, True),
        (b"\x00\xff", b"\x00\xff", True),
        (b"\x00\xff", b"\x00\xfe", False),
        (b'{"a":1}', b'{"a": 1}', False),
        (b'{"a":1}', '{"a":1}', False),
    ],
)
def test_what_counts_as_the_same(recorded: str | bytes, said: str | bytes, *, is_same: bool) -> None:
    assert same(JSON, recorded, said) == is_same
    assert same(EXACT, recorded, recorded)
    assert not same(EXACT, recorded, said) or recorded == said


@pytest.mark.parametrize(
    ("recorded", "said", "is_same"),
    [
        ('{"jwt":"[redacted]","n":1}', '{"n":1,"jwt":"ey.."}', True),
        ('{"jwt":"[redacted]","n":1}', '{"n":1,"jwt":{"deep":[1]}}', True),
        ('{"jwt":"[redacted]","n":1}', '{"n":2,"jwt":"ey.."}', False),
        ('{"jwt":"[redacted]","n":1}', '{"n":1}', False),
        ('{"header":"Bearer [redacted]"}', '{"header":"Bearer abc"}', True),
        ('{"header":"Bearer [redacted]"}', '{"header":"Basic abc"}', False),
        ('{"q":"a=[redacted]&b=[redacted]&c"}', '{"q":"a=1&b=2&c"}', True),
        ('{"q":"a=[redacted]&b=[redacted]&c"}', '{"q":"a=1&b=2"}', False),
        ('"[redacted]"', "whatever it is", True),
        ("login [redacted] please", "login me please", True),
        ("login [redacted] please", "login me plea", False),
        ("aa[redacted]aa", "aaa", False),
        ("a[redacted]b[redacted]c", "axbxc", True),
        ("a[redacted]b[redacted]c", "axxc", False),
        (b'"[redacted]"', b"\x00\x01 audio", True),
        (b'"[redacted]"', "text", False),
    ],
)
def test_what_was_redacted_matches_anything(recorded: str | bytes, said: str | bytes, *, is_same: bool) -> None:
    assert same(JSON, recorded, said) == is_same


def test_exactly_but_for_what_was_redacted() -> None:
    recorded = '{"jwt":"[redacted]","n":1}'
    assert same(EXACT, recorded, '{"jwt":"x","n":1}')
    assert same(EXACT, recorded, '{"jwt":5,"n":1}')
    assert not same(EXACT, recorded, '{"jwt":"x", "n":1}')
    assert not same(EXACT, recorded, '{"jwt":"x","more":0,"n":1}')


def test_ignored_values_are_learnt_at_any_depth() -> None:
    how = parse_match("ignore: id ,nonce")
    recorded = '{"id":1,"params":[{"nonce":"n-1","id":[7,{"x":"y"}]}],"op":"a"}'
    said = '{"op":"a","id":"one","params":[{"nonce":"n-2","id":[8,{"x":"z"}]}]}'
    pairs = compare(how, recorded, said)
    assert pairs is not None
    assert set(pairs) == {Pair("id", 1, "one"), Pair("nonce", "n-1", "n-2"), Pair("id", 7, 8), Pair("x", "y", "z")}
    assert not same(how, recorded, said.replace('"a"', '"b"'))
    assert not same(how, '{"id":1}', "{}")
    assert same(how, '{"id":1}', '{"id":null}')


def test_of_a_redacted_value_under_an_ignored_key_the_clients_is_learnt() -> None:
    assert compare(parse_match("ignore:nonce"), '{"nonce":"[redacted]"}', '{"nonce":5}') == [Pair("nonce", None, 5)]
    assert compare(JSON, '{"nonce":"[redacted]"}', '{"nonce":5}') == []


def test_what_stands_for_a_recorded_value_matches_it() -> None:
    known = StandIns()
    known.learn([Pair("id", 1, 5), Pair("order", "order-abc", "order-xyz")])
    how = parse_match("json")

    def is_same(recorded: str, said: str) -> bool:
        return how.compare(Message(recorded.encode()), Message(said.encode()), known) is not None

    assert is_same('{"id":1}', '{"id":5}')
    assert is_same('{"id":1}', '{"id":1}')
    assert not is_same('{"other":1}', '{"other":5}')
    assert is_same('{"cancel":["order-abc"]}', '{"cancel":["order-xyz"]}')


@pytest.mark.parametrize("text", ["", "text", "ignore", "ignore:", "ignore: , ", "json:id", "exactly"])
def test_what_is_no_way_to_compare(text: str) -> None:
    with pytest.raises(UsageError, match="use exact, json, or ignore:"):
        parse_match(text)
