"""Times and speeds in programs; `tests/cli/options/test_param_types.py` has all the ways to write them."""

from __future__ import annotations

import math

import pytest

from feedrec.model import NANOSECONDS, parse_time
from feedrec.times import Moment, parse_moment, parse_speed

START = parse_time("2026-11-21T17:00:00Z")


def test_an_offset_counts_from_the_start_and_a_time_means_itself() -> None:
    offset, time = parse_moment("+3.2s"), parse_moment("2026-11-21T17:00:05Z")
    assert offset == Moment(3_200_000_000, "start")
    assert time is not None
    assert time.within(START) == START + 5 * NANOSECONDS


@pytest.mark.parametrize("text", ["", "soon", "-3s", "3.2"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_moment(text) is None


def test_a_speed_is_a_factor_or_max() -> None:
    assert [parse_speed(text) for text in ("10", "0.5", "max")] == [10, 0.5, math.inf]
    assert [parse_speed(text) for text in ("0", "-1", "inf", "nan", "fast", "1_0")] == [None] * 6
