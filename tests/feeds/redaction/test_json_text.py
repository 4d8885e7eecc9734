"""Where values stand in a JSON text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.redaction.json_text import Value, parse, replaced

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_every_value_stands_where_it_is_said(value: Any, ascii_only: bool, indent: int | None) -> None:  # noqa: FBT001
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    top = parse(text)
    assert top is not None
    found = list(top.walk())
    assert all(json.loads(one.in_text(text)) == at(value, one.path) for one in found)
    assert all(
        one.string(text) == (at(value, one.path) if isinstance(at(value, one.path), str) else None) for one in found
    )
    assert all(one.key is None or one.key == one.path[-1] for one in found)


@pytest.mark.parametrize("text", ["", "{", '{"a":1}{"a":1}', "[1,]", "{'a':1}", "nul", '"\n"', '{"a":' + "[" * 100_000])
def test_what_is_not_json(text: str) -> None:
    assert parse(text) is None


def test_a_key_that_repeats_has_all_its_values() -> None:
    text = '{"a":1,"a":{"b":2}}'
    top = parse(text)
    assert top is not None
    assert {one.in_text(text) for one in top.walk()} == {text, "1", '{"b":2}', "2"}


def test_of_what_is_secret_nothing_is_walked_over() -> None:
    text = '{"a":[1,[2]],"b":3}'
    top = parse(text)
    assert top is not None
    seen = []
    for value in top.walk():
        value.is_secret = value.key == "a"
        seen.append(value.in_text(text))
    assert set(seen) == {text, "[1,[2]]", "3"}


def test_parts_are_replaced_in_any_order() -> None:
    assert replaced("abcdef", [(4, 5, "E"), (0, 2, "")]) == "cdEf"
    assert replaced("abc", []) == "abc"


def test_a_number_of_any_length_is_one() -> None:
    text = "9" * 10_000
    assert parse(text) == Value(0, 10_000)
