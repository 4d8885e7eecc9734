"""The fields of a product."""

from __future__ import annotations

import pytest

from feedrec.feeds.coinbase_advanced.rest.product_fields import Facts, is_future, product_fields
from feedrec.feeds.coinbase_advanced.rest.recorded import Status, Ticker

SPOT = Status("BTC-USD", "SPOT", "BTC", "USD", "0.00000001", "0.01", "BTC/USD", "online", "1")

READ_BY_CCXT = """
    product_id base_currency_id quote_currency_id product_type trading_disabled base_increment price_increment
    quote_increment base_min_size base_max_size quote_min_size quote_max_size alias_to price display_name is_disabled
"""
"""By `coinbase.parse_spot_market`, `parse_contract_market`, `fetch_markets_v3` and `parse_ticker` of ccxt 4.5.90."""

READ_BY_THE_SDK = """
    product_id price price_percentage_change_24h volume_24h volume_percentage_change_24h base_increment quote_increment
    quote_min_size quote_max_size base_min_size base_max_size base_name quote_name watched is_disabled new status
    cancel_only limit_only post_only trading_disabled auction_mode product_type quote_currency_id base_currency_id
    fcm_trading_session_details mid_market_price alias alias_to base_display_symbol quote_display_symbol view_only
    price_increment display_name product_venue approximate_quote_24h_volume
"""
"""By `Product` of coinbase-advanced-py 1.8.4; `future_product_details` are those of a future."""

READ_BY_CRYPTOFEED = "base_currency_id quote_currency_id quote_increment product_id"
"""By `Coinbase._parse_symbol_data` of cryptofeed 2.4.1."""

FLAGS = (
    "watched is_disabled new cancel_only limit_only post_only trading_disabled auction_mode view_only is_alpha_testing"
)


@pytest.mark.parametrize("read", [READ_BY_CCXT, READ_BY_THE_SDK, READ_BY_CRYPTOFEED])
def test_all_that_clients_read_is_there(read: str) -> None:
    assert set(read.split()) <= product_fields(Facts(SPOT)).keys()


def test_what_is_not_known_is_neutral_and_of_its_type() -> None:
    fields = product_fields(Facts(SPOT))
    assert {name for name, value in fields.items() if value is False} == set(FLAGS.split())
    assert {name for name, value in fields.items() if value is None} == {"fcm_trading_session_details", "new_at"}
    assert {name for name, value in fields.items() if value == []} == {"alias_to"}
    assert all(
        isinstance(fields[name], str)
        for name in fields.keys() - set(FLAGS.split()) - {"alias_to", "new_at"} - {"fcm_trading_session_details"}
    )


def test_volume_in_the_quote_is_price_times_volume_as_in_the_answer_of_2026_04_07() -> None:
    ticker = Ticker("BTC-USD", "68923.67", volume_24_h="11005.02587005")
    assert product_fields(Facts(SPOT, "68923.67", ticker))["approximate_quote_24h_volume"] == "758506771.41"
    ticker.volume_24_h = "many"
    assert product_fields(Facts(SPOT, "68923.67", ticker))["approximate_quote_24h_volume"] == ""


def test_what_is_not_online_is_not_traded() -> None:
    delisted = Status("BTC-USD", "SPOT", "BTC", "USD", status="delisted")
    assert product_fields(Facts(delisted)).items() >= {"status": "delisted", "trading_disabled": True}.items()


@pytest.mark.parametrize(
    ("status", "is_one"),
    [
        (SPOT, False),
        (Status("BTC-USD"), False),
        (Status("BIT-26APR24-CDE"), True),
        (Status("ETH-PERP-INTX"), True),
        (Status("BTC-USD", "FUTURE"), True),
        (Status("A-B-C", "SPOT"), False),
    ],
)
def test_a_future_is_known_by_its_type_else_by_its_id(status: Status, is_one: bool) -> None:  # noqa: FBT001
    assert is_future(status) == is_one


@pytest.mark.parametrize(
    ("name", "kind", "expiry", "venue"),
    [
        ("BIT-26APR24-CDE", "EXPIRING", "2024-04-26T00:00:00Z", "FCM"),
        ("ETH-PERP-INTX", "PERPETUAL", None, "INTX"),
        ("BIT-26XXX24-CDE", "PERPETUAL", None, "FCM"),
    ],
)
def test_the_id_of_a_future_tells_when_it_expires(name: str, kind: str, expiry: str | None, venue: str) -> None:
    fields = product_fields(Facts(Status(name, base_currency="BTC", quote_currency="USD", status="online")))
    assert fields.items() >= {"product_type": "FUTURE", "base_currency_id": "", "product_venue": venue}.items()
    details = fields["future_product_details"]
    assert details.items() >= {"contract_expiry_type": kind, "contract_expiry": expiry}.items()
    assert details["contract_root_unit"] == "BTC"
