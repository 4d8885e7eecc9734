"""What a person names: places in a message, and texts."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds.redaction.rules import matches_path, parse_path, value_pattern


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("$", ()),
        ("$.args[0]", ("args", 0)),
        ("$.args[*]", ("args", None)),
        ("args[2]", ("args", 2)),
        ("$.params.*", ("params", None)),
        ("$[1].a-b", (1, "a-b")),
        ("$['a b'].c", ("a b", "c")),
        ('$["0"][0]', ("0", 0)),
        ("a.b[0][12]", ("a", "b", 0, 12)),
    ],
)
def test_a_path(text: str, steps: tuple[str | int | None, ...]) -> None:
    assert parse_path(text) == steps


@pytest.mark.parametrize("text", ["", "$args", "$.", "$..a", "$.args[", "args[-1]", "args[x]", "[0]", "$.a b", "a[0]b"])
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(UsageError, match="is not a path"):
        parse_path(text)


def test_a_path_means_what_has_the_same_steps() -> None:
    assert matches_path(("args", None), ("args", 3))
    assert matches_path((None,), ("args",))
    assert not matches_path(("args", None), ("args",))
    assert not matches_path(("args", 0), ("args", "0"))
    assert not matches_path(("args", 0), ("other", 0))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_text_is_found_however_it_is_written(text: str) -> None:
    """As it is, in JSON with and without escapes, and in an address."""
    pattern = re.compile(value_pattern(text))
    slashes = json.dumps(text).replace("/", r"\/")
    forms = (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], slashes[1:-1])
    for form in (
        *forms,
        quote(text, safe=""),
        quote(text),
        quote_plus(text),
        re.sub("%..", lambda hexadecimal: hexadecimal[0].lower(), quote(text, safe="")),
    ):
        assert pattern.search(f"x{form}y")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1), st.text())
def test_another_text_is_not(text: str, other: str) -> None:
    assert (re.search(value_pattern(text), other) is None) or (
        text[0] in other or "%" in other or "\\" in other or "+" in other
    )
