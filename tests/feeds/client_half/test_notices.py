"""What client halves say."""

from __future__ import annotations

from feedrec.feeds import Gap, Subscription
from feedrec.feeds.client_half.notices import gap_notice, missing_notice


def test_a_gap_tells_its_numbers_and_where_it_is_if_that_is_known() -> None:
    notice = gap_notice(Gap(5, 8))
    assert notice.text == "gap: 3 frames lost by the venue or the network (expected 5, received 8)"
    assert (notice.severity, notice.event) == ("warning", "gap")
    assert notice.details == {"expected": 5, "received": 8, "missing": 3}
    there = gap_notice(Gap(5, 8), "full", "BTC-USD")
    assert there.details == {**notice.details, "channel": "full", "product": "BTC-USD"}
    assert "3 frames of full BTC-USD lost" in there.text


def test_what_is_missing_is_told_as_subscriptions() -> None:
    notice = missing_notice([Subscription("ticker", ("A-B", "C-D")), Subscription("status")])
    assert notice.text == "the venue did not accept ticker A-B C-D, status: no such product?"
    assert (notice.severity, notice.event) == ("warning", "missing")
    assert notice.details == {
        "subscriptions": [{"channel": "ticker", "products": ["A-B", "C-D"]}, {"channel": "status"}]
    }
