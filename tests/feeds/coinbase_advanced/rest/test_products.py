"""The products of Advanced Trade over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from .asking import (
    BROKERAGE,
    MARKET,
    ask,
    book,
    candle,
    candles,
    guessed,
    market,
    refused,
    status,
    ticker,
    told,
    trade,
    trades,
)

LIST = f"{MARKET}products"


def names(answer: Any) -> list[str]:
    assert answer["num_products"] == len(answer["products"])
    assert answer["pagination"] is None
    return [one["product_id"] for one in answer["products"]]


def test_what_status_lists_is_listed_in_its_order() -> None:
    seen = market(status("ETH-USD", "BTC-USD"), status("SOL-USD", kind="update"))
    assert names(told(LIST, seen)) == ["ETH-USD", "BTC-USD", "SOL-USD"]
    assert told(f"{BROKERAGE}products", seen) == told(LIST, seen)


def test_what_status_tells_of_a_product_is_in_its_fields() -> None:
    seen = market(status("ETH-USD", base_increment="0.001", quote_increment="0.05", min_market_funds="5"))
    [fields] = told(LIST, seen)["products"]
    assert fields == told(f"{LIST}/ETH-USD", seen)
    expected = {"base_increment": "0.001", "quote_increment": "0.05", "price_increment": "0.05", "quote_min_size": "5"}
    expected |= {"base_currency_id": "ETH", "quote_currency_id": "USD", "display_name": "ETH-USD", "status": "online"}
    assert fields.items() >= expected.items()


def test_the_last_price_is_that_of_the_ticker_else_of_the_last_trade() -> None:
    seen = market(
        status("BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD"),
        ticker("7", volume_24_h="100", price_percent_chg_24_h="0.5", high_24_h="9", low_24_h="6"),
        ticker("8", "SOL-USD", "ticker_batch"),
        trades(trade(2, 5, "3", product="ETH-USD"), trade(1, 9, "4", product="ETH-USD")),
        trades(trade(1, 5, "1")),
    )
    listed = told(LIST, seen)["products"]
    assert [one["price"] for one in listed] == ["7", "3", "8", ""]
    expected = {"volume_24h": "100", "price_percentage_change_24h": "0.5", "high_24h": "9", "low_24h": "6"}
    assert listed[0].items() >= (expected | {"approximate_quote_24h_volume": "700.00"}).items()
    assert [one["volume_24h"] for one in listed[1:]] == ["", "", ""]


def test_without_status_the_increments_are_guessed_from_what_was_seen() -> None:
    seen = market(book(("bid", "99.5", "0.001"), ("offer", "100.25", "1")), ticker("7", "ETH-EUR", volume_24_h="1.5"))
    answer, made_up = guessed(LIST, seen)
    assert made_up == "increments"
    assert names(answer) == ["BTC-USD", "ETH-EUR"]
    assert [(one["quote_increment"], one["base_increment"]) for one in answer["products"]] == [
        ("0.01", "0.001"),
        ("1", "0.1"),
    ]
    assert answer["products"][1].items() >= {"base_currency_id": "ETH", "quote_currency_id": "EUR"}.items()
    assert guessed(f"{LIST}/BTC-USD", seen) == (answer["products"][0], "increments")


@pytest.mark.parametrize(
    "payload",
    [
        book(("bid", "0.125", "0.0625")),
        trades(trade(1, 5, "0.125", "0.0625")),
        candles(candle(0, "0.125", "0.0625")),
        ticker("1", best_ask="0.125", volume_24_h="0.0625"),
        ticker("1", low_52_w="0.125", best_bid_quantity="0.0625"),
    ],
)
def test_whatever_shows_prices_and_sizes_shows_increments(payload: bytes) -> None:
    [fields] = guessed(LIST, market(payload))[0]["products"]
    assert (fields["quote_increment"], fields["base_increment"]) == ("0.001", "0.0001")


def test_of_a_deep_book_the_best_thousand_levels_of_a_side_show_increments() -> None:
    bids = [("bid", str(2000 - place), "1") for place in range(1001)]
    asks = [("offer", str(3000 + place), "1") for place in range(1001)]
    bids[999:], asks[1000:] = [("bid", "7.5", "0.01"), ("bid", "0.125", "0.001")], [("offer", "9999.125", "0.001")]
    [fields] = guessed(LIST, market(book(*bids, *asks)))[0]["products"]
    assert (fields["quote_increment"], fields["base_increment"]) == ("0.1", "0.01")


def test_what_status_does_not_list_is_guessed_beside_what_it_does() -> None:
    seen = market(status("ETH-USD"), ticker("7.5"), ticker("3", "ETH-USD"))
    answer, made_up = guessed(LIST, seen)
    assert (names(answer), made_up) == (["ETH-USD", "BTC-USD"], "increments")
    assert told(f"{LIST}?product_ids=ETH-USD", seen)["products"][0]["quote_increment"] == "0.01"


def test_what_the_list_needs_is_read_together() -> None:
    seen = market(status("BTC-USD", "ETH-USD"), ticker("1"), ticker("2", "ETH-USD"), book(("bid", "1", "1")))
    asked: list[object] = []
    together = seen.snapshots
    seen.snapshots = lambda keys: asked.append(sorted(keys)) or together(keys)  # type: ignore[method-assign,func-returns-value]
    told(LIST, seen)
    assert asked == [[("ticker", "BTC-USD"), ("ticker", "ETH-USD")]]


def test_spot_products_are_no_futures() -> None:
    seen = market(status("BTC-USD"), status("BIP-20DEC30-CDE", product_type="FUTURE", kind="update"))
    assert names(told(LIST, seen)) == names(told(f"{LIST}?product_type=SPOT", seen)) == ["BTC-USD"]
    assert names(told(f"{LIST}?product_type=FUTURE", seen)) == ["BIP-20DEC30-CDE"]
    both = ["BTC-USD", "BIP-20DEC30-CDE"]
    assert names(told(f"{LIST}?get_all_products=True", seen)) == both
    assert names(told(f"{LIST}?get_all_products=False", seen)) == both[:1]
    assert names(told(f"{LIST}?product_ids=BTC-USD&product_ids=BIP-20DEC30-CDE&product_ids=NO-USD", seen)) == both
    assert told(f"{LIST}?product_type=FUTURE", market(status("BTC-USD"))) == {
        "products": [],
        "num_products": 0,
        "pagination": None,
    }


def test_limit_and_offset_choose_a_page() -> None:
    seen = market(status("A-USD", "B-USD", "C-USD", "D-USD"))
    assert names(told(f"{LIST}?limit=2&offset=1", seen)) == ["B-USD", "C-USD"]
    assert names(told(f"{LIST}?limit=9&offset=3&get_all_products=False", seen)) == ["D-USD"]


@pytest.mark.parametrize(
    ("query", "details"),
    [
        ("product_type=OPTIONS", 'parsing field "product_type": "OPTIONS" is not a valid value'),
        ("limit=x", 'parsing field "limit": strconv.ParseInt: parsing "x": invalid syntax'),
        (
            "get_all_products=maybe",
            'parsing field "get_all_products": strconv.ParseBool: parsing "maybe": invalid syntax',
        ),
    ],
)
def test_a_parameter_that_cannot_be_read_is_refused(query: str, details: str) -> None:
    expected = {"error": "unknown", "error_details": details, "message": details}
    assert refused(f"{LIST}?{query}", market(status("BTC-USD"))) == (400, expected)


def test_a_product_of_usdc_shows_the_book_of_usd() -> None:
    seen = market(status("BTC-USD", "BTC-USDC", "USDT-USD", "USDT-USDC"), ticker("7"))
    listed = {one["product_id"]: one for one in told(LIST, seen)["products"]}
    assert [(one["alias"], one["alias_to"], one["price"]) for one in listed.values()] == [
        ("", ["BTC-USDC"], "7"),
        ("BTC-USD", [], "7"),
        ("", [], ""),
        ("", [], ""),
    ]
    fields, _ = guessed(f"{LIST}/BTC-USDC", market(ticker("7.5")))
    assert fields.items() >= {"product_id": "BTC-USDC", "price": "7.5", "quote_currency_id": "USDC"}.items()
    assert told(f"{LIST}/BTC-USDC", seen)["quote_display_symbol"] == "USD"
    assert {name: told(f"{LIST}/{name}", seen) for name in listed} == listed


def test_there_is_no_answer_about_what_is_not_known() -> None:
    assert ask(LIST, market()) is None
    assert ask(f"{LIST}/NO-USD", market(status("BTC-USD"), ticker("1"))) is None


def test_a_frame_that_is_not_understood_tells_nothing() -> None:
    seen = market(status("BTC-USD"), ticker("7"), b'{"channel":"ticker","events":[{"type":"update","tickers":[7]}]}')
    assert told(f"{LIST}/BTC-USD", seen)["price"] == "7"
