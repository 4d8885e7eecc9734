"""From what a person asks for to subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from feedrec.errors import UsageError
from feedrec.feeds import Channel, Feed, Subscription, find_feed, subscribe_to
from feedrec.feeds.channel_requests import (
    ChannelRequest,
    Wanted,
    missing_credentials,
    read_channel,
    resolve_channels,
    unknown_channels,
)

FEED = find_feed("coinbase-advanced")
EXCHANGE = find_feed("coinbase-exchange")
USER_FEED = find_feed("coinbase-advanced-user")


def test_nothing_asked_for_is_the_default_and_heartbeats() -> None:
    assert subscribe_to(FEED, [], []) == [Subscription("level2", ("BTC-USD",)), Subscription("heartbeats")]


def test_products_are_those_of_the_channel_or_else_of_all() -> None:
    requests = [("ticker", ["ETH-BTC", "ETH-USD"]), ("level2", [])]
    assert subscribe_to(FEED, requests, ["SOL-USD"]) == [
        Subscription("ticker", ("ETH-BTC", "ETH-USD")),
        Subscription("level2", ("SOL-USD",)),
        Subscription("heartbeats"),
    ]


def test_a_channel_named_twice_is_one_subscription_with_each_product_once() -> None:
    requests = [("level2", ["ETH-USD"]), ("l2_data", ["BTC-USD", "ETH-USD", "BTC-USD"])]
    assert subscribe_to(FEED, requests, [], heartbeats=False) == [Subscription("level2", ("ETH-USD", "BTC-USD"))]


def test_heartbeats_come_once() -> None:
    requests: list[tuple[str, list[str]]] = [("heartbeats", []), ("ticker", [])]
    assert subscribe_to(FEED, requests, []) == [Subscription("heartbeats"), Subscription("ticker", ("BTC-USD",))]


@pytest.mark.parametrize(
    ("feed", "wanted", "said"),
    [
        (FEED, "heartbeats:BTC-USD", "heartbeats of coinbase-advanced takes no products: leave out BTC-USD"),
        (FEED, ("futures_balance_summary", "A-B"), "futures_balance_summary of coinbase-advanced takes no products"),
        (FEED, Subscription("heartbeats", ("A-B",)), "takes no products: leave out A-B"),
        (EXCHANGE, ["ticker", "status:A-B,C-D"], "status of coinbase-exchange takes no products: leave out A-B, C-D"),
    ],
)
def test_products_of_a_channel_that_takes_none_are_an_error(feed: Feed, wanted: Wanted, said: str) -> None:
    """Whoever asks for them would think that they are recorded."""
    with pytest.raises(UsageError, match=said):
        resolve_channels(feed, wanted)
    with pytest.raises(UsageError, match="takes no products"):
        resolve_channels(feed, wanted, use_defaults=False)


def test_products_for_channels_none_of_which_takes_any_are_an_error() -> None:
    """But those that do take them may stand beside others."""
    with pytest.raises(UsageError, match="heartbeats and futures_balance_summary of coinbase-advanced take no"):
        subscribe_to(FEED, [("heartbeats", []), ("futures_balance_summary", [])], ["A-B"])
    both = subscribe_to(EXCHANGE, [("status", []), ("ticker", [])], ["A-B"], heartbeats=False)
    assert both == [Subscription("status"), Subscription("ticker", ("A-B",))]


@pytest.mark.parametrize(
    "wanted", [5, None, [5], [b"ticker"], [("status",)], [("ticker", 5)], [("ticker", None)], [("ticker", [5])]]
)
def test_what_is_no_channel_at_all_is_refused_in_a_sentence(wanted: Any) -> None:
    with pytest.raises(UsageError, match=r"^a channel is asked for as 'ticker:BTC-USD' or .*, not "):
        resolve_channels(FEED, wanted)


@pytest.mark.parametrize("asked_for", ["status", "user", "balance:d50ec984-77a8-460a-b958-66f114b0de9b"])
def test_no_heartbeats_are_asked_for_where_no_product_could_have_them(asked_for: str) -> None:
    """The client leaves them out of its message, so that a recording that lists them would never be complete."""
    (name, products, _) = read_channel(asked_for)
    request = ChannelRequest(name, products)
    assert subscribe_to(EXCHANGE, [request], []) == [Subscription(name, products)]
    with_ticker = subscribe_to(EXCHANGE, [request, ChannelRequest("ticker", ("A-B",))], [])
    assert with_ticker == [Subscription(name, products), Subscription("ticker", ("A-B",)), Subscription("heartbeat")]


def test_status_without_products_means_all() -> None:
    """As the document says of Advanced Trade."""
    assert resolve_channels(FEED, "status") == [Subscription("status")]
    assert resolve_channels(FEED, "status", "BTC-USD") == [Subscription("status", ("BTC-USD",))]


@pytest.mark.parametrize(
    ("wanted", "subscribed"),
    [
        ([("ticker", "BTC-USD")], [Subscription("ticker", ("BTC-USD",))]),
        ([("ticker", ["BTC-USD"])], [Subscription("ticker", ("BTC-USD",))]),
        (("ticker", "BTC-USD"), [Subscription("ticker", ("BTC-USD",))]),
        (("ticker", ["BTC-USD", "ETH-USD"]), [Subscription("ticker", ("BTC-USD", "ETH-USD"))]),
        (("ticker", ("BTC-USD",)), [Subscription("ticker", ("BTC-USD",))]),
        (("ticker", ()), [Subscription("ticker", ("SOL-USD",))]),
        (("ticker", "level2"), [Subscription("ticker", ("SOL-USD",)), Subscription("level2", ("SOL-USD",))]),
        (("ticker", "l2_data:A-B"), [Subscription("ticker", ("SOL-USD",)), Subscription("level2", ("A-B",))]),
        (["ticker", "level2"], [Subscription("ticker", ("SOL-USD",)), Subscription("level2", ("SOL-USD",))]),
        (
            (("ticker", "A-B"), ("level2", "C-D")),
            [Subscription("ticker", ("A-B",)), Subscription("level2", ("C-D",))],
        ),
        (
            ("ticker", Subscription("level2")),
            [Subscription("ticker", ("SOL-USD",)), Subscription("level2", ("SOL-USD",))],
        ),
        (ChannelRequest("ticker", ("A-B",)), [Subscription("ticker", ("A-B",))]),
        ("ticker:A-B", [Subscription("ticker", ("A-B",))]),
    ],
)
def test_a_text_is_one_product_and_a_pair_one_subscription(
    wanted: Wanted | Sequence[Wanted], subscribed: list[Subscription]
) -> None:
    """No product is taken for its letters, and no pair for two channels unless it is two channels."""
    assert resolve_channels(FEED, wanted, "SOL-USD") == subscribed
    assert resolve_channels(FEED, wanted, ["SOL-USD"]) == subscribed


@pytest.mark.parametrize(
    ("name", "suggestion"), [("heartbeat", "heartbeats"), ("level_2", "level2"), ("market_trade", "market_trades")]
)
def test_a_channel_that_is_unknown_gets_a_suggestion(name: str, suggestion: str) -> None:
    with pytest.raises(UsageError, match=f"no channel '{name}'; did you mean '{suggestion}'") as caught:
        subscribe_to(FEED, [(name, [])], [])
    assert all(channel in str(caught.value) for channel in FEED.channels)


@pytest.mark.parametrize("feed", [FEED, USER_FEED, EXCHANGE])
def test_a_channel_that_the_catalogue_lacks_can_be_added_to_the_feed(feed: Feed) -> None:
    requests: list[tuple[str, list[str]]] = [("level3000", ["A-B"]), (next(iter(feed.channels)), []), ("new", [])]
    assert unknown_channels(feed, requests) == ["level3000", "new"]
    before = dict(feed.channels)
    wider = feed.with_channels(["level3000", "new", *before])
    assert feed.channels == before
    assert unknown_channels(wider, requests) == []
    assert wider.channels == before | {
        name: Channel(name, "not in feedrec's catalogue") for name in ("level3000", "new")
    }
    subscriptions = subscribe_to(wider, [("level3000", ["A-B"]), ("new", [])], ["C-D"], heartbeats=False)
    assert subscriptions == [Subscription("level3000", ("A-B",)), Subscription("new", ("C-D",))]
    message = wider.client(subscriptions).on_open(0)[0].payload
    assert b"level3000" in message
    assert b"A-B" in message


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    with pytest.raises(UsageError, match=r"no channel 'xyzzy' \(it has level2"):
        subscribe_to(FEED, [("xyzzy", [])], [])


def test_the_default_products_are_not_added_where_a_channel_can_have_all() -> None:
    assert subscribe_to(USER_FEED, [], []) == [Subscription("user"), Subscription("heartbeats")]
    requests: list[tuple[str, list[str]]] = [("user", []), ("ticker", [])]
    both = [Subscription("user"), Subscription("ticker", ("BTC-USD",))]
    assert subscribe_to(FEED, requests, [], heartbeats=False) == both


def test_products_that_a_person_named_are_those_of_user_too() -> None:
    requests: list[tuple[str, list[str]]] = [("user", []), ("futures_balance_summary", [])]
    assert subscribe_to(USER_FEED, requests, ["ETH-USD"], heartbeats=False) == [
        Subscription("user", ("ETH-USD",)),
        Subscription("futures_balance_summary"),
    ]


def test_what_is_open_to_everybody_lacks_no_credentials() -> None:
    assert missing_credentials(FEED, [Subscription("level2", ("BTC-USD",)), Subscription("heartbeats")]) is None


@pytest.mark.parametrize(
    ("feed", "channels", "beginning"),
    [
        (FEED, ["level2", "user", "heartbeats"], "user of coinbase-advanced needs credentials, "),
        (
            FEED,
            ["user", "futures_balance_summary"],
            "user and futures_balance_summary of coinbase-advanced need credentials, ",
        ),
        (USER_FEED, ["user", "heartbeats"], "coinbase-advanced-user needs credentials, "),
        (USER_FEED, ["heartbeats"], "coinbase-advanced-user needs credentials, "),
    ],
)
def test_missing_credentials_are_told_in_a_line_with_the_variables(
    feed: Feed, channels: list[str], beginning: str
) -> None:
    text = missing_credentials(feed, [Subscription(channel) for channel in channels])
    assert text is not None
    assert text.startswith(f"{beginning}an API key of the Coinbase Developer Platform")
    assert ": set COINBASE_API_KEY and COINBASE_API_SECRET, or give a key file, " in text
    assert "\n" not in text
