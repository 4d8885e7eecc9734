"""A text becomes exactly the number that it says, or an error."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.export.ticks.decimals import UnfitError, decimals_of

digits = st.text("0123456789", max_size=24)
odd = ["", ".", "-", "1_0", " 1", "1 ", "nan", "inf", "0x1", "1,2", "٣", "1e", "\ud800", "1\n"]
texts = st.one_of(
    st.builds(
        lambda sign, whole, point, part, power: f"{sign}{whole}{point}{part}{power}",
        st.sampled_from(["", "-", "+"]),
        digits,
        st.sampled_from(["", "."]),
        digits,
        st.sampled_from(["", "", "", "e2", "E-3", "e+19", "e-19", "e99", "e-99", "e400", "e-99999999999999999999"]),
    ),
    st.sampled_from(odd),
)


def simple(text: str) -> Decimal | None:
    """Return the value of a text, if it is a number and 38 digits, of which 18 are behind the point, hold it."""
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        return None
    if not text.lower().partition("e")[0].strip("+-0."):
        return Decimal(0)
    shift = int(text.lower().partition("e")[2] or 0)
    if abs(shift) > 1000:
        return None
    whole, _, part = text.lower().partition("e")[0].lstrip("+-").partition(".")
    units = int(f"{whole}{part}" or 0) * 10 ** (1000 + shift - len(part) + 18)
    value, rest = divmod(units, 10**1000)
    if rest or value >= 10**38:
        return None
    return Decimal(f"{'-' if text.startswith('-') else ''}{value}e-18")


@given(st.lists(texts, max_size=6))
def test_a_text_is_exactly_its_number_or_the_first_that_does_not_fit_is_named(some: list[str]) -> None:
    expected = [simple(text) for text in some]
    if None not in expected:
        assert decimals_of(some).to_pylist() == expected
        return
    with pytest.raises(UnfitError) as unfit:
        decimals_of(some)
    assert unfit.value.place == expected.index(None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0.0000000000000000001", "does not fit in decimal(38, 18)"),
        ("100000000000000000000", "does not fit in decimal(38, 18)"),
        ("774040958634982600914", "does not fit in decimal(38, 18)"),
        ("-9e26", "does not fit in decimal(38, 18)"),
        ("many", "is no number"),
        ("", "is no number"),
    ],
)
def test_the_reason_is_said(text: str, reason: str) -> None:
    with pytest.raises(UnfitError) as unfit:
        decimals_of(["1", text, "x"])
    assert (unfit.value.place, unfit.value.reason) == (1, reason)


def test_what_is_lacking_is_null() -> None:
    assert decimals_of(["1.50", None, "0e77"]).to_pylist() == [Decimal("1.5"), None, Decimal(0)]
