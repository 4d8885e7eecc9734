"""
The keys of products and currencies, in the order in which the venue writes them, with what they mostly are.

What a frame does not tell has these values: they are neutral, or usual.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...rest.currencies import MONEY

__all__ = ["CURRENCY", "PRODUCT", "details_of"]

PRODUCT: Mapping[str, Any] = {
    "id": "",
    "base_currency": "",
    "quote_currency": "",
    "quote_increment": "0.01",
    "base_increment": "0.00000001",
    "display_name": "",
    "min_market_funds": "1",
    "margin_enabled": False,
    "post_only": False,
    "limit_only": False,
    "cancel_only": False,
    "status": "online",
    "status_message": "",
    "trading_disabled": False,
    "fx_stablecoin": False,
    "max_slippage_percentage": "0.02000000",
    "auction_mode": False,
    "high_bid_limit_percentage": "",
}
"""
The keys of a product, in the order in which the venue writes them, with what they mostly are (an answer of 2026-05-31
that others recorded in their tests). Of these `fetch_markets` of ccxt 4.5.90 reads `id`, `status`, `margin_enabled`,
`base_increment`, `quote_increment` and `min_market_funds`; `Product` of coinbase-pro-node 9.1.0 has others that the
venue wrote until 2022 (`base_min_size`, `base_max_size`, `max_market_funds`): they are there if frames have them.
"""

CURRENCY: Mapping[str, Any] = {
    "id": "",
    "name": "",
    "min_size": "0.00000001",
    "status": "online",
    "message": "",
    "max_precision": "0.00000001",
    "convertible_to": [],
    "details": {},
    "default_network": "",
    "supported_networks": [],
    "display_name": "",
}
"""The keys of a currency, likewise (`fetch_currencies` of ccxt 4.5.90 has an answer as its example)."""

_DETAILS: Mapping[str, Any] = {
    "type": "crypto",
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
}
"""The keys of a currency's details (the same, and `CurrencyDetail` of coinbase-pro-node 9.1.0)."""


def details_of(currency: str) -> dict[str, Any]:
    """Return the details of a currency of which nothing but its code is known."""
    return {**_DETAILS, "type": "fiat" if currency in MONEY else "crypto"}
