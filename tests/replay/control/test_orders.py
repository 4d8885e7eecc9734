"""What a request to steer asks for."""

from __future__ import annotations

import math
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.model import NANOSECONDS, TIME_LIMIT, format_time, parse_time
from feedrec.replay.control.orders import MOST_PATIENCE, PATIENCE, VERBS, Order, Verb, moment_within, parse_order
from feedrec.times import Moment

START = parse_time("2026-11-21T17:00:00Z")


def order(verb: Verb, query: str = "") -> Order:
    return parse_order(verb, parse_qsl(query, keep_blank_values=True))


@pytest.mark.parametrize(
    ("verb", "query", "asked"),
    [
        ("pause", "", Order("pause")),
        ("resume", "client=2", Order("resume", client=2)),
        ("step", "", Order("step", frames=1, patience=PATIENCE)),
        ("step", "frames=100&client=3&timeout=500ms", Order("step", client=3, frames=100, patience=0.5)),
        ("step", "frames=0", Order("step", frames=0)),
        ("seek", "to=%2B30s", Order("seek", to=Moment(30 * NANOSECONDS, "start"))),
        ("seek", "to=+30s", Order("seek", to=Moment(30 * NANOSECONDS, "start"))),  # as people write it
        ("seek", "to=30s", Order("seek", to=Moment(30 * NANOSECONDS, "start"))),
        ("seek", "to=2026-11-21T17:00:30.25Z", Order("seek", to=Moment(START + 30_250_000_000))),
        ("seek", "to=2026-11-21T18:00:00%2B01:00", Order("seek", to=Moment(START))),
        ("speed", "value=10", Order("speed", speed=10.0)),
        ("speed", "value=0.5&client=1", Order("speed", client=1, speed=0.5)),
        ("speed", "value=max", Order("speed", speed=math.inf)),
        ("pause", "token=secret", Order("pause")),  # which was looked at before
    ],
)
def test_an_order_is_what_the_path_and_its_parameters_say(verb: Verb, query: str, asked: Order) -> None:
    assert order(verb, query) == asked


A_TIME = "to is an offset such as %2B30s, or a time such as 2026-11-21T17:00:30Z"
A_SPEED = "value is a positive number such as 10 or 0.5, or max"
A_DURATION = "timeout is a duration such as 500ms or 10s, up to 600s"
A_NUMBER = "frames is a whole number, 0 or more"


@pytest.mark.parametrize(
    ("verb", "query", "why"),
    [
        ("step", "frame=3", "step has no parameter 'frame'; did you mean 'frames'? (it has frames, client, timeout)"),
        ("pause", "frames=3", "pause has no parameter 'frames' (it has client)"),
        ("step", "frames=1&frames=2", "frames is given 2 times"),
        ("step", "frames=-1", f"{A_NUMBER}, not '-1'"),
        ("step", "frames=", f"{A_NUMBER}, not ''"),
        ("step", "frames=1e3", f"{A_NUMBER}, not '1e3'"),
        ("step", f"frames={'9' * 5000}", f"{A_NUMBER}, not '{'9' * 60}...'"),
        ("step", "frames=%D9%A3", f"{A_NUMBER}, not '\\u0663'"),
        ("step", "client=0", "client is a whole number, 1 or more, not '0'"),
        ("step", "timeout=0", f"{A_DURATION}, not '0'"),
        ("step", "timeout=601s", f"{A_DURATION}, not '601s'"),
        ("seek", "", "seek needs a time: ?to=%2B30s, or ?to=2026-11-21T17:00:30Z"),
        ("seek", "to=50%25", f"{A_TIME}, not '50%'"),
        ("seek", "to=%1b[2J", f"{A_TIME}, not '\\x1b[2J'"),
        ("speed", "", "speed needs a value: ?value=10, or ?value=max"),
        ("speed", "value=0", f"{A_SPEED}, not '0'"),
        ("speed", "value=nan", f"{A_SPEED}, not 'nan'"),
        ("speed", "value=inf", f"{A_SPEED}, not 'inf'"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(verb: Verb, query: str, why: str) -> None:
    with pytest.raises(UsageError) as error:
        order(verb, query)
    assert str(error.value) == why


NAMES = st.sampled_from(["frames", "to", "value", "client", "timeout", "x\x1b"])


@given(st.sampled_from(VERBS), st.lists(st.tuples(NAMES, st.text())))
def test_any_query_is_an_order_or_a_usage_error_of_one_line(verb: Verb, query: list[tuple[str, str]]) -> None:
    try:
        found: str = parse_order(verb, query).verb
    except UsageError as error:
        found = str(error)
    assert found.isprintable()
    assert len(found) < 400


@given(st.integers(0, TIME_LIMIT - 1))
def test_a_time_that_the_status_tells_is_one_to_seek_to(time: int) -> None:
    """To the nanosecond."""
    assert moment_within(order("seek", f"to={quote(format_time(time))}").to, START) == time


@given(st.integers(0, 10**15))
def test_an_offset_counts_from_the_start_of_the_recording(offset: int) -> None:
    seconds, rest = divmod(offset, NANOSECONDS)
    asked = order("seek", f"to=%2B{seconds}.{rest:09}s")
    assert abs(moment_within(asked.to, START) - START - offset) <= 100  # what a float tells, of 11 days


@pytest.mark.parametrize("to", ["1969-12-31T23:59:59Z", f"%2B{8_000 * 366 * 24}h", f"%2B{'9' * 300}h"])
def test_a_time_that_no_text_has_is_out_of_range(to: str) -> None:
    with pytest.raises(UsageError, match=r"^to is "):
        moment_within(order("seek", f"to={to}").to, START)


def test_a_time_of_day_is_the_first_one_in_the_recording() -> None:
    assert moment_within(order("seek", "to=18:00").to, START) == START + 3600 * NANOSECONDS


def test_the_log_says_what_was_done() -> None:
    queries: list[tuple[Verb, str, str]] = [
        ("pause", "", "paused"),
        ("resume", "client=7", "client 7 resumed"),
        ("step", "frames=3", "stepped by 3"),
        ("seek", "to=%2B30.5s", "moved to +30.5 s of the recording"),
        ("seek", "to=17:30", "moved to +63000 s of the day"),
        ("seek", "to=2026-11-21T17:00:30Z", "moved to 2026-11-21T17:00:30.000000000Z"),
        ("speed", "value=max", "set to speed max"),
        ("speed", "value=2.50", "set to speed 2.5"),
    ]
    assert [order(verb, query).text for verb, query, _ in queries] == [text for *_, text in queries]


def test_the_longest_time_that_may_be_asked_for_may_be_asked_for() -> None:
    assert order("step", f"timeout={MOST_PATIENCE:g}s").patience == MOST_PATIENCE
