"""What was meant by a name is told if one is close, and else nothing is."""

from __future__ import annotations

from feedrec.spelling import closest_name, did_you_mean


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    assert did_you_mean("xyzzy", ["level2", "ticker"]) == ""


def test_a_misspelled_name_gets_the_one_that_is_close() -> None:
    assert did_you_mean("tikcer", ["level2", "ticker"]) == "; did you mean 'ticker'?"


def test_capitals_alone_come_before_what_is_close() -> None:
    assert closest_name("btc-usd", ["BTC-USDC", "BTC-USD"]) == "BTC-USD"


def test_a_name_must_be_as_close_as_wanted() -> None:
    assert closest_name("tik", ["ticker"]) == ""
    assert closest_name("tik", ["ticker"], 0.6) == "ticker"
