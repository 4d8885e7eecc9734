"""What people type, and what it means."""

from __future__ import annotations

import math

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.cli.options import CHANNEL, DURATION, PRODUCTS, SPEED, TIME
from feedrec.feeds.channel_requests import ChannelRequest
from feedrec.model import NANOSECONDS, format_time, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("1h30m", 5400), ("250ms", 0.25), ("1.5m", 90), ("2d", 172800), ("7", 7), ("0.5", 0.5)],
)
def test_durations(text: str, seconds: float) -> None:
    """Units add up; a bare number is seconds."""
    assert DURATION.convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "s", "5x", "-1s", "1h-5m", "5 s", "0", "0s", "1e3s", "٣s", f"{'9' * 400}s"])
def test_what_is_no_duration(text: str) -> None:
    """Anything else, and nothing at all, is refused."""
    with pytest.raises(click.BadParameter):
        DURATION.convert(text, None, None)


@pytest.mark.parametrize(("text", "speed"), [("1", 1), ("10", 10), ("0.5", 0.5), ("1e3", 1000), ("max", math.inf)])
def test_speeds(text: str, speed: float) -> None:
    """Any positive number, or max."""
    assert SPEED.convert(text, None, None) == speed


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x", ""])
def test_what_is_no_speed(text: str) -> None:
    """Nothing else."""
    with pytest.raises(click.BadParameter):
        SPEED.convert(text, None, None)


@given(st.integers(0, 253402300799 * NANOSECONDS))
def test_absolute_times_are_read_as_written(nanoseconds: int) -> None:
    """An RFC 3339 time means itself, whenever the recording starts."""
    moment = TIME.convert(format_time(nanoseconds), None, None)
    assert moment.within(12345) == nanoseconds


def test_offsets_count_from_the_start() -> None:
    """+90s means 90 seconds after the recording began."""
    assert TIME.convert("+1m30s", None, None).within(5) == 5 + 90 * NANOSECONDS


START = parse_time("2026-11-21T17:00:00Z")


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("90s", "2026-11-21T17:01:30Z"),
        ("+90", "2026-11-21T17:01:30Z"),
        ("0s", "2026-11-21T17:00:00Z"),
        ("1h30m", "2026-11-21T18:30:00Z"),
        ("2026-11-21", "2026-11-21T00:00:00Z"),
        ("2026-11-21T17:30", "2026-11-21T17:30:00Z"),
        ("2026-11-21 17:30:05", "2026-11-21T17:30:05Z"),
        ("2026-11-21t17:30:05.25z", "2026-11-21T17:30:05.25Z"),
        ("2026-11-21T18:30+01:00", "2026-11-21T17:30:00Z"),
        ("17:00", "2026-11-21T17:00:00Z"),
        ("17:30:05.000000001", "2026-11-21T17:30:05.000000001Z"),
        ("16:59", "2026-11-22T16:59:00Z"),
        ("00:00", "2026-11-22T00:00:00Z"),
        ("1795280400", "2026-11-21T17:00:00Z"),
        ("1795280400.5", "2026-11-21T17:00:00.5Z"),
        ("1795280400500", "2026-11-21T17:00:00.5Z"),
        ("1795280400000001", "2026-11-21T17:00:00.000001Z"),
        ("1795280400000000001", "2026-11-21T17:00:00.000000001Z"),
    ],
)
def test_times_as_people_write_them(text: str, time: str) -> None:
    """Without an offset it is UTC; a time of day is the first one that the recording has."""
    assert format_time(TIME.convert(text, None, None).within(START)) == format_time(parse_time(time))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("17:30", "2026-11-21T17:30:00Z", "2026-11-22T17:30:00Z"),
        ("17:30:22", "2026-11-21T17:30:22Z", "2026-11-22T17:30:22Z"),
        ("17:30:22.8", "2026-11-22T17:30:22.8Z", "2026-11-22T17:30:22.8Z"),
        ("17:30:21", "2026-11-22T17:30:21Z", "2026-11-22T17:30:21Z"),
        ("17:31", "2026-11-21T17:31:00Z", "2026-11-21T17:31:00Z"),
    ],
)
def test_a_recording_that_begins_within_a_minute_has_that_minute(text: str, first: str, last: str) -> None:
    """What `info` says of its beginning, in seconds, can be given to --from; as the end it is that of the next day."""
    start, moment = parse_time("2026-11-21T17:30:22.863Z"), TIME.convert(text, None, None)
    assert format_time(moment.within(start)) == format_time(parse_time(first))
    assert format_time(moment.within(start, is_end=True)) == format_time(parse_time(last))


@pytest.mark.parametrize(
    "text",
    [
        *("+", "+x", f"+{'9' * 400}s", "now", "2026-13-01T00:00:00Z", "", "90", "0.5", "17", "24:00", "17:60", "7:30"),
        *(
            "2026-11-31",
            "2026-11-21T17",
            "17:30Z",
            "2026-11-21T17:61",
            "99999999999",
            "1795280400000000001.5.5",
            "٣٣:٣٣",
        ),
    ],
)
def test_what_is_no_time(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(click.BadParameter):
        TIME.convert(text, None, None)


def test_channels_with_products_of_their_own() -> None:
    """A colon separates the channel from its products, commas separate those."""
    assert CHANNEL.convert("ticker:ETH-BTC, ETH-USD", None, None) == ChannelRequest("ticker", ("ETH-BTC", "ETH-USD"))
    assert CHANNEL.convert("ticker", None, None) == ChannelRequest("ticker", ())
    assert CHANNEL.convert("a@b?x=1:2&y=3,4", None, None) == ChannelRequest("a@b", (), "x=1:2&y=3,4")


def test_products_may_be_joined() -> None:
    """A,B is two products."""
    assert PRODUCTS.convert("BTC-USD,ETH-USD", None, None) == ("BTC-USD", "ETH-USD")
