"""The last trades of Advanced Trade over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from feedrec.feeds.coinbase_advanced.market.shapes import TradeItem as SeenTrade
from feedrec.feeds.coinbase_advanced.rest.trades import counted

from .asking import (
    BEGIN,
    BROKERAGE,
    MARKET,
    SECOND,
    ask,
    book,
    guessed,
    market,
    refused,
    status,
    ticker,
    told,
    trade,
    trades,
)

TRADES = f"{MARKET}products/BTC-USD/ticker"


def ids(answer: Any) -> list[int]:
    return [int(one["trade_id"]) for one in answer["trades"]]


def test_it_is_as_in_the_answer_of_2026_04_07() -> None:
    seen = market(
        trades(trade(2, 1, "68923.67", "0.00064"), trade(1, 2)),
        ticker("1", best_bid="68923.66", best_ask="68923.67"),
    )
    assert told(f"{TRADES}?limit=1", seen) == {
        "trades": [
            {
                "trade_id": "2",
                "product_id": "BTC-USD",
                "price": "68923.67",
                "size": "0.00064",
                "time": "2026-08-09T21:05:59.5Z",
                "side": "BUY",
                "bid": "",
                "ask": "",
                "exchange": "coinbase",
            }
        ],
        "best_bid": "68923.66",
        "best_ask": "68923.67",
    }


def test_the_newest_come_first_and_without_a_time_there_are_a_hundred() -> None:
    frames = [trades(trade(number, 200 - number)) for number in range(1, 121)]
    assert ids(told(TRADES, market(*frames))) == list(range(120, 20, -1))
    assert ids(told(f"{TRADES}?limit=1000", market(*frames))) == list(range(120, 20, -1))
    assert ids(told(f"{TRADES}?limit=3", market(*frames))) == [120, 119, 118]
    assert told(f"{BROKERAGE}products/BTC-USD/ticker", market(*frames)) == told(TRADES, market(*frames))


def test_what_has_not_been_played_is_not_told() -> None:
    assert ids(told(TRADES, market(trades(trade(1, 9)), coming=[trades(trade(2, 1))]))) == [1]


def test_with_a_time_all_that_was_recorded_in_it_is_told() -> None:
    frames = [trades(trade(number, 200 - number)) for number in range(1, 151)]
    seen = market(*frames)
    assert ids(told(f"{TRADES}?limit=1000&start={SECOND - 200}", seen)) == list(range(150, 0, -1))
    assert ids(told(f"{TRADES}?start={SECOND - 200}&end={SECOND - 144}", seen)) == list(range(55, 0, -1))
    assert ids(told(f"{TRADES}?end={SECOND - 144}&limit=2", seen)) == [55, 54]
    assert ids(told(f"{TRADES}?start={SECOND + 1}&end={SECOND + 9}", seen)) == []
    assert seen.asked[-1][:2] == ("market_trades", "BTC-USD")
    assert 0 < SECOND + 1 - seen.asked[-1][2] // 10**9 <= 10  # no more is read than may have them


def test_each_trade_of_the_product_is_told_once() -> None:
    first = trades(trade(2, 5), trade(1, 6), kind="snapshot")
    again = trades(trade(3, 2), trade(2, 5), trade(9, 1, product="ETH-USD"), trade(1, 6))
    assert ids(told(f"{TRADES}?start={SECOND - 50}", market(first, again))) == [3, 2, 1]


def test_trades_are_in_the_order_of_their_times() -> None:
    seen = market(trades(trade(7, 5)), trades(trade(6, 3)), trades(trade(10, 9), trade(9, 9)))
    assert ids(told(f"{TRADES}?start=0", seen)) == [6, 7, 10, 9]


def test_without_a_ticker_the_book_tells_what_is_best() -> None:
    seen = market(
        trades(trade(1, 5)), book(("bid", "1", "1"), ("bid", "0.5", "1"), ("offer", "2", "1"), ("offer", "3", "1"))
    )
    answer = told(TRADES, seen)
    assert (answer["best_bid"], answer["best_ask"]) == ("1", "2")
    assert told(TRADES, market(trades(trade(1, 5))))["best_ask"] == ""


def test_where_no_trades_were_recorded_a_ticker_makes_the_one_that_tells_the_price() -> None:
    seen = market(ticker("7", best_bid="6", best_ask="8"))
    answer, made_up = guessed(f"{TRADES}?limit=1", seen)
    assert made_up == "the trade of the ticker"
    assert answer["trades"][0].items() >= {"price": "7", "time": "2026-08-09T21:06:00.123456789Z", "size": ""}.items()
    assert told(TRADES, seen) == {"trades": [], "best_bid": "6", "best_ask": "8"}
    assert ask(TRADES, market(book(("bid", "1", "1")))) is None
    assert ask(f"{MARKET}products/NO-USD/ticker", market(status("NO-USD"))) is None


def test_a_product_of_usdc_has_the_trades_of_usd() -> None:
    [only] = told(f"{MARKET}products/BTC-USDC/ticker", market(trades(trade(5, 1))))["trades"]
    assert (only["trade_id"], only["product_id"]) == ("5", "BTC-USDC")
    both = market(trades(trade(5, 1)), trades(trade(6, 1, product="BTC-USDC")))
    assert ids(told(f"{MARKET}products/BTC-USDC/ticker", both)) == [6]


@pytest.mark.parametrize(
    ("query", "expected", "error", "details"),
    [
        ("limit=1001", 500, "INTERNAL", ""),
        ("limit=-1", 400, "INVALID_ARGUMENT", "limit argument is invalid"),
        ("start=yesterday", 400, "INVALID_ARGUMENT", "start and end argument is invalid"),
    ],
)
def test_a_bad_parameter_is_refused(query: str, expected: int, error: str, details: str) -> None:
    answer = {"error": error, "error_details": details, "message": details}
    assert refused(f"{TRADES}?{query}", market(trades(trade(1, 5)))) == (expected, answer)


@pytest.mark.parametrize(
    ("limit", "problem"),
    [("99999999999", "invalid syntax"), ("2147483648", "value out of range"), ("0x1", "invalid syntax")],
)
def test_a_limit_that_is_no_number_of_32_bits_is_refused(limit: str, problem: str) -> None:
    details = f'parsing field "limit": strconv.ParseInt: parsing "{limit}": {problem}'
    answer = {"error": "unknown", "error_details": details, "message": details}
    assert refused(f"{TRADES}?limit={limit}", market(trades(trade(1, 5)))) == (400, answer)


def test_a_trade_of_another_shape_is_left_out_where_times_matter() -> None:
    broken = trade(2, 4) | {"time": "now"}
    assert ids(told(f"{TRADES}?start=0", market(trades(broken, trade(1, 5), time=BEGIN)))) == [1]


def test_a_number_of_more_digits_than_python_reads_is_left_out() -> None:
    trades = [SeenTrade("A", number, "1", "1", "2026-08-09T00:00:00Z") for number in ("9" * 5_000, "٣", "7")]
    assert [trade.id for trade in counted(trades, "A")] == [7]
