"""As few connections as a venue's limits allow."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds import FeedClient, Subscription
from feedrec.feeds.connections.limits import ConnectionLimits, limits_of
from feedrec.feeds.defaults import ClientDefaults, FeedDefaults

BEATS = Subscription("beats")


class Venue(FeedDefaults):
    """A venue with limits."""

    name = "venue"
    heartbeat_channel: str | None = "beats"

    def __init__(self, limits: ConnectionLimits | None = None) -> None:
        self.connection_limits = limits or ConnectionLimits()

    def client(self, subscriptions: Sequence[Subscription], credentials: object = None) -> FeedClient:  # noqa: ARG002
        return ClientDefaults()


def names(count: int) -> tuple[str, ...]:
    return tuple(f"P{number}" for number in range(count))


def sizes(groups: Sequence[Sequence[Subscription]], channel: str) -> list[int]:
    return [sum(len(one.products) for one in group if one.channel == channel) for group in groups]


def test_a_venue_without_limits_gets_one_connection() -> None:
    wanted = [Subscription("book", names(500)), BEATS]
    assert Venue().spread(wanted) == [wanted]


def test_the_products_of_a_channel_go_over_several_connections_with_a_heartbeat_each() -> None:
    venue = Venue(ConnectionLimits(products={"book": 10}))
    trades = Subscription("trades", names(25))
    groups = venue.spread([Subscription("book", names(25)), trades, BEATS])
    assert sizes(groups, "book") == [10, 10, 5]
    assert [BEATS in group for group in groups] == [True] * 3
    assert [trades in group for group in groups] == [True, False, False]


def test_channels_with_limits_of_their_own_share_the_connections() -> None:
    venue = Venue(ConnectionLimits(products={"book": 10, "full": 5}))
    groups = venue.spread([Subscription("book", names(20)), Subscription("full", names(15))])
    assert (sizes(groups, "book"), sizes(groups, "full")) == ([10, 10, 0], [5, 5, 5])


def test_heartbeats_count_among_the_subscriptions_of_a_connection() -> None:
    venue = Venue(ConnectionLimits(subscriptions=2))
    channels = [Subscription(channel) for channel in "abc"]
    assert venue.spread([*channels[:1], BEATS, *channels[1:]]) == [
        [channels[0], BEATS],
        [channels[1], BEATS],
        [channels[2], BEATS],
    ]


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (ConnectionLimits(2, products={"book": 10}), "this takes 3 connections: venue allows 2 at once"),
        (ConnectionLimits(2, products={"book": 10}, words="ask them"), "this takes 3 connections: ask them"),
    ],
)
def test_more_than_the_venue_allows_is_refused_in_a_line(limits: ConnectionLimits, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Venue(limits).spread([Subscription("book", names(21))])
    assert str(caught.value) == text


def test_a_feed_of_a_plug_in_need_not_know_of_limits() -> None:
    assert limits_of(object()) == ConnectionLimits()


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 40), min_size=1), st.integers(1, 12), st.integers(2, 5))
def test_nothing_is_lost_and_no_limit_is_exceeded(wanted: dict[str, int], products: int, subscriptions: int) -> None:
    limits = ConnectionLimits(subscriptions=subscriptions, products=dict.fromkeys("ab", products))
    asked = [Subscription(channel, names(count)) for channel, count in wanted.items()]
    groups = Venue(limits).spread([*asked, BEATS])
    assert all(len(group) <= subscriptions for group in groups)
    assert all(size <= products for channel in "ab" for size in sizes(groups, channel))
    for one in asked:
        parts = [part.products for group in groups for part in group if part.channel == one.channel]
        assert tuple(name for part in parts for name in part) == one.products
