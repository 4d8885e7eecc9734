"""How facts look to a person."""

from __future__ import annotations

import pytest

from feedrec.cli.output import as_text, columns, count, duration, printable, ratio, size


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5_079_379, "5.1 MB"), (2.5e12, "2.5 TB")]
)
def test_sizes(number: float, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0461, "0.046 s"), (24.2, "24.2 s"), (725, "12m 05s"), (10920, "3h 02m"), (3 * 86400 + 7200, "3d 02h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_counts() -> None:
    assert count(0, "gap") == "no gaps"
    assert count(1, "gap") == "1 gap"
    assert count(1030, "frame") == "1,030 frames"


def test_ratio_of_nothing_is_a_dash() -> None:
    assert ratio(None) == "-"
    assert ratio(12.34) == "12.3:1"


def test_columns_line_up() -> None:
    assert columns([("a", "1"), ("bbb", "22")], right=(1,)) == "a     1\nbbb  22"


def test_names_are_printed_in_one_line() -> None:
    assert printable("a\nb\x1b[1m\udcff ä") == r"a\nb\x1b[1m? ä"
    assert as_text("a\n\udcff") == "a\n?"
