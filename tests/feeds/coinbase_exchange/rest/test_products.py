"""Products and currencies: those that status lists, with all keys that clients read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedrec.feeds.rest import GUESSED
from feedrec.http_messages import HttpRequest

from .asking import REST, ask, frame, market, match, ticker, told

LISTED = {
    "id": "BTC-USD",
    "base_currency": "BTC",
    "quote_currency": "USD",
    "base_increment": "0.00000001",
    "quote_increment": "0.01",
    "display_name": "BTC-USD",
    "status": "online",
    "margin_enabled": False,
    "status_message": None,
    "min_market_funds": "10",
    "post_only": False,
    "limit_only": False,
    "cancel_only": False,
    "auction_mode": True,
    "type": "spot",
    "fx_stablecoin": False,
    "max_slippage_percentage": "0.03000000",
}
USD: dict[str, Any] = {
    "id": "USD",
    "name": "United States Dollar",
    "display_name": "USD",
    "min_size": "0.01000000",
    "status": "online",
    "status_message": None,
    "max_precision": "0.01",
    "convertible_to": ["USDC"],
    "details": {},
    "default_network": "",
    "supported_networks": [],
}
DETAILS = {"type": "crypto", "symbol": "₿", "network_confirmations": 3, "min_withdrawal_amount": 0.0001}


def status(products: list[Any], currencies: list[Any]) -> bytes:
    return json.dumps({"type": "status", "products": products, "currencies": currencies}).encode()


def nothing_told(target: str, *frames: bytes) -> bool:
    return REST.answer(HttpRequest("GET", target), market(*frames)) is None


STATUS = status(
    [{"id": "OLD-USD", "status": "delisted", "status_message": "gone"}, LISTED],
    [USD, {"id": "BTC", "name": "Bitcoin", "status": "online", "status_message": "slow", "details": DETAILS}],
)


def test_a_listed_product_is_answered_key_for_key_as_the_venue_writes_it() -> None:
    answer = ask("/products/BTC-USD", market(STATUS))
    assert answer.body == (
        b'{"id":"BTC-USD","base_currency":"BTC","quote_currency":"USD","quote_increment":"0.01",'
        b'"base_increment":"0.00000001","display_name":"BTC-USD","min_market_funds":"10","margin_enabled":false,'
        b'"post_only":false,"limit_only":false,"cancel_only":false,"status":"online","status_message":"",'
        b'"trading_disabled":false,"fx_stablecoin":false,"max_slippage_percentage":"0.03000000","auction_mode":true,'
        b'"high_bid_limit_percentage":""}'
    )
    assert answer.headers == ()


def test_all_products_are_those_of_status_in_its_order_whatever_was_recorded() -> None:
    products = told("/products", market(STATUS, ticker()))
    assert [one["id"] for one in products] == ["OLD-USD", "BTC-USD"]
    assert products[1] == told("/products/BTC-USD", market(STATUS))
    assert (products[0]["trading_disabled"], products[0]["status_message"]) == (True, "gone")
    assert (products[0]["base_currency"], products[0]["quote_currency"]) == ("OLD", "USD")


def test_the_last_frame_of_status_counts() -> None:
    assert len(told("/products", market(STATUS, status([LISTED], [])))) == 1


def test_keys_that_the_venue_wrote_once_are_there_if_frames_have_them() -> None:
    old = LISTED | {"base_min_size": "0.001", "base_max_size": "280", "max_market_funds": "1000000"}
    product = told("/products/BTC-USD", market(status([old], [])))
    assert (product["base_min_size"], product["base_max_size"], product["max_market_funds"]) == (
        "0.001",
        "280",
        "1000000",
    )


def test_a_listed_currency_has_all_keys_of_its_own_and_of_its_details() -> None:
    assert told("/currencies/USD", market(STATUS)) == {
        "id": "USD",
        "name": "United States Dollar",
        "min_size": "0.01000000",
        "status": "online",
        "message": "",
        "max_precision": "0.01",
        "convertible_to": ["USDC"],
        "details": {
            "type": "fiat",
            "symbol": None,
            "network_confirmations": 0,
            "sort_order": 0,
            "crypto_address_link": "",
            "crypto_transaction_link": "",
            "push_payment_methods": [],
            "group_types": [],
            "display_name": None,
            "processing_time_seconds": None,
            "min_withdrawal_amount": 0,
            "max_withdrawal_amount": 0,
        },
        "default_network": "",
        "supported_networks": [],
        "display_name": "USD",
    }
    bitcoin = told("/currencies", market(STATUS))[1]
    assert bitcoin == told("/currencies/btc", market(STATUS))
    assert (bitcoin["message"], bitcoin["details"]["symbol"]) == ("slow", "₿")


@pytest.mark.parametrize("target", ["/products/ETH-USD", "/currencies/ETH"])
def test_what_is_not_listed_is_not_there(target: str) -> None:
    assert nothing_told(target, STATUS)
    assert nothing_told(target, ticker())


def test_without_status_the_recorded_products_are_told_and_said_to_be_guessed() -> None:
    book = frame("snapshot", "ETH-BTC", asks=[["0.03420", "1.50"]], bids=[["0.03415", "2"]])
    recorded = market(book, match(1, product_id="ETH-BTC", price="0.0342"), ticker(), frame("heartbeat", "SOL-EUR"))
    products = ask("/products", recorded)
    assert dict(products.headers)[GUESSED] == "no status is recorded: products by name, increments by prices and sizes"
    assert [
        (one["id"], one["base_currency"], one["quote_currency"], one["base_increment"], one["quote_increment"])
        for one in json.loads(products.body)
    ] == [
        ("BTC-USD", "BTC", "USD", "0.0000001", "0.01"),
        ("ETH-BTC", "ETH", "BTC", "0.1", "0.00001"),
        ("SOL-EUR", "SOL", "EUR", "0.00000001", "0.01"),
    ]
    assert told("/products/ETH-BTC", recorded) == json.loads(products.body)[1]
    assert told("/products/ETH-BTC", recorded).keys() == told("/products/BTC-USD", market(STATUS)).keys()


def test_without_status_the_currencies_are_those_of_the_products() -> None:
    recorded = market(ticker(), match(1, product_id="ETH-BTC", size="0.25"))
    answer = ask("/currencies", recorded)
    assert GUESSED in dict(answer.headers)
    currencies = {one["id"]: one for one in json.loads(answer.body)}
    assert {name: (one["max_precision"], one["details"]["type"]) for name, one in currencies.items()} == {
        "BTC": ("0.0000001", "crypto"),
        "ETH": ("0.01", "crypto"),
        "USD": ("0.01", "fiat"),
    }
    assert told("/currencies/ETH", recorded) == currencies["ETH"]
    assert currencies["ETH"].keys() == told("/currencies/USD", market(STATUS)).keys()


def test_accounts_are_no_products() -> None:
    balance = b'{"type":"balance","account_id":"d50ec984-77a8-460a-b958-66f114b0de9b","currency":"USD"}'
    assert told("/products", market(balance)) == []


@pytest.mark.parametrize("odd", [b'{"type":"status"}', b'{"type":"status","products":null,"currencies":null}'])
def test_a_status_that_lists_nothing_is_as_none(odd: bytes) -> None:
    assert GUESSED in dict(ask("/products", market(odd, ticker())).headers)
