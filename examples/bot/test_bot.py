"""The bot, tested on a recorded market: no network, no waiting, the same result each time."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from queue import Queue
from threading import Thread

import pytest
from bot import Bot, GapError, Signal, run
from websockets.exceptions import ConnectionClosedError

from feedrec.testing import FeedReplay

pytestmark = pytest.mark.feed("btc-usd.jsonl")  # in the folder feeds, as pytest.ini says


def test_what_the_bot_would_have_done(feed: FeedReplay) -> None:
    assert [(signal.side, str(signal.price)) for signal in run(Bot("BTC-USD"), feed.url)] == [
        ("sell", "91374.18"),
        ("buy", "91374.28"),
        ("sell", "91374.87"),
        ("buy", "91374.64"),
    ]


def test_the_book_is_never_crossed(feed: FeedReplay) -> None:
    """Whatever the venue sends, the best bid is below the best offer: else an update was lost or applied wrongly."""

    class Watched(Bot):
        def on_message(self, message: str | bytes) -> Signal | None:
            signal = super().on_message(message)
            assert not self.book.bids or self.book.best_bid < self.book.best_offer
            return signal

    bot = Watched("BTC-USD")
    list(run(bot, feed.url))
    assert (str(bot.book.best_bid), str(bot.book.best_offer)) == ("91373.89", "91373.92")


@pytest.mark.feed("btc-usd.jsonl", paused=True)
def test_it_buys_at_the_very_message_that_says_so(feed: FeedReplay) -> None:
    """Recorded time stands still until the test lets it go on; there is nothing to wait for by guess."""
    signals = Queue[Signal]()

    def follow() -> None:
        for signal in run(Bot("BTC-USD"), feed.url):
            signals.put(signal)

    bot = Thread(target=follow)
    bot.start()
    feed.wait_for_client(subscribed="market_trades:BTC-USD")
    feed.play_until("+1.31s")
    assert signals.get(timeout=10).side == "sell"
    assert signals.empty()
    feed.step()
    assert signals.get(timeout=10) == Signal("2026-11-21T17:02:01.30232742Z", "buy", Decimal("91374.28"))
    feed.resume()
    bot.join()


def test_a_message_that_was_lost_is_noticed() -> None:
    bot = Bot("BTC-USD")
    bot.on_message('{"channel":"subscriptions","timestamp":"","sequence_num":0,"events":[]}')
    with pytest.raises(GapError, match="expected message 1, got 2"):
        bot.on_message('{"channel":"subscriptions","timestamp":"","sequence_num":2,"events":[]}')


def test_a_connection_that_is_lost_is_an_error(feed_replay: Callable[..., FeedReplay]) -> None:
    """A bot that took it for the end of the day would stop without a word."""
    feed = feed_replay("btc-usd.jsonl", settings={"close_after": "50", "close_code": "1006"})
    with pytest.raises(ConnectionClosedError):
        list(run(Bot("BTC-USD"), feed.url))
