"""What becomes of clients who ask for more than is recorded, or read too slowly, at every venue."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.auth import Auth
from feedrec.feeds.server_half.closing import ClosingServer, read_closing
from feedrec.feeds.venue import Catalogue, Close, FeedServer, Remark, Reply, Send

START = 1_786_309_548_000_000_000
PAIR = ("BTC-USD", "ETH-USD")
PRICES = "market@crypto_latest_price"
CATALOGUES: dict[str, Catalogue] = {
    "coinbase-advanced": {"level2": PAIR, "ticker": PAIR, "status": ("",)},
    "coinbase-exchange": {"level2_batch": PAIR, "ticker": PAIR, "status": ("",), "user": ("",)},
    "coinmarketcap": {PRICES: ("1", "1027"), "onchain@transaction": ("",)},
}


def server(venue: str, catalogue: Catalogue | None = None, **settings: str) -> FeedServer:
    feed: Any = find_feed(venue)
    half: FeedServer = feed.server(
        CATALOGUES[venue] if catalogue is None else catalogue, settings, Auth(now=lambda: START)
    )
    return half


def advanced(channel: str, *products: str, kind: str = "subscribe") -> bytes:
    return json.dumps({"type": kind, "channel": channel, "product_ids": products}).encode()


def exchange(*channels: str, products: tuple[str, ...] = PAIR, kind: str = "subscribe") -> bytes:
    return json.dumps({"type": kind, "channels": channels, "product_ids": products}).encode()


def prices(*ids: int, channel: str = PRICES) -> bytes:
    return json.dumps({"method": "subscribe", "id": 1, "channel": channel, "params": {"crypto_ids": ids}}).encode()


def sent(replies: list[Reply]) -> list[Any]:
    return [json.loads(bytes(reply.payload)) for reply in replies if isinstance(reply, Send)]


LACKING = [
    ("coinbase-advanced", advanced("level2", "BTC-USD", "DOGE-USD"), Subscription("level2", ("DOGE-USD",))),
    ("coinbase-advanced", advanced("candles", "BTC-USD"), Subscription("candles", ("BTC-USD",))),
    ("coinbase-advanced", advanced("ticker_batch", "DOGE-USD"), Subscription("ticker_batch", ("DOGE-USD",))),
    ("coinbase-exchange", exchange("ticker", products=("SOL-USD",)), Subscription("ticker", ("SOL-USD",))),
    ("coinbase-exchange", exchange("matches"), Subscription("matches", PAIR)),
    ("coinbase-exchange", exchange("rfq_matches", products=()), Subscription("rfq_matches")),
    ("coinmarketcap", prices(1, 2), Subscription(PRICES, (), {"crypto_ids": [2]})),
]

NOT_LACKING = [
    ("coinbase-advanced", advanced("level2", *PAIR)),
    ("coinbase-advanced", advanced("status", "BTC-USD")),
    ("coinbase-advanced", advanced("ticker_batch", "BTC-USD")),
    ("coinbase-advanced", advanced("heartbeats")),
    ("coinbase-advanced", advanced("level2", "DOGE-USD", kind="unsubscribe")),
    ("coinbase-advanced", advanced("level2", "no-such-product")),
    ("coinbase-advanced", advanced("no-such-channel", "BTC-USD")),
    ("coinbase-advanced", b"not JSON"),
    ("coinbase-exchange", exchange("level2_batch", "heartbeat", "status")),
    ("coinbase-exchange", exchange("level2")),  # needs credentials, and none are given
    ("coinbase-exchange", exchange("matches", products=())),
    ("coinbase-exchange", exchange("matches", kind="unsubscribe")),
    ("coinbase-exchange", b"[]"),
    ("coinmarketcap", prices(1, 1027)),
    ("coinmarketcap", prices()),
    ("coinmarketcap", prices(1, channel="no-such-channel")),
    ("coinmarketcap", b'{"method":"ping"}'),
]


@pytest.mark.parametrize(("venue", "message", "lacking"), LACKING)
def test_what_is_beyond_the_catalogue_is_told(venue: str, message: bytes, lacking: Subscription) -> None:
    assert server(venue).lacking(message) == [lacking]


@pytest.mark.parametrize(("venue", "message"), NOT_LACKING)
def test_nothing_is_lacking_that_is_recorded_or_made_or_refused_whatever_is_recorded(
    venue: str, message: bytes
) -> None:
    assert server(venue).lacking(message) == []


def test_a_channel_without_products_in_the_catalogue_has_them_all() -> None:
    message = json.dumps({"type": "subscribe", "channels": ["user"], "product_ids": PAIR, "signature": "s"}).encode()
    assert server("coinbase-exchange").lacking(message) == []


def test_what_is_recorded_since_is_lacking_no_more_and_can_be_had() -> None:
    catalogue: dict[str, tuple[str, ...]] = {"ticker": ("BTC-USD",)}
    half = server("coinbase-exchange", catalogue, lacking="refused")
    message = exchange("ticker", products=("ODD-ONE",))
    assert sent(half.on_message(message, START))[0]["reason"] == "ODD-ONE is not a valid product"
    catalogue["ticker"] = ("BTC-USD", "ODD-ONE")
    assert half.lacking(message) == []
    assert sent(half.on_message(message, START))[0]["channels"][0]["product_ids"] == ["ODD-ONE"]


def test_exchange_refuses_what_is_not_recorded_as_it_refuses_what_it_does_not_have() -> None:
    half = server("coinbase-exchange", lacking="refused")
    replies = half.on_message(exchange("ticker", "matches", products=("BTC-USD", "SOL-USD")), START)
    reasons = [message.get("reason") for message in sent(replies)]
    assert reasons == ["SOL-USD is not a valid product", "matches is not a valid channel", None]
    assert sent(replies)[-1]["channels"] == [{"name": "ticker", "product_ids": ["BTC-USD"], "account_ids": None}]
    assert [one.text.partition(",")[0] for one in replies if isinstance(one, Remark)] == [
        "asks for ticker SOL-USD",
        "asks for matches",
    ]


def test_advanced_leaves_out_products_that_are_not_recorded_and_refuses_channels() -> None:
    half = server("coinbase-advanced", lacking="refused")
    assert sent(half.on_message(advanced("level2", "SOL-USD"), START))[-1]["events"] == [{"subscriptions": {}}]
    (remark,) = (one for one in half.on_message(advanced("level2", "SOL-USD"), START) if isinstance(one, Remark))
    assert "level2 SOL-USD" in remark.text
    refused = half.on_message(advanced("candles", "BTC-USD"), START)
    assert sent(refused) == [{"type": "error", "message": "authentication failure"}]
    assert sent(half.on_message(advanced("candles", kind="unsubscribe"), START))[0]["channel"] == "subscriptions"


def test_advanced_has_heartbeats_and_batches_of_tickers_though_they_are_not_recorded() -> None:
    half = server("coinbase-advanced", lacking="refused")
    for message in (advanced("heartbeats"), advanced("ticker_batch", "BTC-USD")):
        assert not any(isinstance(reply, Remark) for reply in half.on_message(message, START))
    assert dict.fromkeys(half.subscribed["ticker_batch"]) == {"BTC-USD": None}


@pytest.mark.parametrize(
    ("message", "code"), [(prices(2), "2402"), (prices(1, channel="onchain@kline"), "2401")], ids=["id", "channel"]
)
def test_coinmarketcap_refuses_with_its_codes(message: bytes, code: str) -> None:
    (reply,) = sent(server("coinmarketcap", lacking="refused").on_message(message, START))
    assert reply["status"]["error_code"] == code


def test_coinmarketcap_says_that_a_channel_is_not_there_of_which_nothing_is_recorded() -> None:
    half = server("coinmarketcap", {"onchain@transaction": ("",)}, lacking="refused")
    (reply,) = sent(half.on_message(prices(1), START))
    assert reply["status"]["error_code"] == "2301"


@pytest.mark.parametrize(
    ("venue", "settings", "expected"),
    [
        ("coinbase-exchange", {}, [{"type": "error", "message": "ErrSlowConsume"}, Close(1008, "ErrSlowConsume")]),
        (
            "coinbase-advanced",
            {"slow_error": "x", "slow_code": "1001"},
            [{"type": "error", "message": "x"}, Close(1001, "x")],
        ),
        ("coinmarketcap", {}, [Close(1011, "Send failure")]),
    ],
)
def test_a_client_that_reads_too_slowly_is_told_and_closed(
    venue: str, settings: dict[str, str], expected: list[object]
) -> None:
    replies = server(venue, None, **settings).on_slow()
    assert [*sent(replies), replies[-1]] == expected


def test_a_venue_that_is_not_asked_about_it_lacks_nothing_and_closes_who_is_slow() -> None:
    assert FeedServer.lacking(server("coinmarketcap"), prices(5)) == []
    assert FeedServer.on_slow(server("coinmarketcap")) == [Close(1008, "too slow")]


def test_what_stands_in_front_of_a_venue_passes_both_on() -> None:
    closing = read_closing({"close_after": "5"}, "x", {})
    assert closing is not None
    half = ClosingServer(server("coinmarketcap"), closing)
    assert half.lacking(prices(5)) == [Subscription(PRICES, (), {"crypto_ids": [5]})]
    assert half.on_slow() == [Close(1011, "Send failure")]
