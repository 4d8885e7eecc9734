"""Candles that are asked for: which buckets, in what shape, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from feedrec.feeds.rest import GUESSED
from feedrec.http_messages import HttpRequest
from feedrec.model import NANOSECONDS

from .asking import NOW, REST, ago, ask, market, match, ticker, told

MINUTE = NOW // NANOSECONDS // 60 * 60
RECORDED = (
    match(1, seconds_ago=75, price="100.10", size="0.1"),
    match(2, seconds_ago=74, price="99.50", size="0.2"),
    match(3, seconds_ago=14, price="101", size="1"),
    match(4, seconds_ago=2, price="102.00", size="2.50"),
)


def test_candles_are_rows_of_numbers_the_newest_first() -> None:
    """The third trade was made at 02:02:59, so it is of the bucket before the last one."""
    earlier, last = MINUTE - 120, MINUTE
    assert ask("/products/BTC-USD/candles?granularity=60", market(*RECORDED)).body == (
        f"[[{last},102,102,102,102,2.5],[{last - 60},101,101,101,101,1],[{earlier},99.5,100.1,100.1,99.5,0.3]]".encode()
    )


def test_without_a_granularity_they_are_of_a_minute() -> None:
    recorded = market(*RECORDED)
    assert told("/products/BTC-USD/candles", recorded) == told("/products/BTC-USD/candles?granularity=60", recorded)


@pytest.mark.parametrize("length", [300, 900, 3600, 21600, 86400])
def test_longer_buckets_have_all_of_it(length: int) -> None:
    [row] = told(f"/products/BTC-USD/candles?granularity={length}", market(*RECORDED))
    start = NOW // NANOSECONDS // length * length
    assert row == [start, 99.5, 102, 100.1, 102, 3.8]


@pytest.mark.parametrize("granularity", ["0", "30", "120", "60.0", "-60", "ONE_MINUTE", "9" * 5000])
def test_another_granularity_is_refused(granularity: str) -> None:
    answer = ask(f"/products/BTC-USD/candles?granularity={granularity}", market(*RECORDED))
    assert (answer.status, answer.body) == (400, b'{"message":"Unsupported granularity"}')


def test_at_most_300_buckets_may_be_asked_for() -> None:
    start, end = MINUTE - 301 * 60, MINUTE
    path = "/products/BTC-USD/candles?granularity=60"
    answer = ask(f"{path}&start={start}&end={end}", market(*RECORDED))
    message = "granularity too small for the requested time range. Count of aggregations requested exceeds 300"
    assert (answer.status, answer.body) == (400, f'{{"message":"{message}"}}'.encode())
    assert len(answer.body) == 109  # content-length of the answer in freqtrade #4412 (2021)
    assert len(told(f"{path}&start={start + 60}&end={end}", market(*RECORDED))) == 3


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-09-30T02:02:00.000Z", "2026-09-30T02:02:59.999Z"),  # ccxt, coinbase-pro-node
        ("2026-09-30T02:02:00", "2026-09-30T02:02:59"),  # cryptofeed
        ("2026-09-30T02:02:00+00:00", "2026-09-30T02:02:59+00:00"),
        ("2026-09-30T02:02:00%2B00:00", "2026-09-30T04:02:59%2B02:00"),
        ("1790733720", "1790733779.9"),
        ("2026-09-30T02:02:59Z", "2026-09-30T02:02:59Z"),
    ],
)
def test_a_range_may_be_written_in_any_way_and_has_the_buckets_of_its_ends(start: str, end: str) -> None:
    rows = told(f"/products/BTC-USD/candles?granularity=60&start={start}&end={end}", market(*RECORDED))
    assert [row[0] for row in rows] == [MINUTE - 60]


def test_a_day_is_its_midnight() -> None:
    rows = told("/products/BTC-USD/candles?granularity=86400&start=2026-09-29&end=2026-09-30", market(*RECORDED))
    assert len(rows) == 1


@pytest.mark.parametrize(
    "query", ["start=then&end=now", "start=2026-09-30&end=2026-09-29", "start=99999999999999&end=999999999999999"]
)
def test_a_range_that_is_none_is_refused(query: str) -> None:
    assert ask(f"/products/BTC-USD/candles?{query}", market(*RECORDED)).status == 400


@pytest.mark.parametrize("query", ["start=2020-01-01", "end=2020-01-01"])
def test_one_end_of_a_range_is_ignored(query: str) -> None:
    recorded = market(*RECORDED)
    assert told(f"/products/BTC-USD/candles?{query}", recorded) == told("/products/BTC-USD/candles", recorded)


def test_the_last_300_buckets_are_given_and_nothing_before_is_read() -> None:
    recorded = market(*[match(number, seconds_ago=60 * (400 - number)) for number in range(400)])
    rows = told("/products/BTC-USD/candles", recorded)
    assert [row[0] for row in rows] == [MINUTE - 60 * number for number in range(1, 300)]
    assert recorded.asked == [
        ("matches", "BTC-USD", (MINUTE - 299 * 60 - 60) * NANOSECONDS),
        ("matches", "BTC-USD", 0),  # of which the first one is taken
    ]


def guess(target: str, *frames: bytes, coming: Sequence[bytes] = ()) -> str:
    return dict(ask(target, market(*frames, coming=coming)).headers).get(GUESSED, "")


def test_where_no_match_is_recorded_tickers_tell_them_which_is_said() -> None:
    recorded = ticker(price="10.50", last_size="2")
    [row] = told("/products/BTC-USD/candles", market(recorded))
    assert row[1:] == [10.5, 10.5, 10.5, 10.5, 2]
    assert guess("/products/BTC-USD/candles", recorded) == "trades by tickers, which may lack some"
    assert guess("/products/spark-lines", recorded, *RECORDED) == "the first candle"
    assert guess("/products/spark-lines", ticker(product_id="ETH-USD"), *RECORDED).startswith("trades by tickers")


def test_the_candle_in_which_the_recording_begins_is_said_to_be_guessed() -> None:
    path = "/products/BTC-USD/candles?granularity=60"
    assert guess(path, *RECORDED) == "the first candle"
    assert guess(f"{path}&start={MINUTE - 60}&end={MINUTE}", *RECORDED) == ""
    at_the_minute = match(1, time="2026-09-30T02:01:00.000000Z")
    assert guess(path, at_the_minute, *RECORDED[1:]) == ""
    assert guess(path, coming=RECORDED) == "the first candle"
    assert guess(f"{path}&start=2020-01-01&end=2020-01-01", *RECORDED) == ""


def test_before_any_trade_is_played_there_is_the_candle_of_the_one_that_comes_first() -> None:
    [row] = told("/products/BTC-USD/candles", market(coming=[match(8, price="7"), match(9)]))
    assert row[1:] == [7, 7, 7, 7, 1]


def test_of_a_product_without_trades_nothing_is_told() -> None:
    assert REST.answer(HttpRequest("GET", "/products/ETH-USD/candles"), market(*RECORDED)) is None


def test_spark_lines_are_the_hours_of_the_last_day_of_all_products_without_volumes() -> None:
    other = match(7, product_id="ETH-USD", seconds_ago=3600 * 23, price="5")
    old = match(6, product_id="SOL-USD", seconds_ago=3600 * 26)
    hour = NOW // NANOSECONDS // 3600 * 3600
    assert told("/products/spark-lines", market(other, old, *RECORDED, ticker(product_id="ETH-USD"))) == {
        "BTC-USD": [[hour, 99.5, 102, 100.1, 102]],
        "ETH-USD": [[hour - 23 * 3600, 5, 5, 5, 5]],
    }


def test_the_fixture_is_as_it_says() -> None:
    assert ago(14) == "2026-09-30T02:02:59.250000Z"
