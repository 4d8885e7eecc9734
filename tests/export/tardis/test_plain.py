"""Cells hold plain numbers and names, whatever the venue wrote."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.export.tardis.plain import are_plain_pairs, plain_name, plain_number, plain_pair, plain_token


@pytest.mark.parametrize("text", ["0", "1", "0.10", "60123.45", "007", "-3.5", "0.0000"])
def test_a_plain_number_stays_as_it_was_written(text: str) -> None:
    assert plain_number(text) == text


@pytest.mark.parametrize(
    ("text", "plain"), [("1e-8", "0.00000001"), ("1.5E3", "1500"), ("+2", "2"), (".5", "0.5"), ("5.", "5")]
)
def test_another_spelling_becomes_plain(text: str, plain: str) -> None:
    assert plain_number(text) == plain


@pytest.mark.parametrize(
    "text", ["", "1e400", "NaN", "Infinity", "1,2", "=1+1", "0x10", "1e-41", "1" * 41, "1e" + "9" * 70, "1\x00"]
)
def test_what_is_no_number_or_a_huge_one_is_none(text: str) -> None:
    assert plain_number(text) is None


@given(st.one_of(st.text(max_size=20), st.decimals().map(str), st.from_regex(r"[0-9.eE+-]{1,12}", fullmatch=True)))
def test_a_number_keeps_its_value_and_is_digits_with_a_point(text: str) -> None:
    plain = plain_number(text)
    if plain is not None:
        assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", plain)
        assert Decimal(plain) == Decimal(text)


@given(st.lists(st.tuples(*[st.sampled_from(["1", "0.50", "1\n2,3", "-1", "x", "", "1,1", "²"])] * 2), max_size=4))
def test_pairs_are_plain_if_each_number_is(pairs: list[tuple[str, str]]) -> None:
    are_plain = all(number in ("1", "0.50") for pair in pairs for number in pair)
    if pairs:
        assert are_plain_pairs([f"{price},{size}" for price, size in pairs]) is are_plain


@pytest.mark.parametrize(
    ("pair", "cells"),
    [(("1.50", "0"), "1.50,0"), (("1e1", "2"), "10,2"), (("-1", "2"), "-1,2"), (("1", ""), None), (("1,2", "3"), None)],
)
def test_a_pair_is_two_cells_or_none(pair: tuple[str, str], cells: str | None) -> None:
    assert plain_pair(*pair) == cells


@pytest.mark.parametrize("text", ["BTC-USD", "12345", "a.b_c:d/e", "0190-ab"])
def test_a_plain_token_stays(text: str) -> None:
    assert plain_token(text) == text


@pytest.mark.parametrize("text", ["", "=1", "-1", "a,b", 'a"b', "a b", "a\n", "ä", "x" * 81, "\x1b[31m"])
def test_another_token_is_left_out(text: str) -> None:
    assert not plain_token(text)


@given(st.text())
def test_a_product_is_part_of_a_file_name_that_leads_nowhere(product: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._+@-]{0,79}", plain_name(product))


def test_a_usual_product_keeps_its_name() -> None:
    assert [plain_name(name) for name in ("BTC-USD", "BTC/USD", "../x", "ÄÖ")] == ["BTC-USD", "BTC-USD", "x", "product"]
