"""As many connections as a person says, and room for more on those that are open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds import Feed, Subscription, find_feed
from feedrec.feeds.connections.spreading import find_room, fits, spread_over

from .test_by_limits import BEATS, Venue, names, sizes

ADVANCED, CMC = find_feed("coinbase-advanced"), find_feed("coinmarketcap")
PRICES = "market@crypto_latest_price"
HEARTBEATS = Subscription("heartbeats")

Groups = Sequence[Sequence[Subscription]]


def owners(groups: Groups) -> dict[str, set[int]]:
    """Return the connections of each product."""
    found: dict[str, set[int]] = {}
    for number, group in enumerate(groups):
        for one in group:
            for product in one.products:
                found.setdefault(product, set()).add(number)
    return found


def test_without_a_number_the_limits_decide() -> None:
    wanted = [Subscription("level2", names(31)), HEARTBEATS]
    assert spread_over(ADVANCED, wanted, None) == ADVANCED.spread(wanted)


def test_products_are_shared_out_evenly_and_all_channels_of_one_are_together() -> None:
    wanted = [Subscription("level2", names(40)), Subscription("ticker", names(40)), Subscription("status"), HEARTBEATS]
    groups = spread_over(ADVANCED, wanted, 4)
    assert sizes(groups, "level2") == sizes(groups, "ticker") == [10] * 4
    assert all(len(places) == 1 for places in owners(groups).values())
    assert [HEARTBEATS in group for group in groups] == [True] * 4
    assert [Subscription("status") in group for group in groups] == [True, False, False, False]


def test_what_a_user_may_have_on_one_connection_only_stays_whole() -> None:
    user = Subscription("user", names(4))
    groups = spread_over(ADVANCED, [Subscription("level2", names(4)), user], 2)
    assert sizes(groups, "user") == [4, 0]


def test_a_limit_of_products_is_kept_where_channels_have_different_products() -> None:
    wanted = [Subscription("level2", names(60)), Subscription("ticker", names(31))]
    assert sizes(spread_over(ADVANCED, wanted, 2), "level2") == [30, 30]


def test_subscriptions_by_parameters_are_shared_out_whole() -> None:
    wanted = [Subscription(PRICES, params={"crypto_ids": [number]}) for number in range(1, 22)]
    groups = spread_over(CMC, [*wanted, wanted[0]], 3)
    assert [len(group) for group in groups] == [7, 7, 7]
    assert Counter(str(one.params) for group in groups for one in group) == Counter(str(one.params) for one in wanted)


def test_with_more_connections_than_products_there_are_fewer() -> None:
    assert len(spread_over(ADVANCED, [Subscription("level2", names(3)), HEARTBEATS], 5)) == 3
    assert spread_over(ADVANCED, [HEARTBEATS], 2) == [[HEARTBEATS]]


@pytest.mark.parametrize(
    ("feed", "wanted", "connections", "text"),
    [
        (
            CMC,
            [Subscription(PRICES, params={"crypto_ids": [1]})],
            11,
            "11 connections are too many",
        ),
        (
            ADVANCED,
            [Subscription("level2", names(61))],
            2,
            "2 connections cannot carry all of this",
        ),
        (ADVANCED, [Subscription("level2", names(61))], 1, "1 connection cannot .*: use 3 or more"),
    ],
)
def test_what_the_venue_does_not_allow_is_refused_in_a_line(
    feed: Feed, wanted: list[Subscription], connections: int, text: str
) -> None:
    with pytest.raises(UsageError, match=text):
        spread_over(feed, wanted, connections)


product_names = st.lists(st.text("ABCDEFGH", min_size=1, max_size=4), unique=True, min_size=1, max_size=40)


@given(st.dictionaries(st.sampled_from("abc"), product_names, min_size=1), st.integers(1, 8))
def test_each_product_is_on_one_connection_and_the_order_does_not_matter(
    wanted: dict[str, list[str]], connections: int
) -> None:
    asked = [Subscription(channel, tuple(products)) for channel, products in wanted.items()]
    groups = spread_over(Venue(), [*asked, BEATS], connections)
    assert all(len(places) == 1 for places in owners(groups).values())
    turned = [Subscription(one.channel, one.products[::-1]) for one in reversed(asked)]
    assert owners(spread_over(Venue(), turned, connections)) == owners(groups)
    counts = Counter(number for places in owners(groups).values() for number in places)
    loads = [counts[number] for number in range(connections)]
    assert max(loads) - min(loads) <= 1


def test_one_product_more_moves_few_others() -> None:
    """Of 200 products on 5 connections; in turns, or by ranges of the alphabet, about 160 of them would move."""
    moved = []
    for trial in range(20):
        products = tuple(f"{trial}-{name}" for name in names(200))
        before = owners(spread_over(Venue(), [Subscription("book", products)], 5))
        after = owners(spread_over(Venue(), [Subscription("book", ("NEW", *products))], 5))
        moved.append(sum(before[name] != after[name] for name in products))
    assert sum(moved) / len(moved) <= 5
    assert max(moved) <= 20


def carries(feed: Feed, groups: Groups, new: Sequence[Subscription]) -> Groups | None:
    return find_room(groups, new, lambda _, group: fits(feed, group))


def test_more_goes_to_the_first_connection_that_has_room() -> None:
    groups = spread_over(ADVANCED, [Subscription("level2", names(31)), HEARTBEATS], None)
    ticker, book = Subscription("ticker", ("NEW",)), Subscription("level2", ("NEW",))
    assert carries(ADVANCED, groups, [ticker]) == [[ticker], []]
    assert carries(ADVANCED, groups, [book]) == [[], [book]]


def test_more_of_a_product_goes_where_the_product_is() -> None:
    groups = spread_over(ADVANCED, [Subscription("level2", names(31)), HEARTBEATS], None)
    ticker = Subscription("ticker", ("P30",))
    assert carries(ADVANCED, groups, [ticker]) == [[], [ticker]]


def test_what_does_not_go_on_one_connection_is_shared_out() -> None:
    groups = [[Subscription("level2", names(29))], [Subscription("level2", tuple(f"Q{name}" for name in names(29)))]]
    assert carries(ADVANCED, groups, [Subscription("level2", ("X", "Y"))]) == [
        [Subscription("level2", ("X",))],
        [Subscription("level2", ("Y",))],
    ]
    assert carries(ADVANCED, groups, [Subscription("level2", ("X", "Y", "Z"))]) is None
