"""Faults as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.model import NANOSECONDS, parse_time
from feedrec.replay.faults.fault import (
    CERTAIN,
    AuthFailure,
    Chosen,
    Delay,
    Disconnect,
    Fault,
    Gap,
    Refuse,
    Scope,
    Slow,
    Stall,
)
from feedrec.replay.faults.reading import FAULT_KINDS, read_fault, read_faults
from feedrec.times import Moment

TEN_SECONDS = Moment(10 * NANOSECONDS, "start")
MS = 1_000_000

GOOD: dict[str, Fault] = {
    "drop=0.1%": Chosen("drop=0.1%", "drop", CERTAIN // 1000),
    "drop=100%": Chosen("drop=100%", "drop", CERTAIN),
    "dup=1%:level2": Chosen("dup=1%:level2", "dup", CERTAIN // 100, Scope("level2")),
    "reorder=50%:ticker:BTC-USD,ETH-USD": Chosen(
        "reorder=50%:ticker:BTC-USD,ETH-USD", "reorder", CERTAIN // 2, Scope("ticker", ("BTC-USD", "ETH-USD"))
    ),
    "truncate=0%": Chosen("truncate=0%", "truncate", 0),
    "delay=50ms±20ms": Delay("delay=50ms±20ms", 50 * MS, 20 * MS),
    "delay=1s:level2": Delay("delay=1s:level2", 1000 * MS, 0, Scope("level2")),
    "stall=5s@+10s": Stall("stall=5s@+10s", 5 * NANOSECONDS, TEN_SECONDS),
    "stall=5s@+10s:level2": Stall("stall=5s@+10s:level2", 5 * NANOSECONDS, TEN_SECONDS, Scope("level2")),
    "gap=5@2026-11-21T17:00:05Z:level2:BTC-USD": Gap(
        "gap=5@2026-11-21T17:00:05Z:level2:BTC-USD",
        5,
        Moment(parse_time("2026-11-21T17:00:05Z")),
        Scope("level2", ("BTC-USD",)),
    ),
    "disconnect=1012@+10s": Disconnect("disconnect=1012@+10s", 1012, TEN_SECONDS),
    "disconnect=1006@10s": Disconnect("disconnect=1006@10s", 1006, TEN_SECONDS),
    "slow=64kB/s": Slow("slow=64kB/s", 64_000),
    "slow=1MiB/s": Slow("slow=1MiB/s", 1 << 20),
    "refuse=3": Refuse("refuse=3", 3),
    "refuse=3:429": Refuse("refuse=3:429", 3, 429),
    "auth-failure=1": AuthFailure("auth-failure=1", 1),
}


@pytest.mark.parametrize("text", GOOD)
def test_a_fault_is_what_it_says(text: str) -> None:
    assert read_fault(text) == GOOD[text]


def test_every_kind_is_here() -> None:
    assert {text.partition("=")[0] for text in GOOD} == set(FAULT_KINDS)


def test_plus_and_minus_will_do_for_the_sign() -> None:
    assert read_fault("delay=50ms+-20ms") == GOOD["delay=50ms±20ms"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("drop=101%", "101% is more than 100%"),
        ("drop=1", "a percentage is missing"),
        ("drop", "a percentage is missing"),
        ("drop=1%@+10s", "it is at no moment"),
        ("delay=10ms±20ms", "no frame can come before it was recorded"),
        ("delay=10", "'10' is no duration"),
        ("stall=5s", "the moment is missing"),
        ("stall=5s@soon", "'soon' is no moment"),
        ("gap=0@+10s", "'0' is no number"),
        ("disconnect=1005@+10s", "1005 is no close code that a server may send"),
        ("disconnect=1012@+10s:level2", "it is of no channel"),
        ("slow=64kB", "bytes a second are missing"),
        ("slow=64kB/s:level2", "it is of no channel"),
        ("refuse=3:200", "200 is no HTTP status of an error"),
        ("auth-failure=1:user", "it is of no channel"),
        ("drops=1%", "did you mean 'drop'?"),
        ("chaos=1%", "there are drop, dup, reorder, truncate, delay,"),
        ("drop=1%:level2?x=1", "no channel"),
        ("drop=1%:le\x1bvel2", "no channel"),
    ],
)
def test_what_is_none_is_refused_in_one_line_that_says_why(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_fault(text)
    assert why in str(caught.value)
    assert str(caught.value).isprintable()


@given(st.text() | st.builds("{}={}".format, st.sampled_from(FAULT_KINDS), st.text()))
def test_whatever_is_written_is_a_fault_or_a_usage_error(text: str) -> None:
    try:
        fault = read_fault(text)
    except UsageError:
        return
    assert fault.text.partition("=")[0] in FAULT_KINDS


def test_one_fault_twice_is_refused() -> None:
    assert len(read_faults(["drop=1%", "drop=1%:level2"])) == 2
    with pytest.raises(UsageError, match="given twice"):
        read_faults(["drop=1%", "dup=1%", "drop=1%"])
