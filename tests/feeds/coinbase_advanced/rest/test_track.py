"""Currencies, exchange rates and time from `/v2` on."""

from __future__ import annotations

import pytest

from .asking import ask, guessed, market, refused, status, ticker, told, trade, trades

PRODUCTS = status("BTC-USD", "ETH-BTC", "ETH-EUR")
FUTURE = status("BIP-20DEC30-CDE", product_type="FUTURE", kind="update")


def test_time_is_the_venues() -> None:
    """As `coinbase.fetch_time` of ccxt 4.5.90 shows it."""
    assert told("/v2/time", market()) == {"data": {"iso": "2026-08-09T21:06:00Z", "epoch": 1786309560}}


def test_currencies_are_those_of_the_products() -> None:
    fiat, made_up = guessed("/v2/currencies", market(PRODUCTS, FUTURE))
    assert made_up == "names, and sizes"
    assert fiat["data"] == [
        {"id": "EUR", "name": "Euro", "min_size": "0.01"},
        {"id": "USD", "name": "United States Dollar", "min_size": "0.01"},
    ]
    crypto, made_up = guessed("/v2/currencies/crypto", market(PRODUCTS, FUTURE))
    assert made_up == "names, ids, and exponents"
    rows = [(one["code"], one["name"], one["type"]) for one in crypto["data"]]
    assert rows == [("BTC", "BTC", "crypto"), ("ETH", "ETH", "crypto")]
    assert len({one["asset_id"] for one in crypto["data"]}) == 2
    assert guessed("/v2/currencies/crypto", market(PRODUCTS))[0] == crypto


def test_products_that_status_does_not_list_have_currencies_too() -> None:
    assert [one["id"] for one in guessed("/v2/currencies", market(ticker("1", "SOL-GBP")))[0]["data"]] == ["GBP"]


def test_rates_are_the_last_prices() -> None:
    seen = market(PRODUCTS, ticker("64000"), ticker("0.03125", "ETH-BTC"), trades(trade(1, 5, "3", product="ETH-EUR")))
    answer, made_up = guessed("/v2/exchange-rates", seen)
    assert made_up == "rates"
    assert answer == {"data": {"currency": "USD", "rates": {"BTC": "0.000015625", "USD": "1.0"}}}
    of_bitcoin, _ = guessed("/v2/exchange-rates?currency=BTC", seen)
    assert of_bitcoin["data"] == {"currency": "BTC", "rates": {"BTC": "1.0", "ETH": "32", "USD": "64000"}}
    of_ether, _ = guessed("/v2/exchange-rates?currency=ETH", seen)
    assert of_ether["data"]["rates"] == {"BTC": "0.03125", "ETH": "1.0", "EUR": "3"}
    of_euro, _ = guessed("/v2/exchange-rates?currency=EUR", seen)
    assert of_euro["data"]["rates"] == {"ETH": "0.333333333333333333", "EUR": "1.0"}


def test_futures_have_no_rates() -> None:
    seen = market(FUTURE, ticker("7", "BIP-20DEC30-CDE"))
    assert ask("/v2/exchange-rates", seen) is None
    rates, _ = guessed("/v2/exchange-rates?currency=BTC", market(PRODUCTS, FUTURE, ticker("7", "BIP-20DEC30-CDE")))
    assert rates["data"]["rates"] == {"BTC": "1.0"}


def test_a_price_that_is_none_makes_no_rate() -> None:
    seen = market(
        status("BTC-USD", "ETH-USD", "SOL-USD"), ticker("0"), ticker("NaN", "ETH-USD"), ticker("x", "SOL-USD")
    )
    assert guessed("/v2/exchange-rates", seen)[0]["data"]["rates"] == {"USD": "1.0"}


def test_an_unknown_currency_is_refused() -> None:
    answer = {"errors": [{"id": "invalid_request", "message": "Invalid currency (X)"}]}
    assert refused("/v2/exchange-rates?currency=X", market(PRODUCTS)) == (400, answer)


@pytest.mark.parametrize("path", ["/v2/currencies", "/v2/currencies/crypto", "/v2/exchange-rates"])
def test_without_products_nothing_is_known(path: str) -> None:
    assert ask(path, market()) is None
