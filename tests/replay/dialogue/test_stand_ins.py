"""The client's values in place of recorded ones."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.replay.dialogue.stand_ins import Pair, StandIns


def known(*pairs: Pair) -> StandIns:
    found = StandIns()
    found.learn(pairs)
    return found


def applied(payload: str, *pairs: Pair) -> str:
    return known(*pairs).applied_to(payload.encode())[0].decode()


def test_only_the_bytes_of_the_value_change() -> None:
    recorded = ' { "b" : [ "x\\u0041\\"", {"id" :1 , "n":1.50e3} ],\n "id": 1}'
    assert applied(recorded, Pair("id", 1, 77)) == recorded.replace('"id" :1', '"id" :77').replace(
        '"id": 1}', '"id": 77}'
    )


def test_a_short_value_is_replaced_under_its_key_only() -> None:
    recorded = '{"id":1,"price":1,"ids":[1],"note":"1","id ":1}'
    assert applied(recorded, Pair("id", 1, 2)) == recorded.replace('"id":1', '"id":2')


def test_a_telling_value_is_replaced_wherever_it_is_a_whole_value() -> None:
    recorded = '{"order_id":"order-01","list":["order-01","order-012"],"text":"of order-01","order-01":0}'
    expected = '{"order_id":"mine","list":["mine","order-012"],"text":"of order-01","order-01":0}'
    assert applied(recorded, Pair("client_id", "order-01", "mine")) == expected
    assert applied('{"at":12345678,"x":[12345678.5]}', Pair("t", 12345678, 9)) == '{"at":9,"x":[12345678.5]}'


@pytest.mark.parametrize(
    ("recorded", "said", "answer", "expected"),
    [
        (1, 2, '{"id":"1"}', '{"id":"2"}'),
        (1, "one", '{"id":1}', '{"id":"one"}'),
        (1, "one", '{"id":"1"}', '{"id":"one"}'),
        ("1", 2, '{"id":"1"}', '{"id":2}'),
        ("1", "2", '{"id":1}', '{"id":2}'),
        ("1", "x", '{"id":1}', '{"id":"x"}'),
        ("a", 'q"\\\u20ac', '{"id":"a"}', '{"id":"q\\"\\\\\\u20ac"}'),
        ("\u20ac", "b", '{"id":"\\u20ac"}', '{"id":"b"}'),
        ("same", "same", '{"id":"s\\u0061me"}', '{"id":"same"}'),
    ],
)
def test_it_is_written_as_the_client_wrote_it(recorded: Any, said: Any, answer: str, expected: str) -> None:
    assert applied(answer, Pair("id", recorded, said)) == expected


def test_many_are_replaced_at_once_and_the_last_said_counts() -> None:
    pairs = [Pair("id", 1, 2), Pair("id", 2, 3), Pair("id", 3, 1)]
    assert applied('[{"id":1},{"id":2},{"id":3}]', *pairs) == '[{"id":2},{"id":3},{"id":1}]'
    assert applied('{"id":1}', Pair("id", 1, 2), Pair("id", 1, 9)) == '{"id":9}'


@pytest.mark.parametrize("count", [1, 40])
def test_they_are_found_be_they_few_or_many(count: int) -> None:
    pairs = [Pair("id", number, -number) for number in range(1, count + 1)]
    pairs += [Pair("id", f"telling-{number}", f"other-{number}") for number in range(1, count + 1)]
    assert applied('{"id":1,"x":["telling-1"]}', *pairs) == '{"id":-1,"x":["other-1"]}'
    assert applied('{"x":1,"y":"telling-"}', *pairs) == '{"x":1,"y":"telling-"}'


@pytest.mark.parametrize("payload", [b"\xff", b'{"id":1', b'"id":1', b"id:1", b"", b'{"id":1}}', b'{"id":"\\x"}'])
def test_what_is_no_json_stays_as_it_is(payload: bytes) -> None:
    assert known(Pair("id", 1, 2), Pair("id", None, 2)).applied_to(payload) == (payload, [])


def test_of_a_redacted_value_the_first_under_its_key_is_taken_for_it() -> None:
    found = known(Pair("nonce", None, 7))
    payload, learnt = found.applied_to(b'{"nonce":555,"again":[{"nonce":555}],"other":555}')
    assert payload == b'{"nonce":7,"again":[{"nonce":7}],"other":555}'
    assert learnt == [Pair("nonce", 555, 7)]
    found.learn(learnt)
    assert found.applied_to(b'{"nonce":555}') == (b'{"nonce":7}', [])
    assert found.applied_to(b'{"nonce":556}') == (b'{"nonce":556}', [])


def test_of_a_redacted_value_nothing_is_known_otherwise() -> None:
    found = known(Pair("nonce", None, 7))
    assert found.applied_to(b'{"id":7,"deep":{"nonces":1}}') == (b'{"id":7,"deep":{"nonces":1}}', [])
    assert not found.stands_for(1, 7, "nonce")


def test_the_beginning_of_a_number_is_no_number() -> None:
    recorded = '{"id":1.0,"a":{"id":10},"b":{"id":-1},"c":{"id":1}}'
    assert applied(recorded, Pair("id", 1, 2)) == recorded.replace('"id":1}', '"id":2}')


keys = st.sampled_from(["id", "nonce", "x", 'k"'])
scalars = st.integers(-3, 30) | st.text(max_size=12) | st.sampled_from(["a-long-one", "12345678"])
trees = st.recursive(
    scalars | st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=15,
)


@given(trees, keys, scalars, scalars, st.sampled_from([None, 1]))
def test_nothing_but_the_value_changes(tree: Any, key: str, recorded: Any, said: Any, indent: int | None) -> None:
    """What it does to the text is what a walk through the values would do."""

    def expected(value: Any, own: str | None = None) -> Any:
        if isinstance(value, dict):
            return {name: expected(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [expected(inner) for inner in value]
        is_it = type(value) in {int, str} and str(value) == str(recorded)
        return other(value) if is_it and (own == key or len(str(recorded)) >= 8) else value

    def other(value: Any) -> Any:
        if isinstance(value, str) and not isinstance(recorded, str):
            return str(said)
        is_number = re.fullmatch("-?(0|[1-9][0-9]*)", str(said)) is not None
        return int(said) if isinstance(recorded, str) and isinstance(value, int) and is_number else said

    text = json.dumps(tree, indent=indent)
    changed, found = known(Pair(key, recorded, said)).applied_to(text.encode())
    assert json.loads(changed) == expected(tree)
    assert found == []
