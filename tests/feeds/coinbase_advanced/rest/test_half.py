"""Which path of Advanced Trade is answered by what."""

from __future__ import annotations

import json
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.base import Subscription
from feedrec.feeds.catalogue import find_feed
from feedrec.feeds.coinbase_advanced import FEED, USER_FEED
from feedrec.feeds.rest import rest_half_of
from feedrec.http_messages import HttpAnswer, HttpRequest

from .asking import (
    BROKERAGE,
    MARKET,
    ask,
    book,
    candle,
    candles,
    guessed_in,
    market,
    status,
    ticker,
    told,
    trade,
    trades,
)

EVERYTHING = market(status("BTC-USD"), ticker("1"), book(("bid", "1", "1")), trades(trade(1, 5)), candles(candle(0)))
HALF = FEED.rest


@pytest.mark.parametrize("feed", [FEED, USER_FEED, find_feed("coinbase-advanced")])
def test_both_endpoints_have_it(feed: object) -> None:
    half = rest_half_of(feed)  # type: ignore[arg-type]
    assert half is not None
    assert half.hosts == ("api.coinbase.com",)
    assert half.per_second == 10


def test_time_is_the_venues_in_text() -> None:
    """As `GetServerTimeResponse` of the SDK and `coinbase.fetch_time` of ccxt read it."""
    expected = {"iso": "2026-08-09T21:06:00Z", "epochSeconds": "1786309560", "epochMillis": "1786309560123"}
    assert told(f"{BROKERAGE}time", market()) == expected


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/v2",
        "/v2/",
        "/v2/prices/BTC-USD/spot",
        "/v2/timely",
        "/api/v3/brokerage",
        BROKERAGE,
        MARKET,
        f"{MARKET}time",
        f"{MARKET}products/",
        f"{MARKET}products/BTC-USD/",
        f"{MARKET}products/BTC-USD/book",
        f"{MARKET}products/BTC-USD/candles/",
        f"{MARKET}market/products",
        f"{MARKET}product_book/BTC-USD",
        f"{BROKERAGE}accounts",
        f"{BROKERAGE}time/",
        "/products",
    ],
)
def test_a_path_that_is_not_there_has_no_answer(target: str) -> None:
    assert ask(target, EVERYTHING) is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_nothing_can_be_changed(method: str) -> None:
    assert HALF.answer(HttpRequest(method, f"{MARKET}products"), EVERYTHING) is None


def test_a_product_may_be_written_with_escapes() -> None:
    assert told(f"{MARKET}products/BTC%2DUSD", EVERYTHING)["product_id"] == "BTC-USD"


@pytest.mark.parametrize(
    ("target", "details"),
    [
        (f"{MARKET}products/NO-USD", "Product NO-USD not supported"),
        (f"{BROKERAGE}products/NO-USD?get_tradability_status=True", "Product NO-USD not supported"),
        (f"{MARKET}products/NO-USD/ticker", "valid product_id is required"),
        (f"{MARKET}product_book?product_id=NO-USD", "valid product_id is required"),
        (f"{BROKERAGE}accounts", "Not Found"),
        ("/", "Not Found"),
    ],
)
def test_what_is_not_there_is_said_in_the_venues_words(target: str, details: str) -> None:
    answer = HALF.not_found(HttpRequest("GET", target))
    assert answer.status == 404
    assert json.loads(answer.body) == {"error": "NOT_FOUND", "error_details": details, "message": details}


def test_the_older_paths_have_words_of_their_own() -> None:
    answer = HALF.not_found(HttpRequest("GET", "/v2/prices/BTC-USD/spot"))
    assert (answer.status, answer.body) == (404, b'{"errors":[{"id":"not_found","message":"Not found"}]}')


def test_what_clients_ask_first_is_what_the_feed_does_not_tell() -> None:
    subscriptions = [Subscription("level2", ("BTC-USD", "ETH-USD")), Subscription("ticker", ("ETH-USD",))]
    begin = "https://api.coinbase.com"
    lists = [
        f"{begin}/v2/currencies",
        f"{begin}/v2/currencies/crypto",
        f"{begin}/v2/exchange-rates",
        f"{begin}/api/v3/brokerage/market/products",
        f"{begin}/api/v3/brokerage/market/products?product_type=FUTURE",
    ]
    products = [f"{begin}/api/v3/brokerage/market/products/{name}" for name in ("BTC-USD", "ETH-USD")]
    assert HALF.first_requests(subscriptions) == [*lists, *products]
    assert HALF.first_requests([Subscription("ticker", tuple(f"A{place}-USD" for place in range(31)))]) == lists


def test_each_first_request_is_one_that_it_knows() -> None:
    for url in HALF.first_requests([Subscription("ticker", ("BTC-USD",))]):
        parts = urlsplit(url)
        assert parts.hostname in HALF.hosts
        assert ask(f"{parts.path}?{parts.query}", EVERYTHING) is not None


PATHS = st.sampled_from(
    [
        "/v2/exchange-rates",
        f"{MARKET}product_book",
        *(f"{MARKET}products{more}" for more in ("", "/BTC-USD", "/BTC-USD/ticker", "/BTC-USD/candles")),
    ]
)
PARAMETERS = """
    limit offset start end granularity product_id product_ids product_type get_all_products aggregation_price_increment
    currency
"""
NAMES = st.sampled_from(PARAMETERS.split())
VALUES = st.text(max_size=12) | st.integers().map(str) | st.sampled_from(["ONE_DAY", "BTC-USD"])


@given(PATHS, st.lists(st.tuples(NAMES, VALUES)))
def test_whatever_is_asked_there_is_an_answer(path: str, query: list[tuple[str, str]]) -> None:
    target = f"{path}?{urlencode(query, errors='replace')}"
    answer = ask(target, EVERYTHING) or HALF.not_found(HttpRequest("GET", target))
    assert isinstance(answer, HttpAnswer)
    assert answer.status in {200, 400, 404, 500}
    assert isinstance(json.loads(answer.body), dict)
    assert answer.status == 200 or guessed_in(answer) is None
