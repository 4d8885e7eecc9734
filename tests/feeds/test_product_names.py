"""Products as venues spell them."""

from __future__ import annotations

import pytest

from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.channel_requests import misspelled
from feedrec.feeds.product_names import upper_case_product


@pytest.mark.parametrize(
    ("product", "name"),
    [
        ("btc-usd", "BTC-USD"),
        ("BTC/USD", "BTC-USD"),
        ("btc_usd", "BTC-USD"),
        ("bit-28jul23-cde", "BIT-28JUL23-CDE"),
        ("BTC-USD", "BTC-USD"),
        ("00-USD", "00-USD"),
    ],
)
def test_products_are_in_capitals_with_dashes(product: str, name: str) -> None:
    assert upper_case_product(product) == name


@pytest.mark.parametrize("product", ["btc", "", "-", "btc-", "btc usd", "bt\u0107-usd", "BTC-*"])
def test_what_is_of_another_form_stays(product: str) -> None:
    assert upper_case_product(product) == product


def test_accounts_are_no_products() -> None:
    account = "d50ec984-77a8-460a-b958-66f114b0de9b"
    wanted = [Subscription("balance", (account,)), Subscription("ticker", ("btc-usd", "ETH-USD"))]
    assert misspelled(find_feed("coinbase-exchange"), wanted) == {"btc-usd": "BTC-USD"}


def test_a_venue_that_does_not_say_how_it_spells_them_has_no_opinion() -> None:
    assert misspelled(find_feed("raw"), [Subscription("a", ("btc-usd",))]) == {}
