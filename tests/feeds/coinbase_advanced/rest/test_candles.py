"""The candles of Advanced Trade over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .asking import MARKET, SECOND, ask, candle, candles, frame, guessed, market, refused, ticker, told, trade, trades

CANDLES = f"{MARKET}products/BTC-USD/candles"
HOUR = SECOND // 3600 * 3600
"""The hour before the present is 21:06 UTC."""


def query(granularity: str, start: int, end: int, more: str = "") -> str:
    return f"{CANDLES}?granularity={granularity}&start={start}&end={end}{more}"


def starts(answer: Any) -> list[int]:
    return [int(one["start"]) for one in answer["candles"]]


def test_it_is_as_the_venue_writes_it() -> None:
    seen = market(
        candles(candle(HOUR, close="66181.6", volume="355.82896243", low="66055.14", high="66331.99", open="66312.4"))
    )
    assert told(query("FIVE_MINUTE", HOUR, HOUR), seen) == {
        "candles": [
            {
                "start": str(HOUR),
                "low": "66055.14",
                "high": "66331.99",
                "open": "66312.4",
                "close": "66181.6",
                "volume": "355.82896243",
            }
        ]
    }


def test_those_that_begin_within_the_range_come_newest_first() -> None:
    seen = market(candles(*(candle(HOUR + 300 * place) for place in range(-9, 2))))
    assert starts(told(query("FIVE_MINUTE", HOUR - 600, HOUR), seen)) == [HOUR, HOUR - 300, HOUR - 600]
    assert starts(told(query("FIVE_MINUTE", HOUR - 599, HOUR + 299), seen)) == [HOUR, HOUR - 300]
    assert starts(told(query("FIVE_MINUTE", HOUR - 900, HOUR, "&limit=2"), seen)) == [HOUR, HOUR - 300]
    assert starts(told(query("FIVE_MINUTE", HOUR + 900, HOUR + 1800), seen)) == []


def test_the_last_of_a_candle_counts() -> None:
    seen = market(
        candles(candle(HOUR, "1")), candles(candle(HOUR, "2"), kind="update"), coming=[candles(candle(HOUR, "3"))]
    )
    assert told(query("FIVE_MINUTE", HOUR, HOUR), seen)["candles"][0]["close"] == "2"


def test_more_than_the_last_hundred_are_found_in_the_frames() -> None:
    times = [HOUR - 300 * place for place in range(150)]
    seen = market(*(candles(candle(start), kind="update") for start in reversed(times)))
    assert starts(told(query("FIVE_MINUTE", times[-1], HOUR), seen)) == times
    assert starts(told(query("FIVE_MINUTE", times[2], HOUR), seen)) == times[:3]
    assert starts(told(query("FIVE_MINUTE", times[99], HOUR), seen)) == times[:100]
    assert len(seen.asked) == 1  # the state has those


def test_longer_ones_are_put_together() -> None:
    seen = market(
        candles(
            candle(HOUR - 3600, "2", "0.1", open="7", low="10.5", high="19.5"),
            candle(HOUR - 3300, "3", "0.2", low="9.5", high="100"),
            candle(HOUR - 300, "4", "0.25", low="11", high="20"),
            candle(HOUR, "5", "1"),
        )
    )
    assert told(query("ONE_HOUR", HOUR - 3600, HOUR), seen)["candles"] == [
        {"start": str(HOUR), "low": "1", "high": "3", "open": "1.5", "close": "5", "volume": "1"},
        {"start": str(HOUR - 3600), "low": "9.5", "high": "100", "open": "7", "close": "4", "volume": "0.55"},
    ]


def test_the_first_is_a_guess_if_the_recording_begins_within_it() -> None:
    seen = market(candles(candle(HOUR - 3300), candle(HOUR)))
    answer, made_up = guessed(query("ONE_HOUR", HOUR - 3600, HOUR), seen)
    assert (starts(answer), made_up) == ([HOUR, HOUR - 3600], "the first candle")
    assert starts(told(query("ONE_HOUR", HOUR - 3599, HOUR), seen)) == [HOUR]
    assert starts(told(query("FIVE_MINUTE", HOUR - 3300, HOUR), seen)) == [HOUR, HOUR - 3300]


def test_what_the_first_frame_tells_is_known_however_much_came_after_it() -> None:
    """The state has the last hundred of each."""
    many = [trades(trade(number, 2000 - 10 * number)) for number in range(150)]
    start = SECOND - 1980
    assert len(told(query("ONE_MINUTE", start, start + 120), market(*many))["candles"]) == 3
    fives = [candles(candle(HOUR - 300 * place), kind="update") for place in range(150, -1, -1)]
    assert len(told(query("ONE_HOUR", HOUR - 12 * 3600, HOUR), market(*fives))["candles"]) == 13


def test_shorter_ones_are_made_of_trades() -> None:
    minute = SECOND // 60 * 60
    seen = market(
        candles(candle(HOUR)),
        trades(trade(4, 1, "7", "0.5"), trade(3, 50, "9"), trade(2, 55, "8"), trade(1, 130, "5", "2")),
    )
    assert told(query("ONE_MINUTE", minute - 120, minute), seen)["candles"] == [
        {"start": str(minute - 60), "low": "7", "high": "9", "open": "8", "close": "7", "volume": "2.5"},
    ]
    answer, made_up = guessed(query("ONE_MINUTE", minute - 180, minute), seen)
    assert (starts(answer), made_up) == ([minute - 60, minute - 180], "the first candle")
    assert starts(told(query("ONE_MINUTE", minute - 59, minute), seen)) == []


def test_without_the_channel_all_are_made_of_trades() -> None:
    seen = market(trades(trade(2, 1, "7"), trade(1, 3700)))
    assert starts(told(query("FIVE_MINUTE", HOUR, HOUR + 300), seen)) == [HOUR + 300]
    assert starts(told(query("ONE_HOUR", HOUR, HOUR), seen)) == [HOUR]
    assert told(query("ONE_HOUR", HOUR, HOUR), seen)["candles"][0]["close"] == "7"


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(1, 99), st.integers(1, 9)), min_size=1, max_size=40))
def test_minutes_of_trades_make_the_same_five_minutes_as_the_trades(seen: Sequence[tuple[int, int, int]]) -> None:
    frames = [
        trades(trade(place, 0, str(price), str(size)) | {"time": f"2026-08-09T20:{second // 60:02}:{second % 60:02}Z"})
        for place, (second, price, size) in enumerate(sorted(seen))
    ]
    begin = HOUR - 3600
    tape = market(*frames)
    minutes = guessed(query("ONE_MINUTE", begin, begin + 900), tape)[0]["candles"]
    for five in guessed(query("FIVE_MINUTE", begin, begin + 900), tape)[0]["candles"]:
        some = [one for one in minutes if int(one["start"]) // 300 == int(five["start"]) // 300]
        assert (five["open"], five["close"]) == (some[-1]["open"], some[0]["close"])
        assert int(five["high"]) == max(int(one["high"]) for one in some)
        assert int(five["low"]) == min(int(one["low"]) for one in some)
        assert int(five["volume"]) == sum(int(one["volume"]) for one in some)


def test_a_product_without_candles_and_trades_has_none() -> None:
    assert ask(query("FIVE_MINUTE", HOUR, HOUR), market(ticker("1"))) is None
    assert ask(query("ONE_MINUTE", HOUR, HOUR), market(candles(candle(HOUR)))) is None


@pytest.mark.parametrize(("length", "granularity"), [(60, "ONE_MINUTE"), (300, "FIVE_MINUTE"), (86400, "ONE_DAY")])
def test_350_are_the_most(length: int, granularity: str) -> None:
    """As in the probes of 2026-09-24, which asked for 350 minutes from within one on."""
    seen = market(candles(candle(HOUR)), trades(trade(1, 5)))
    end = 20_000 * 86400
    details = "start and end argument is invalid - number of candles requested should be less than 350"
    too_many = {"error": "INVALID_ARGUMENT", "error_details": details, "message": details}
    assert refused(query(granularity, end - 350 * length, end), seen) == (400, too_many)
    for start, last in ((end - 349 * length, end), (end - 350 * length + 7, end + 7)):
        assert refused(query(granularity, start, last), seen) == (200, {"candles": []})


@pytest.mark.parametrize(
    ("text", "error", "details"),
    [
        ("granularity=X&start=0&end=9", "unknown", 'parsing field "granularity": "X" is not a valid value'),
        ("granularity=UNKNOWN_GRANULARITY&start=0&end=9", "INVALID_ARGUMENT", "granularity argument is invalid "),
        ("start=0&end=9", "INVALID_ARGUMENT", "granularity argument is invalid "),
        ("granularity=ONE_DAY&end=9", "INVALID_ARGUMENT", "start and end argument is invalid"),
        ("granularity=ONE_DAY&start=0", "INVALID_ARGUMENT", "start and end argument is invalid"),
        ("granularity=ONE_DAY&start=9&end=0", "INVALID_ARGUMENT", "start and end argument is invalid"),
        ("granularity=ONE_DAY&start=2026-08-09&end=9", "INVALID_ARGUMENT", "start and end argument is invalid"),
        ("granularity=ONE_DAY&start=0&end=9&limit=-2", "INVALID_ARGUMENT", "limit argument is invalid"),
    ],
)
def test_a_bad_parameter_is_refused(text: str, error: str, details: str) -> None:
    answer = {"error": error, "error_details": details, "message": details}
    assert refused(f"{CANDLES}?{text}", market(candles(candle(HOUR)))) == (400, answer)


def test_what_is_no_number_counts_nowhere() -> None:
    odd = frame("candles", {"type": "update", "candles": [candle(HOUR, volume="much"), candle(HOUR + 300, volume="2")]})
    assert told(query("ONE_HOUR", HOUR, HOUR), market(odd))["candles"][0]["volume"] == "2"
