"""Decoding without exceptions."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.decoding import decoder_of, numbers_in


class Shape(msgspec.Struct):
    name: str
    number: int = 0


def test_a_text_of_the_shape_is_decoded() -> None:
    assert decoder_of(Shape)(b'{"name": "x", "number": 1, "other": []}') == Shape("x", 1)
    assert decoder_of(Shape)('{"name": "\N{SNOWMAN}"}') == Shape("\N{SNOWMAN}")


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"{}", b'{"name": 1}', b'{"name": "\xff"}', '{"name": "\ud800"}', b"[" * 100_000]
)
def test_any_other_text_is_none(text: bytes | str) -> None:
    assert decoder_of(Shape)(text) is None


@given(st.binary() | st.text())
def test_nothing_makes_it_raise(text: bytes | str) -> None:
    decoder_of(Shape)(text)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False).map(repr)))
def test_numbers_have_the_values_that_they_have_one_by_one(texts: list[str]) -> None:
    assert numbers_in(texts) == list(map(float, texts))


@pytest.mark.parametrize("odd", ["", "x", "1,2", "1],[2", "nan", ".5", "\ud800", '"1"', " "])
def test_a_text_that_is_no_number_is_not_taken_for_one(odd: str) -> None:
    assert numbers_in(["1", odd]) is None
