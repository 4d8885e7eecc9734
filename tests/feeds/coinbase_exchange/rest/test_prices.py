"""Ticker and stats: from the last ticker, else from what else is known."""

from __future__ import annotations

from feedrec.feeds.rest import GUESSED
from feedrec.http_messages import HttpRequest

from .asking import REST, ago, ask, frame, market, match, ticker, told


def test_a_ticker_is_answered_key_for_key_as_the_venue_writes_it() -> None:
    answer = ask("/products/BTC-USD/ticker", market(ticker(price="1"), ticker(time="2022-10-19T23:28:22.061769Z")))
    assert answer.body == (
        b'{"ask":"1285.27","bid":"1285.04","volume":"245532.79269678","trade_id":370843401,"price":"1285.22",'
        b'"size":"11.4396987","time":"2022-10-19T23:28:22.061769Z","rfq_volume":"0.000000"}'
    )
    assert answer.headers == ()


def test_stats_are_answered_key_for_key_as_the_venue_writes_them() -> None:
    assert ask("/products/BTC-USD/stats", market(ticker())).body == (
        b'{"open":"1310.79","high":"1313.8","low":"1280.52","last":"1285.22","volume":"245532.79269678",'
        b'"volume_30day":"9788783.60117027","rfq_volume_24hour":"0.000000","rfq_volume_30day":"0.000000",'
        b'"conversions_volume_24hour":"0.000000","conversions_volume_30day":"0.000000"}'
    )


def test_without_a_ticker_the_last_match_and_the_book_tell_the_price_and_the_rest_is_said_to_be_guessed() -> None:
    book = frame("snapshot", asks=[["100.50", "1"]], bids=[["99.50", "1"]])
    recorded = market(book, match(7, price="100.25", size="0.5"))
    answer = ask("/products/BTC-USD/ticker", recorded)
    assert dict(answer.headers)[GUESSED] == "no ticker is recorded: volumes, and prices of 24 hours"
    assert told("/products/BTC-USD/ticker", recorded) == {
        "ask": "100.50",
        "bid": "99.50",
        "volume": "0",
        "trade_id": 7,
        "price": "100.25",
        "size": "0.5",
        "time": ago(1),
        "rfq_volume": "0.000000",
    }
    stats = ask("/products/BTC-USD/stats", recorded)
    assert GUESSED in dict(stats.headers)
    assert told("/products/BTC-USD/stats", recorded)["open"] == "100.25"


def test_a_ticker_that_lacks_something_is_answered_all_the_same() -> None:
    """A product that was not traded yet has no first trade, and nulls."""
    bare = frame("ticker", price="5", best_bid=None, open_24h=None, volume_24h=None)
    answer = told("/products/BTC-USD/ticker", market(bare))
    assert (answer["bid"], answer["ask"], answer["trade_id"], answer["volume"]) == ("5", "5", 0, "0")


def test_of_a_product_without_a_price_nothing_is_told() -> None:
    for what in ("ticker", "stats"):
        request = HttpRequest("GET", f"/products/ETH-USD/{what}")
        assert REST.answer(request, market(ticker())) is None
