"""What a question says is taken within its bounds, and what is odd is refused with a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.model import TIME_LIMIT
from feedrec.replay.page.parameters import Parameters


def test_times_are_milliseconds_since_the_start() -> None:
    asked = Parameters([("at", "1.5"), ("from", "-2"), ("to", "1e15")], 1_000_000)
    assert (asked.time("at"), asked.time("from"), asked.time("missing")) == (2_500_000, 0, None)
    with pytest.raises(UsageError, match="to is a number of milliseconds"):
        asked.time("to")


@pytest.mark.parametrize("text", ["x", "nan", "inf", "-inf", "1e400", "1_0", "0x10"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="at is a number of milliseconds since the start"):
        Parameters([("at", text)]).time("at")


def test_numbers_are_no_greater_than_may_be() -> None:
    asked = Parameters([("count", "700"), ("levels", "3")])
    assert (asked.number("count", 5, 500), asked.number("levels", 5, 500), asked.number("no", 5, 500)) == (500, 3, 5)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "\u0661", "9" * 30, "x"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="count is a whole number from 1 on"):
        Parameters([("count", text)]).number("count", 5, 500)


def test_the_last_value_of_a_name_counts_and_a_long_one_is_refused() -> None:
    assert Parameters([("text", "a"), ("text", "b")]).text("text") == "b"
    with pytest.raises(UsageError, match="text has at most 200 characters"):
        Parameters([("text", "a" * 201)]).text("text")


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        time = Parameters([("at", text)], 5).time("at")
    except UsageError:
        return
    assert time is None or 0 <= time < TIME_LIMIT
