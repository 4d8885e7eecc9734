"""Nothing in a text stays invisible, and JSON stays the same JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.visible import with_escapes, with_json_escapes


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("BTC-USD ü 😀", "BTC-USD ü 😀"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[2J\x7f\x85", "\\x1b[2J\\x7f\\x85"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_cannot_be_seen_is_an_escape(text: str, shown: str) -> None:
    assert with_escapes(text) == shown


@given(st.text())
def test_json_has_the_same_value(text: str) -> None:
    shown = with_json_escapes(json.dumps(text, ensure_ascii=False))
    assert json.loads(shown) == text
    assert with_escapes(shown) == shown
