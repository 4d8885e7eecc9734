"""What events say of an outage becomes something that a venue can have done, whatever they say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.venue import Close
from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.outages.plan import DROPPED, NOTHING_KNOWN, Outage, OutagePlan, Refusal, close_of, refusal_of

T = RecordedSteady


def outage(begin: int, end: int, *refusals: Refusal) -> Outage:
    return Outage(T(begin), T(end), DROPPED, 0, refusals)


@pytest.mark.parametrize(
    ("details", "close"),
    [
        ({"code": 1012, "reason": "restart"}, Close(1012, "restart")),
        ({"code": 1000, "reason": ""}, Close(1000, "")),
        ({"code": 4001, "reason": "auth"}, Close(4001, "auth")),
        ({"code": 1006, "reason": ""}, DROPPED),
        ({"code": 1005, "reason": "x"}, Close(1005, "")),
        ({"code": 1009, "reason": "too big", "error": "a frame of 70 MiB"}, DROPPED),
        ({"code": 1015}, DROPPED),
        ({"code": 999}, DROPPED),
        ({"code": True}, DROPPED),
        ({"code": "1012"}, DROPPED),
        ({"code": 1001, "reason": 5}, Close(1001, "")),
        ({"code": 1001, "reason": "é" * 200}, Close(1001, "é" * 61)),
        ({}, DROPPED),
    ],
)
def test_a_close_is_one_that_can_be_sent_or_none_at_all(details: dict[str, Any], close: Close) -> None:
    assert close_of(details) == close


@pytest.mark.parametrize(
    ("details", "status", "retry_after"),
    [
        ({"status": 503, "retry_after": 30.0}, 503, "30"),
        ({"status": 521}, 521, ""),
        ({"status": 429, "retry_after": 0.2}, 429, "1"),
        ({"status": 503, "retry_after": -1}, 503, ""),
        ({"status": 503, "retry_after": float("nan")}, 503, ""),
        ({"status": 503, "retry_after": "9"}, 503, ""),
        ({"status": 101}, None, ""),
        ({"status": 1000, "retry_after": 5}, None, ""),
        ({"status": "503"}, None, ""),
        ({"error": "connection refused"}, None, ""),
    ],
)
def test_a_refusal_is_a_status_or_no_answer(details: dict[str, Any], status: int | None, retry_after: str) -> None:
    assert refusal_of(details, T(7)) == Refusal(T(7), status, retry_after)


def test_a_handshake_is_answered_as_the_last_one_was_and_before_the_first_as_that_one() -> None:
    first, second = Refusal(T(10), 503, "5"), Refusal(T(20), None)
    one = outage(5, 30, first, second)
    assert [one.answer_at(T(time)) for time in (5, 9, 10, 19, 20, 29)] == [first] * 4 + [second] * 2
    assert outage(5, 30).answer_at(T(7)) is NOTHING_KNOWN


@given(st.lists(st.integers(0, 50), max_size=12, unique=True).map(sorted), st.integers(0, 60))
def test_a_time_is_in_an_outage_from_its_beginning_to_before_its_end(times: list[int], time: int) -> None:
    outages = [outage(begin, end) for begin, end in zip(times[::2], times[1::2], strict=False)]
    plan = OutagePlan(outages)
    assert plan.at(T(time)) == next((one for one in outages if one.begin <= time < one.end), None)
    assert plan.after(T(time)) == next((one for one in outages if one.begin > time), None)
