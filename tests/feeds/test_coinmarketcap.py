"""The endpoint of CoinMarketCap: credentials, connections, and what a run uses of a plan."""

from __future__ import annotations

import pytest

from feedrec.errors import UsageError
from feedrec.feeds import Subscription
from feedrec.feeds.api_key import ApiKey
from feedrec.feeds.channel_requests import ChannelRequest, missing_credentials, subscribe_to
from feedrec.feeds.coinmarketcap import FEEDS
from feedrec.feeds.credentials import ExchangeKey
from feedrec.feeds.server_half.closing import ClosingServer, read_closing
from feedrec.feeds.venue import Close, Handshake
from feedrec.model import FrameInfo

FEED = FEEDS["coinmarketcap"]
PRICES = "market@crypto_latest_price"
CHANNELS = {
    PRICES,
    "onchain@token_agg_event",
    "onchain@transaction",
    "onchain@liquidity_event",
    "onchain@kline",
    "onchain@token_metric",
    "onchain@pool_metric",
    "onchain@unique_trader",
    "onchain@holders_metrics",
    "onchain@holder_wallet_update",
}


def prices(*ids: int) -> Subscription:
    return Subscription(PRICES, params={"crypto_ids": list(ids)})


def tokens(count: int) -> list[Subscription]:
    params = {"platform_id": 14}
    return [Subscription("onchain@transaction", params=params | {"address": [f"0x{one:x}"]}) for one in range(count)]


def test_it_is_the_documented_endpoint_with_the_ten_channels() -> None:
    assert FEED.url == "wss://pro-stream.coinmarketcap.com/v1"
    assert set(FEED.channels) == CHANNELS


def test_what_a_person_writes_is_subscribed_each_with_its_parameters() -> None:
    requests = [
        ChannelRequest("onchain@kline", (), "platform_id=14&address=0xabc,0xdef&interval=1m"),
        ChannelRequest("onchain@kline", (), "platform_id=16&address=DJpd&interval=5m"),
    ]
    assert subscribe_to(FEED, requests, ()) == [
        Subscription("onchain@kline", (), {"platform_id": 14, "address": ["0xabc", "0xdef"], "interval": "1m"}),
        Subscription("onchain@kline", (), {"platform_id": 16, "address": ["DJpd"], "interval": "5m"}),
    ]


def test_there_is_no_default_channel() -> None:
    with pytest.raises(UsageError, match=r"no default channel: give one, such as -c 'market@crypto_latest_price\?"):
        subscribe_to(FEED, [], ())


def test_a_channel_without_its_parameters_is_refused() -> None:
    with pytest.raises(UsageError, match="onchain@kline needs platform_id and address and interval"):
        subscribe_to(FEED, [("onchain@kline", ())], ())


def test_everything_needs_the_api_key() -> None:
    text = missing_credentials(FEED, [prices(1)])
    assert text is not None
    assert text.startswith("coinmarketcap needs credentials, an API key of CoinMarketCap")
    assert "of the Startup plan or one above it" in text
    assert "set CMC_PRO_API_KEY" in text


def test_the_key_goes_with_the_handshake() -> None:
    assert FEED.headers(ApiKey("s3cret")) == {"X-CMC_PRO_API_KEY": "s3cret"}
    assert FEED.headers(None) == {}


def test_the_key_of_another_venue_is_refused_unseen() -> None:
    key = ExchangeKey("s3cret", "c2VjcmV0", "s3cret")
    for refuse in (lambda: FEED.headers(key), lambda: FEED.client([prices(1)], key)):
        with pytest.raises(UsageError, match="takes an API key of CoinMarketCap, not ExchangeKey") as caught:
            refuse()
        assert "s3cret" not in str(caught.value)


def test_nothing_tells_of_a_gap() -> None:
    rule = FEED.sequence_rule(from_start=True)
    assert [rule.observe(FrameInfo("c", ("1",), number, "update")) for number in (None, 1, 9)] == [None, None, None]


# 100 subscriptions a connection, 10 connections


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50]), (1000, [100] * 10)]
)
def test_a_hundred_subscriptions_go_on_a_connection(count: int, sizes: list[int]) -> None:
    connections = FEED.spread(tokens(count))
    assert [len(one) for one in connections] == sizes
    assert [subscription for one in connections for subscription in one] == tokens(count)


def test_what_ten_connections_do_not_carry_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^1001 subscriptions are too many: a plan has 10 connections of 100 each"):
        FEED.spread(tokens(1001))


def test_a_duplicate_is_paid_once() -> None:
    assert FEED.spread([prices(1, 2), prices(3), prices(2, 1)]) == [[prices(1, 2), prices(3)]]


def test_spread_refuses_what_lacks_parameters() -> None:
    with pytest.raises(UsageError, match="needs crypto_ids"):
        FEED.spread([Subscription(PRICES)])


# What a run uses of a plan

ONE = "1 connection of 10,"
BOTH_PRICES = "credits at 0.1 a subscription, or 0.025 a message (its pages name both prices)"


@pytest.mark.parametrize(
    ("subscriptions", "text"),
    [
        (tokens(1), f"{ONE} 1 subscription of 100 on it; 0.1 {BOTH_PRICES}"),
        (tokens(250), f"3 connections of 10, 250 subscriptions of 300 on them; 25 {BOTH_PRICES}"),
        (
            [prices(1)],
            f"{ONE} 1 subscription of 100 on it; 0.1 {BOTH_PRICES}: up to 18 an hour for prices of 1 cryptocurrency",
        ),
        (
            [prices(1, 1027), prices(1, 5)],
            f"{ONE} 2 subscriptions of 100 on it; 0.2 {BOTH_PRICES}: up to 54 an hour for prices of 3 cryptocurrencies",
        ),
    ],
)
def test_both_prices_are_told_before_a_run(subscriptions: list[Subscription], text: str) -> None:
    assert FEED.plan_of(subscriptions) == text


def test_a_plan_that_cannot_be_has_no_price() -> None:
    with pytest.raises(UsageError, match="too many"):
        FEED.plan_of(tokens(1001))


# Settings


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("sub_limits", "3", "coinmarketcap has no setting 'sub_limits'"),
        ("pong", "other", "setting pong of coinmarketcap cannot be 'other': use documented or observed"),
        ("close_handshake", "4001", "use 0, 4004, 4100, 4101 or 4102"),
        ("refuse_with", "1", "coinmarketcap has no error code 1 "),
    ],
)
def test_a_setting_that_cannot_be_is_refused(name: str, value: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        FEED.server({}, {name: value})


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1000, "Normal close"),
        (1001, "Write idle timeout"),
        (1011, "Send failure"),
        (1012, "Frame sink cancellation"),
        (1013, "Close topic signal"),
        (1014, "Unknown close reason"),
    ],
)
def test_a_close_that_is_set_has_the_documented_reason(code: int, reason: str) -> None:
    """Here after the first frame, which is the welcome."""
    closing = read_closing({"close_after": "1", "close_code": str(code)}, FEED.name, FEED.close_reasons)
    assert closing is not None
    venue = ClosingServer(FEED.server({}, {}), closing)
    _, close = venue.on_open(Handshake("/v1?CMC_PRO_API_KEY=x", {}), 1)
    assert close == Close(code, reason)
