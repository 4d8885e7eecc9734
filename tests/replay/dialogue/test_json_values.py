"""JSON as values that compare exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.replay.dialogue.json_values import Json, is_scalar, kind_of, parse_json


@given(st.binary() | st.text().map(str.encode))
def test_it_never_raises(payload: bytes) -> None:
    parse_json(payload)


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"NaN", b"-Infinity", b"\xff", b"[" * 200_000, b"1e99999999999999999999", b"9" * 5000]
)
def test_what_is_none(payload: bytes) -> None:
    """Or could not be told to be any."""
    assert parse_json(payload) is None


def test_null_is_some() -> None:
    assert parse_json(b" null ") == Json(None)


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        (b"1", 1, "number"),
        (b"1.10", Decimal("1.10"), "number"),
        (b'"a"', "a", "string"),
        (b"true", True, "true"),
        (b"false", False, "false"),
        (b"null", None, "null"),
        (b"[]", [], "array"),
        (b"{}", {}, "object"),
    ],
)
def test_kinds(text: bytes, value: Any, kind: str) -> None:
    parsed = parse_json(text)
    assert parsed == Json(value)
    assert kind_of(value) == kind
    assert is_scalar(value) == (kind in {"number", "string"})
