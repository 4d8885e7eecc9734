"""Lists become arrays of the types that are told, or an error names the value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from feedrec.export.ticks.columns import Column, count, flag, one_of, price, size, text, time
from feedrec.export.ticks.decimals import UnfitError


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        (time("x"), [0, 1_786_287_061_034_216_001], None),
        (count("x"), [0, -1, 1 << 62], None),
        (price("x"), ["1.50", "2"], [Decimal("1.5"), Decimal(2)]),
        (size("x"), ["1e-18"], [Decimal("1e-18")]),
        (price("x", may_lack=True), ["", "2"], [None, Decimal(2)]),
        (size("x", may_lack=True), ["2", ""], [Decimal(2), None]),
        (flag("x"), [True, False], None),
        (one_of("x", true="bid", false="ask"), [True, False, True], ["bid", "ask", "bid"]),
        (text("x"), ["a", "", "\u202e"], None),
    ],
)
def test_an_array_has_the_values_and_the_type(column: Column, values: list[Any], expected: list[Any] | None) -> None:
    array = column.array(values)
    assert array.type == column.type
    found = array.cast(pa.int64()).to_pylist() if column.type == pa.timestamp("ns") else array.to_pylist()
    assert found == (expected or values)
    assert column.array([]).to_pylist() == []


@pytest.mark.parametrize(
    ("column", "values", "reason"),
    [
        (time("x"), [1, 1 << 63], "does not fit in 64 bits"),
        (count("x"), [1, -(1 << 63) - 1], "does not fit in 64 bits"),
        (price("x"), ["1", ""], "is no number"),
        (size("x", may_lack=True), ["", "x"], "is no number"),
        (text("x"), ["a", "\ud800"], "is no text"),
    ],
)
def test_a_value_that_does_not_fit_is_named(column: Column, values: list[Any], reason: str) -> None:
    with pytest.raises(UnfitError) as unfit:
        column.array(values)
    assert (unfit.value.place, unfit.value.reason) == (1, reason)
