"""The HTTP half of Advanced Trade, from a real capture."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.rest import GUESSED
from feedrec.http_messages import HttpRequest, first_value
from feedrec.model import parse_time
from tests.feeds.rest.recorded_market import RecordedMarket

NOW = parse_time("2026-08-09T21:06:12.9Z")
FIRST = parse_time("2026-08-09T21:05:48.2Z")
MARKET = "/api/v3/brokerage/market/"
PRODUCTS = ["BTC-USD", "ETH-USD"]


@pytest.fixture(scope="module")
def market(capture_frames: list[bytes]) -> RecordedMarket:
    return RecordedMarket(FEED, capture_frames, NOW)


@pytest.fixture(scope="module")
def at_first(capture_frames: list[bytes]) -> RecordedMarket:
    """Nothing has been played yet."""
    return RecordedMarket(FEED, [], FIRST, capture_frames)


def told(target: str, market: RecordedMarket) -> tuple[Any, str | None]:
    answer = FEED.rest.answer(HttpRequest("GET", target), market)
    assert answer is not None
    assert answer.status == 200
    return json.loads(answer.body), first_value(answer.headers, GUESSED)


def test_the_increments_are_the_venues(market: RecordedMarket, at_first: RecordedMarket) -> None:
    """Those of both products were 0.01 and 0.00000001 in 2026."""
    for seen in (market, at_first):
        answer, made_up = told(f"{MARKET}products", seen)
        assert made_up == "increments"
        rows = [(one["product_id"], one["price_increment"], one["base_increment"]) for one in answer["products"]]
        assert rows == [(name, "0.01", "0.00000001") for name in PRODUCTS]


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_book_is_that_of_all_frames(market: RecordedMarket, capture_frames: list[bytes], product: str) -> None:
    levels: dict[tuple[bool, Decimal], Decimal] = {}
    for payload in capture_frames:
        frame = json.loads(payload)
        for event in frame["events"] if frame["channel"] == "l2_data" else ():
            for level in event["updates"] if event["product_id"] == product else ():
                levels[level["side"] == "bid", Decimal(level["price_level"])] = Decimal(level["new_quantity"])
    book = told(f"{MARKET}product_book?product_id={product}", market)[0]["pricebook"]
    for is_bid, name in ((True, "bids"), (False, "asks")):
        best = sorted((price for (side, price), size in levels.items() if side == is_bid and size), reverse=is_bid)
        found = [(Decimal(one["price"]), Decimal(one["size"])) for one in book[name]]
        assert found == [(price, levels[is_bid, price]) for price in best[:1000]]


def test_the_best_prices_are_those_of_the_book(market: RecordedMarket) -> None:
    answer, _ = told(f"{MARKET}products/BTC-USD/ticker?limit=1", market)
    book, _ = told(f"{MARKET}product_book?product_id=BTC-USD&limit=1", market)
    best = book["pricebook"]["bids"][0]["price"], book["pricebook"]["asks"][0]["price"]
    assert (answer["best_bid"], answer["best_ask"]) == best
    assert answer["trades"][0]["price"] == told(f"{MARKET}products/BTC-USD", market)[0]["price"]


def test_the_first_answers_are_those_of_the_first_frames(at_first: RecordedMarket, capture_frames: list[bytes]) -> None:
    snapshot = json.loads(capture_frames[0])["events"][0]["trades"]
    answer, _ = told(f"{MARKET}products/BTC-USD/ticker", at_first)
    assert [one["trade_id"] for one in answer["trades"]] == [one["trade_id"] for one in snapshot]


def test_candles_of_trades_are_the_venues(market: RecordedMarket) -> None:
    """The venue's candle of five minutes last came in the first of them, which the trades make."""
    second = NOW // 10**9
    query = f"{MARKET}products/BTC-USD/candles?start={second // 300 * 300}&end={second}"
    [candle] = told(f"{query}&granularity=FIVE_MINUTE", market)[0]["candles"]
    minutes, made_up = told(f"{query}&granularity=ONE_MINUTE", market)
    assert made_up is None
    assert [int(one["start"]) % 300 for one in minutes["candles"]] == [60, 0]
    assert minutes["candles"][1] == candle


def test_an_hour_is_what_its_candles_of_five_minutes_are(market: RecordedMarket) -> None:
    end = NOW // 10**9 // 3600 * 3600
    query = f"{MARKET}products/ETH-USD/candles?start={end - 3600}"
    fives = told(f"{query}&end={end - 1}&granularity=FIVE_MINUTE", market)[0]["candles"]
    [hour] = told(f"{query}&end={end - 3600}&granularity=ONE_HOUR", market)[0]["candles"]
    assert (hour["open"], hour["close"]) == (fives[-1]["open"], fives[0]["close"])
    assert Decimal(hour["volume"]) == sum(Decimal(one["volume"]) for one in fives)
    assert Decimal(hour["high"]) == max(Decimal(one["high"]) for one in fives)


def test_what_ccxt_loads_has_all_currencies(market: RecordedMarket) -> None:
    assert [one["id"] for one in told("/v2/currencies", market)[0]["data"]] == ["USD"]
    assert [one["code"] for one in told("/v2/currencies/crypto", market)[0]["data"]] == ["BTC", "ETH"]
    rates = told("/v2/exchange-rates", market)[0]["data"]["rates"]
    price = Decimal(told(f"{MARKET}products/BTC-USD", market)[0]["price"])
    assert Decimal(rates["BTC"]) * price == pytest.approx(Decimal(1))
