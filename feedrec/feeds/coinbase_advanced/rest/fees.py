"""
The fees of an account, which `coinbase.load_markets` of ccxt 4.5.90 asks for if it has keys.

Shape: `coinbase.fetch_markets_v3` and `fetch_trading_fees` of ccxt 4.5.90; `GetTransactionSummaryResponse` and
`FeeTier` of coinbase-advanced-py 1.8.4.
"""

from __future__ import annotations

from ....http_messages import HttpAnswer, HttpRequest
from ...rest.json_answers import json_answer
from .recorded import Recorded

__all__ = ["transaction_summary"]

_TIER = ("pricing_tier", "usd_from", "usd_to", "taker_fee_rate", "maker_fee_rate", "aop_from", "aop_to")


def transaction_summary(_request: HttpRequest, _recorded: Recorded) -> HttpAnswer:
    """Answer for an account that has not traded, and of whose fees nothing is known: clients take their own then."""
    answer = {
        "total_volume": 0,
        "total_fees": 0,
        "fee_tier": dict.fromkeys(_TIER, ""),
        "margin_rate": None,
        "goods_and_services_tax": None,
        "advanced_trade_only_volume": 0,
        "advanced_trade_only_fees": 0,
        "coinbase_pro_volume": 0,
        "coinbase_pro_fees": 0,
        "total_balance": "",
        "has_promo_fee": False,
    }
    return json_answer(answer, guessed="an account without trades")
