"""
The fields of a product, as Advanced Trade writes them over HTTP.

Their names, order, types and neutral values are those of answers of 2026-04-07 in the tests of nautilus_trader
(`crates/adapters/coinbase/test_data/http_product.json`, `http_products_future.json`). They contain all that `Product`
of coinbase-advanced-py 1.8.4, `coinbase.parse_spot_market` and `parse_contract_market`
of ccxt 4.5.90 and `Coinbase._parse_symbol_data` of cryptofeed 2.4.1 read. The highest and lowest price of a day, which
came later, stand at the end. What no frame tells is empty, false or null.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import msgspec

from .recorded import Status, Ticker

__all__ = ["Facts", "is_future", "product_fields"]

_DAY = re.compile(r"(\d{2})([A-Z]{3})(\d{2})", re.ASCII)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_VENUES = {"CDE": "FCM", "INTX": "INTX"}
"""`product_venue` by the end of the id of a future."""

_PRECISE = Context(prec=60)


class Facts(msgspec.Struct):
    """
    What is known of a product.

    Attributes:
        status: It in the list of `status`; what that does not say was guessed, or is empty.
        price: The last price; empty if there is none.
        ticker: The last ticker; None if there is none.
        alias: The product whose book it shows; empty if it has its own.
        alias_to: The products that show its book.

    """

    status: Status
    price: str = ""
    ticker: Ticker | None = None
    alias: str = ""
    alias_to: list[str] = []


def is_future(status: Status) -> bool:
    """Tell whether a product is a future: as `status` says, else by its id, such as `BIT-26APR24-CDE`."""
    return status.product_type == "FUTURE" or (not status.product_type and status.id.count("-") > 1)


def product_fields(facts: Facts) -> dict[str, Any]:
    """Return the fields of a product."""
    status, future = facts.status, is_future(facts.status)
    fields = {
        "product_id": status.id,
        **_of_day(facts),
        **_sizes(status),
        "base_name": "",
        "quote_name": "",
        "watched": False,
        "is_disabled": False,
        "new": False,
        "status": "" if future else status.status,
        "cancel_only": False,
        "limit_only": False,
        "post_only": False,
        "trading_disabled": status.status not in ("online", ""),
        "auction_mode": False,
        "product_type": "FUTURE" if future else status.product_type or "SPOT",
        "quote_currency_id": status.quote_currency,
        "base_currency_id": "" if future else status.base_currency,
        "fcm_trading_session_details": None,
        "mid_market_price": "",
        "alias": facts.alias,
        "alias_to": facts.alias_to,
        "base_display_symbol": "" if future else status.base_currency,
        "quote_display_symbol": "USD" if status.quote_currency == "USDC" else status.quote_currency,
        "view_only": False,
        "price_increment": status.quote_increment,
        "display_name": status.display_name if future else status.id,
        "product_venue": _VENUES.get(status.id.rpartition("-")[2], "FCM") if future else "CBE",
        "approximate_quote_24h_volume": _quote_volume(facts),
        "new_at": None,
        **dict.fromkeys(_EMPTY, ""),
        "is_alpha_testing": False,
        "about_description": "",
        "best_bid_price": "",
        "best_ask_price": "",
        "high_24h": facts.ticker.high_24_h if facts.ticker else "",
        "low_24h": facts.ticker.low_24_h if facts.ticker else "",
    }
    return fields | {"future_product_details": _future(status)} if future else fields


_EMPTY = (
    "market_cap",
    "base_cbrn",
    "quote_cbrn",
    "product_cbrn",
    "icon_color",
    "icon_url",
    "display_name_overwrite",
)
"""Fields that were empty in all answers that were seen."""


def _of_day(facts: Facts) -> dict[str, str]:
    ticker = facts.ticker
    return {
        "price": facts.price,
        "price_percentage_change_24h": ticker.price_percent_chg_24_h if ticker else "",
        "volume_24h": ticker.volume_24_h if ticker else "",
        "volume_percentage_change_24h": "",
    }


def _sizes(status: Status) -> dict[str, str]:
    """
    Return the increments and limits.

    The venue's `quote_min_size` is what `status` calls `min_market_funds`; it has had no other least size of its own
    since 2022-06-30 (Coinbase Exchange, changelog), so that of the base is its increment.
    """
    return {
        "base_increment": status.base_increment,
        "quote_increment": status.quote_increment,
        "quote_min_size": status.min_market_funds,
        "quote_max_size": "",
        "base_min_size": status.base_increment,
        "base_max_size": "",
    }


def _quote_volume(facts: Facts) -> str:
    """Return price times volume in cents: so it is in the answer of 2026-04-07."""
    try:
        price, volume = Decimal(facts.price), Decimal(facts.ticker.volume_24_h if facts.ticker else "")
        cents = _PRECISE.multiply(price, volume).quantize(Decimal("0.01"), context=_PRECISE)
    except InvalidOperation:
        return ""
    return f"{cents:f}"


def _future(status: Status) -> dict[str, Any]:
    """Return the details of a future, as far as its id tells them: ccxt needs its unit, its kind and its last day."""
    code, _, rest = status.id.partition("-")
    expiry = _expiry(rest)
    return {
        "venue": "cde" if status.id.endswith("-CDE") else "",
        "contract_code": code,
        "contract_expiry": expiry,
        "contract_size": "",
        "contract_root_unit": status.base_currency or code,
        "group_description": "",
        "contract_expiry_timezone": "",
        "group_short_description": "",
        "risk_managed_by": "",
        "contract_expiry_type": "EXPIRING" if expiry else "PERPETUAL",
        "contract_display_name": status.display_name,
    }


def _expiry(text: str) -> str | None:
    match = _DAY.match(text)
    if match is None or match[2] not in _MONTHS:
        return None
    return f"20{match[3]}-{_MONTHS.index(match[2]) + 1:02}-{match[1]}T00:00:00Z"
