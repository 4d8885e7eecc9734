"""The fees of an account over HTTP."""

from __future__ import annotations

from .asking import BROKERAGE, MARKET, ask, guessed, market


def test_nothing_is_known_of_fees() -> None:
    summary, made_up = guessed(f"{BROKERAGE}transaction_summary?product_type=SPOT", market())
    assert made_up == "an account without trades"
    assert (summary["total_volume"], summary["total_fees"], summary["has_promo_fee"]) == (0, 0, False)
    assert set(summary["fee_tier"].values()) == {""}
    assert summary["fee_tier"].keys() >= {"taker_fee_rate", "maker_fee_rate"}


def test_they_are_nobody_elses() -> None:
    assert ask(f"{MARKET}transaction_summary", market()) is None
