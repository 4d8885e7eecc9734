"""The endpoints of Advanced Trade as a whole."""

from __future__ import annotations

from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.base import BookSubscription
from feedrec.feeds.coinbase_advanced import CoinbaseAdvanced

FEED = find_feed("coinbase-advanced")


def test_the_account_is_on_one_connection_alone() -> None:
    """One for each user, says the document of the channel."""
    products = tuple(f"A{number}-USD" for number in range(61))
    spread = FEED.spread([Subscription("level2", products), Subscription("user"), Subscription("heartbeats")])
    assert len(spread) == 3
    assert [Subscription("user") in connection for connection in spread] == [True, False, False]


def test_other_products_of_user_need_a_new_connection() -> None:
    """Unsubscribe, close, reopen, says the document of the channel."""
    user, ticker = Subscription("user", ("BTC-USD",)), Subscription("ticker", ("BTC-USD",))
    assert FEED.given_up_for([Subscription("user", ("ETH-USD",))], [ticker, user]) == [user]
    assert FEED.given_up_for([Subscription("user")], [ticker]) == []
    assert FEED.given_up_for([Subscription("ticker", ("ETH-USD",))], [ticker, user]) == []


def test_the_book_of_a_usdc_product_may_come_under_the_usd_name() -> None:
    """Says the overview; everything else comes as it is called."""
    wanted = [Subscription("level2", ("BTC-USDC", "ETH-USD")), Subscription("ticker", ("BTC-USD",))]
    assert isinstance(FEED, CoinbaseAdvanced)
    assert FEED.books(wanted) == [
        BookSubscription(Subscription("level2", ("BTC-USDC",)), "level2", ("BTC-USDC", "BTC-USD")),
        BookSubscription(Subscription("level2", ("ETH-USD",)), "level2", ("ETH-USD",)),
    ]
