"""Times, as integers and as text."""

from __future__ import annotations

import calendar
import datetime as dt
import time as clock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.model import NANOSECONDS, format_time, parse_time

LAST = 253402300800 * NANOSECONDS - 1
times = st.integers(0, LAST)


@given(times)
def test_a_time_survives_the_round_trip(time: int) -> None:
    assert parse_time(format_time(time)) == time


@given(times)
def test_a_time_has_always_nine_decimals(time: int) -> None:
    text = format_time(time)
    assert len(text) == 30
    assert text[19] == "."
    assert text.endswith("Z")


@given(times, times)
def test_text_sorts_as_time_does(one: int, other: int) -> None:
    assert (format_time(one) < format_time(other)) == (one < other)


@given(times)
def test_the_calendar_is_that_of_datetime(time: int) -> None:
    second = dt.datetime.fromtimestamp(time // NANOSECONDS, tz=dt.UTC)
    assert format_time(time)[:19] == second.isoformat()[:19]


@given(st.integers(86400, LAST // NANOSECONDS - 86400), st.integers(-1439, 1439))
def test_an_offset_is_taken_off(second: int, minutes: int) -> None:
    zone = dt.timezone(dt.timedelta(minutes=minutes))
    text = dt.datetime.fromtimestamp(second, tz=zone).isoformat()
    assert parse_time(text) == second * NANOSECONDS


@pytest.mark.parametrize(
    ("decimals", "nanoseconds"),
    [("", 0), (".5", 500_000_000), (".000000001", 1), (".1234567899", 123_456_789), (".170326", 170_326_000)],
)
def test_decimals_may_be_any_number_and_those_after_the_ninth_are_dropped(decimals: str, nanoseconds: int) -> None:
    assert parse_time(f"2026-11-21T17:00:00{decimals}Z") % NANOSECONDS == nanoseconds


@given(st.integers(0, LAST // NANOSECONDS), st.text("0123456789", min_size=1, max_size=12))
def test_a_second_that_was_read_before_is_read_alike(second: int, decimals: str) -> None:
    text = f"{format_time(second * NANOSECONDS)[:19]}.{decimals}Z"
    expected = second * NANOSECONDS + int(decimals[:9].ljust(9, "0"))
    assert [parse_time(text), parse_time(text)] == [expected, expected]


@pytest.mark.parametrize("text", ["2026-11-21t17:00:00z", "2026-11-21 17:00:00Z", "2026-11-21T18:00:00+01:00"])
def test_the_freedoms_of_rfc_3339_are_read(text: str) -> None:
    assert parse_time(text) == parse_time("2026-11-21T17:00:00Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-21",
        "2026-11-21T17:00:00",
        "2026-02-30T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T17:00:00+25:00",
        "2026-11-21T17:00:00.Z",
        "0000-01-01T00:00:00Z",
        "1969-12-31T23:59:59.000000000Z",
        "9999-12-31T23:59:59-00:01",
        "2026-11-21T17:00:00Z\n",
        "2026-11-21T17:00:00.12345678\N{ARABIC-INDIC DIGIT NINE}Z",
    ],
)
def test_nonsense_is_a_value_error_however_often_it_is_asked(text: str) -> None:
    parse_time("2026-11-21T17:00:00Z")  # what is remembered from one time must not let another one through
    for _ in range(2):
        with pytest.raises(ValueError, match=r"not an RFC 3339 time|not a valid date|outside the years"):
            parse_time(text)


def test_a_valid_offset_does_not_make_its_clock_text_valid_without_it() -> None:
    assert parse_time("1969-12-31T23:30:00-01:00") == 1800 * NANOSECONDS
    with pytest.raises(ValueError, match="outside the years"):
        parse_time("1969-12-31T23:30:00.000000000Z")


@given(st.text(st.characters(codec="utf-8")) | st.text("0123456789-:.TZ+ ", max_size=40))
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    try:
        time = parse_time(text)
    except ValueError:
        return
    assert 0 <= time <= LAST


@given(
    st.from_regex(
        r"(19[67]|202|999|000)\d-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d",
        fullmatch=True,
        alphabet=st.characters(codec="ascii"),
    )
)
def test_dates_and_times_of_day_are_those_of_the_library(text: str) -> None:
    """With its leap seconds, and no more of what does not exist."""
    try:
        expected = calendar.timegm(clock.strptime(text, "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        expected = -1
    if 0 <= expected <= LAST // NANOSECONDS:
        assert parse_time(f"{text}Z") == expected * NANOSECONDS
    else:
        with pytest.raises(ValueError, match=text):
            parse_time(f"{text}Z")


@pytest.mark.parametrize("time", [-1, LAST + 1, -(10**30), 10**30])
def test_a_time_beyond_the_years_1970_to_9999_has_no_text(time: int) -> None:
    with pytest.raises(ValueError, match="outside the years"):
        format_time(time)
