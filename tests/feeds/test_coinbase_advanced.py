"""The endpoints of Advanced Trade as a whole."""

from __future__ import annotations

from feedrec.feeds import Subscription, find_feed

FEED = find_feed("coinbase-advanced")


def test_other_products_of_user_need_a_new_connection() -> None:
    """Unsubscribe, close, reopen, says the document of the channel."""
    user, ticker = Subscription("user", ("BTC-USD",)), Subscription("ticker", ("BTC-USD",))
    assert FEED.given_up_for([Subscription("user", ("ETH-USD",))], [ticker, user]) == [user]
    assert FEED.given_up_for([Subscription("user")], [ticker]) == []
    assert FEED.given_up_for([Subscription("ticker", ("ETH-USD",))], [ticker, user]) == []
