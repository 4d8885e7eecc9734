"""The books of Advanced Trade over HTTP."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.coinbase_advanced.rest.book import MOST_LEVELS

from .asking import BEGIN, BROKERAGE, MARKET, ask, book, market, refused, ticker, told

BOOK = f"{MARKET}product_book?product_id=BTC-USD"


def sides(answer: dict[str, dict[str, list[dict[str, str]]]]) -> list[list[tuple[str, str]]]:
    return [[(one["price"], one["size"]) for one in answer["pricebook"][side]] for side in ("bids", "asks")]


def test_it_is_as_in_the_answer_of_2026_09_24() -> None:
    levels = [("bid", "114.95", "205.27970493"), ("bid", "114.94", "222.2"), ("offer", "114.97", "114.88")]
    assert told(f"{MARKET}product_book?product_id=SOL-USD", market(book(*levels, product="SOL-USD"))) == {
        "pricebook": {
            "product_id": "SOL-USD",
            "bids": [{"price": "114.95", "size": "205.27970493"}, {"price": "114.94", "size": "222.2"}],
            "asks": [{"price": "114.97", "size": "114.88"}],
            "time": BEGIN,
        },
        "last": "114.96",
        "mid_market": "114.96",
        "spread_bps": "1.739584239367",
        "spread_absolute": "0.02",
    }


def test_limit_chooses_the_best_levels() -> None:
    seen = market(
        book(*(("bid", str(100 - place), "1") for place in range(9)), ("ask", "101", "2"), ("ask", "102", "3"))
    )
    assert sides(told(f"{BOOK}&limit=1", seen)) == [[("100", "1")], [("101", "2")]]
    assert len(sides(told(f"{BOOK}&limit=0", seen))[0]) == 9
    assert told(f"{BROKERAGE}product_book?product_id=BTC-USD", seen) == told(BOOK, seen)


def test_no_side_has_more_than_a_thousand_levels() -> None:
    seen = market(book(*(("bid", str(price), "1") for price in range(2000, 2000 - MOST_LEVELS - 5, -1))))
    for query in (BOOK, f"{BOOK}&limit=5000"):
        assert [price for price, _ in sides(told(query, seen))[0]] == [
            str(2000 - place) for place in range(MOST_LEVELS)
        ]


def test_a_side_without_levels_leaves_the_middle_open() -> None:
    answer = told(BOOK, market(book(("bid", "1", "1"))))
    assert sides(answer) == [[("1", "1")], []]
    assert [answer[name] for name in ("last", "mid_market", "spread_bps", "spread_absolute")] == [""] * 4
    assert told(BOOK, market(book(("bid", "0", "1"), ("offer", "0", "1"))))["spread_bps"] == ""


def test_a_time_of_1970_says_nothing() -> None:
    seen = market(book(("bid", "1", "1"), time="1970-01-01T00:00:00Z"))
    assert told(BOOK, seen)["pricebook"]["time"] == "2026-08-09T21:06:00.123456789Z"


@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(1, 9)), min_size=1, unique_by=lambda level: level[0]),
    st.sampled_from(["0.1", "0.05", "1", "2.5", "10"]),
)
def test_levels_are_grouped_by_steps_and_none_looks_better_than_it_is(levels: list[tuple[int, int]], step: str) -> None:
    prices = sorted(levels, reverse=True)
    rows = [("bid", f"{Decimal(price) / 20:f}", str(size)) for price, size in prices]
    rows += [("offer", f"{Decimal(price) / 20 + 20:f}", str(size)) for price, size in reversed(prices)]
    bids, asks = sides(told(f"{BOOK}&aggregation_price_increment={step}", market(book(*rows))))
    for side, found, nearer in (("bid", bids, -1), ("offer", asks, 1)):
        oracle: dict[Decimal, Decimal] = {}
        for name, price, size in rows:
            if name == side:
                steps = Decimal(price) / Decimal(step)
                whole = int(steps) + (1 if nearer > 0 and steps != int(steps) else 0)
                oracle[whole * Decimal(step)] = oracle.get(whole * Decimal(step), Decimal(0)) + Decimal(size)
        assert [(Decimal(price), Decimal(size)) for price, size in found] == list(oracle.items())


@pytest.mark.parametrize(
    ("query", "details"),
    [
        ("limit=-1", "limit argument is invalid"),
        ("aggregation_price_increment=0", "aggregation_price_increment argument is invalid"),
        ("aggregation_price_increment=x", "aggregation_price_increment argument is invalid"),
        ("aggregation_price_increment=Infinity", "aggregation_price_increment argument is invalid"),
        ("aggregation_price_increment=1e-99999", "aggregation_price_increment argument is invalid"),
    ],
)
def test_a_parameter_out_of_range_is_refused(query: str, details: str) -> None:
    expected = {"error": "INVALID_ARGUMENT", "error_details": details, "message": details}
    assert refused(f"{BOOK}&{query}", market(book(("bid", "1", "1")))) == (400, expected)


def test_a_product_without_a_book_has_none() -> None:
    assert ask(BOOK, market(ticker("1"))) is None
    assert ask(f"{MARKET}product_book", market(book(("bid", "1", "1")))) is None


def test_what_is_best_is_told_by_the_ticker_else_by_the_book() -> None:
    seen = market(
        ticker("7", best_bid="6", best_bid_quantity="1", best_ask="8", best_ask_quantity="2"),
        book(("bid", "5", "1"), ("offer", "9", "1")),
        ticker("1", "ETH-USD", "ticker_batch"),
        book(("offer", "4", "3"), product="ETH-USD"),
        ticker("1", "SOL-USD"),
    )
    time = "2026-08-09T21:06:00.123456789Z"
    of_bitcoin = {"product_id": "BTC-USD", "bids": [{"price": "6", "size": "1"}], "asks": [{"price": "8", "size": "2"}]}
    of_ether = {"product_id": "ETH-USD", "bids": [], "asks": [{"price": "4", "size": "3"}], "time": time}
    of_bitcoin["time"] = time
    asked = f"{BROKERAGE}best_bid_ask"
    assert told(asked, seen) == {"pricebooks": [of_bitcoin, of_ether]}
    assert told(f"{asked}?product_ids=ETH-USD&product_ids=NO-USD", seen) == {"pricebooks": [of_ether]}
    assert ask(f"{asked}?product_ids=NO-USD", seen) is None
    assert ask(f"{MARKET}best_bid_ask", seen) is None
