"""Whatever a channel or product is called, as a part of a file name it leads nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.file.naming.safe_names import LONGEST, joined_names, safe_name


@given(st.text())
def test_a_safe_name_is_one_part_of_a_path(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert not safe.startswith(".")
    assert not {"/", "\\", "\0", "{", "}", "*"} & set(safe)
    assert safe.isprintable()
    assert len(safe.encode()) <= LONGEST
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("level2", "level2"),
        ("BTC-USD", "BTC-USD"),
        ("*-USD", "all-USD"),
        ("../../etc/passwd", "--/..-etc-passwd".replace("/", "-")),
        (".hidden", "-hidden"),
        ("a\nb\x1b[31m", "a-b--31m"),
        ("", "-"),
    ],
)
def test_what_is_safe_stays(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_names_that_are_cut_still_differ() -> None:
    one, other = (safe_name("é" * 200 + end) for end in "ab")
    assert one != other


def test_a_few_names_are_joined_and_many_are_counted() -> None:
    assert joined_names(["level2", "ticker", "level2"], "channels") == "level2+ticker"
    assert joined_names([f"P{number}" for number in range(5)], "products") == "5-products"
    assert joined_names(["x" * 60, "y" * 60], "products") == "2-products"
    assert joined_names([], "products") == "all"
    assert len(joined_names(["x" * 300], "products")) == LONGEST
