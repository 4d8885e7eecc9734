"""What client halves say."""

from __future__ import annotations

from feedrec.feeds import Gap, Reset, Subscription
from feedrec.feeds.client_half.notices import discontinuity_notice, gap_notice, missing_notice


def test_a_gap_tells_its_numbers_and_where_it_is_if_that_is_known() -> None:
    notice = gap_notice(Gap(5, 8))
    assert notice.text == "gap: 3 frames lost by the venue or the network (expected 5, received 8)"
    assert (notice.severity, notice.event) == ("warning", "gap")
    assert notice.details == {"expected": 5, "received": 8, "missing": 3}
    assert gap_notice(Gap(5, 6)).text.startswith("gap: 1 frame lost")
    there = gap_notice(Gap(5, 8), "full", "BTC-USD")
    assert there.details == {**notice.details, "channel": "full", "product": "BTC-USD"}
    assert "3 frames of full BTC-USD lost" in there.text


def test_a_reset_tells_its_numbers_and_what_is_counted() -> None:
    assert discontinuity_notice(Gap(5, 8), "full", "A-B") == gap_notice(Gap(5, 8), "full", "A-B")
    notice = discontinuity_notice(Reset(8, 0))
    assert notice.text == ("reset: the venue began its count anew, which may have lost frames (expected 8, received 0)")
    assert (notice.severity, notice.event) == ("warning", "reset")
    assert notice.details == {"expected": 8, "received": 0}
    there = discontinuity_notice(Reset(8, 0), "full", "BTC-USD")
    assert there.details == {**notice.details, "channel": "full", "product": "BTC-USD"}
    assert "its count of full BTC-USD anew" in there.text


def test_of_several_products_the_one_that_was_misspelled_is_named() -> None:
    meant = {"a-b": "A-B"}
    alone = missing_notice([Subscription("ticker", ("a-b",)), Subscription("candles", ("a-b",))], meant)
    assert alone.text == "the venue did not accept ticker a-b, candles a-b: did you mean A-B?"
    of_two = missing_notice([Subscription("ticker", ("a-b", "C-D"))], meant)
    assert of_two.text == "the venue did not accept ticker a-b C-D: did you mean A-B for a-b?"


def test_what_is_missing_is_told_as_subscriptions() -> None:
    notice = missing_notice([Subscription("ticker", ("A-B", "C-D")), Subscription("status")])
    assert notice.text == "the venue did not accept ticker A-B C-D, status: no such product?"
    assert (notice.severity, notice.event) == ("warning", "missing")
    assert notice.details == {
        "subscriptions": [{"channel": "ticker", "products": ["A-B", "C-D"]}, {"channel": "status"}]
    }
