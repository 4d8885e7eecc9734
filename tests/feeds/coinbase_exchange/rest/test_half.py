"""The half itself: its hosts, what it asks first, and what it has no answer for."""

from __future__ import annotations

import pytest

from feedrec.feeds.base import Subscription
from feedrec.feeds.coinbase_exchange import FEEDS
from feedrec.feeds.rest import rest_half_of
from feedrec.http_messages import HttpRequest

from .asking import REST, market, match, ticker, told


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("coinbase-exchange", "api.exchange.coinbase.com"),
        ("coinbase-exchange-direct", "api.exchange.coinbase.com"),
        ("coinbase-exchange-sandbox", "api-public.sandbox.exchange.coinbase.com"),
        ("coinbase-exchange-direct-sandbox", "api-public.sandbox.exchange.coinbase.com"),
    ],
)
def test_each_endpoint_has_its_half_at_its_host(name: str, host: str) -> None:
    half = rest_half_of(FEEDS[name])
    assert half is not None
    assert host in half.hosts
    assert host.replace("exchange", "pro") in half.hosts  # older clients
    assert half.per_second == 10
    assert half.first_requests([])[0] == f"https://{host}/products"


def test_first_is_asked_what_frames_do_not_tell() -> None:
    subscriptions = [
        Subscription("level2_batch", ("BTC-USD", "ETH-USD")),
        Subscription("ticker_batch", ("BTC-USD",)),
        Subscription("full", ("ETH-USD",)),
        Subscription("balance", ("d50ec984-77a8-460a-b958-66f114b0de9b",)),
        Subscription("status"),
    ]
    host = "https://api.exchange.coinbase.com"
    assert REST.first_requests(subscriptions) == [
        f"{host}/products",
        f"{host}/currencies",
        f"{host}/products/BTC-USD",
        f"{host}/products/ETH-USD",
        f"{host}/products/ETH-USD/book?level=3",
        f"{host}/products/ETH-USD/ticker",
        f"{host}/products/ETH-USD/stats",
    ]


@pytest.mark.parametrize("name", ["btc-usd", "BTC%2DUSD", "Btc-Usd"])
def test_a_product_may_be_written_in_small_letters(name: str) -> None:
    assert told(f"/products/{name}/ticker", market(ticker()))["price"] == "1285.22"
    assert told(f"/products/{name}", market(ticker()))["id"] == "BTC-USD"


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "",
        "/nowhere",
        "/products/BTC-USD/nowhere",
        "/products/BTC-USD/book/2",
        "/accounts",
        "/orders/1",
        "//",
        "/time/x",
    ],
)
def test_there_is_no_answer_where_there_is_no_such_path(target: str) -> None:
    assert REST.answer(HttpRequest("GET", target), market(ticker())) is None


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_nothing_can_be_changed(method: str) -> None:
    assert REST.answer(HttpRequest(method, "/products"), market(ticker())) is None


def test_what_there_is_not_gets_the_venues_error() -> None:
    answer = REST.not_found(HttpRequest("GET", "/products/X-USD"))
    assert (answer.status, answer.body) == (404, b'{"message":"NotFound"}')


@pytest.mark.parametrize("what", ["ticker", "stats", "book", "trades", "candles", ""])
def test_of_a_product_that_is_not_recorded_nothing_is_told(what: str) -> None:
    request = HttpRequest("GET", f"/products/ETH-USD/{what}".rstrip("/"))
    assert REST.answer(request, market(ticker(), match(1))) is None


def test_time_is_that_of_the_market() -> None:
    assert told("/time", market()) == {"iso": "2026-09-30T02:03:13.250Z", "epoch": 1790733793.25}
