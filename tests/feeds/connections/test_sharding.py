"""What each of several machines records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.connections.limits import ConnectionLimits
from feedrec.feeds.connections.rendezvous import best_place
from feedrec.feeds.connections.sharding import MOST_MACHINES, Shard, Shares, parse_shard, shares_of
from feedrec.feeds.raw import RawFeed

from .test_by_limits import BEATS, Venue, names

ADVANCED, EXCHANGE, CMC = map(find_feed, ("coinbase-advanced", "coinbase-exchange", "coinmarketcap"))
PRICES = "market@crypto_latest_price"

Owners = dict[tuple[str, str], set[int]]
"""The machines of each product of a channel, or of a channel without any."""


def owners(shares: Shares) -> Owners:
    found: Owners = {}
    for place, share in enumerate(shares):
        for one in share or ():
            for product in one.products or ("",):
                found.setdefault((one.channel, product), set()).add(place)
    return found


def has(shares: Shares, one: Subscription) -> list[bool]:
    """Tell of each machine whether it has a subscription as it stands."""
    return [one in (share or ()) for share in shares]


@pytest.mark.parametrize(
    ("text", "replicas", "shard"),
    [
        ("2/5", 1, Shard(2, 5)),
        ("1/1", 1, Shard(1, 1)),
        ("5/5", 5, Shard(5, 5, 5)),
        ("1000/1000", 2, Shard(1000, 1000, 2)),
    ],
)
def test_a_shard_is_a_machine_of_so_many(text: str, replicas: int, shard: Shard) -> None:
    assert parse_shard(text, replicas) == shard
    assert str(shard) == text


@pytest.mark.parametrize(
    ("text", "replicas", "said"),
    [
        ("6/5", 1, "'6/5' is no shard: the 5 machines are 1/5 to 5/5"),
        ("0/5", 1, "'0/5' is no shard: the 5 machines are 1/5 to 5/5"),
        ("1/0", 1, "'1/0' is no shard: there are 1 to 1,000 machines"),
        (f"1/{MOST_MACHINES + 1}", 1, "there are 1 to 1,000 machines"),
        ("2", 1, "'2' is no shard: write 2/5 on the second of five machines"),
        ("-1/5", 1, "write 2/5"),
        ("2/5/1", 1, "write 2/5"),
        ("\u0662/\u0665", 1, "write 2/5"),
        ("2/5", 6, "6 replicas need as many machines, and 2/5 says that there are 5"),
        ("2/5", 0, "0 replicas need as many machines"),
    ],
)
def test_what_is_no_shard_is_refused_in_a_line(text: str, replicas: int, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_shard(text, replicas)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


products = st.lists(st.text("ABCDEFGH", min_size=1, max_size=4), unique=True, min_size=1, max_size=40)
wanted = st.dictionaries(st.sampled_from("abc"), products, min_size=1)
machines = st.integers(1, 9)


def subscriptions(asked: dict[str, list[str]]) -> list[Subscription]:
    return [*(Subscription(channel, tuple(its)) for channel, its in asked.items()), Subscription("status"), BEATS]


@given(wanted, machines, st.data())
def test_each_product_is_on_so_many_machines_with_all_its_channels_in_whatever_order(
    asked: dict[str, list[str]], count: int, data: st.DataObject
) -> None:
    replicas = data.draw(st.integers(1, count))
    shares = shares_of(Venue(), subscriptions(asked), Shard(1, count, replicas))
    found = owners(shares)
    by_product: dict[str, set[frozenset[int]]] = {}
    for (channel, product), its in found.items():
        if channel != BEATS.channel:
            assert len(its) == replicas
            by_product.setdefault(product, set()).add(frozenset(its))
    assert found.keys() == {
        *((channel, one) for channel, its in asked.items() for one in its),
        ("status", ""),
        ("beats", ""),
    }
    assert all(len(places) == 1 for places in by_product.values())
    assert [share is not None for share in shares] == has(shares, BEATS)
    turned = [Subscription(one.channel, one.products[::-1]) for one in reversed(subscriptions(asked))]
    assert owners(shares_of(Venue(), turned, Shard(1, count, replicas))) == found
    for share in shares:  # in the order in which it was asked for
        order = [one.channel for one in share or ()]
        assert order == [one.channel for one in subscriptions(asked) if one.channel in order]


@given(products, machines, st.data())
def test_a_machine_more_or_less_moves_nothing_between_the_others(
    names: list[str], count: int, data: st.DataObject
) -> None:
    """What it takes comes from all of them, and what a machine has that goes, the others take over."""
    replicas = data.draw(st.integers(1, count))
    asked = [Subscription("book", tuple(names))]
    before = owners(shares_of(Venue(), asked, Shard(1, count, replicas)))
    after = owners(shares_of(Venue(), asked, Shard(1, count + 1, replicas)))
    for key, its in before.items():
        assert after[key] - its <= {count}
        assert len(its - after[key]) == len(after[key] - its)


@given(products, machines, st.data())
def test_a_product_that_comes_moves_no_other(names: list[str], count: int, data: st.DataObject) -> None:
    shard = Shard(1, count, data.draw(st.integers(1, count)))
    before = owners(shares_of(Venue(), [Subscription("book", tuple(names))], shard))
    after = owners(shares_of(Venue(), [Subscription("book", ("NEW", *names))], shard))
    after.pop(("book", "NEW"))
    assert before == after


@given(wanted, machines)
def test_the_share_of_a_share_is_that_share(asked: dict[str, list[str]], count: int) -> None:
    shard = Shard(1, count, min(2, count))
    for place, share in enumerate(shares_of(Venue(), subscriptions(asked), shard)):
        if share is not None:
            assert shares_of(Venue(), share, shard)[place] == share


def test_connections_and_machines_are_shared_out_by_different_hashes() -> None:
    """Else all products of a machine would belong on the same one of its connections."""
    share = shares_of(ADVANCED, [Subscription("level2", names(1000))], Shard(1, 5))[0]
    assert share is not None
    counts = [0] * 5
    for product in share[0].products:
        counts[best_place(product, range(5))] += 1
    assert min(counts) > 20


def test_heartbeats_alone_belong_somewhere_too() -> None:
    for replicas in (1, 2):
        shares = shares_of(Venue(), [BEATS], Shard(1, 5, replicas))
        assert sorted(share or [] for share in shares) == [[]] * (5 - replicas) + [[BEATS]] * replicas


def test_heartbeats_of_exchange_are_where_there_are_products_that_they_can_be_of() -> None:
    wanted = [Subscription("matches", ("BTC-USD",)), Subscription("status"), Subscription("heartbeat")]
    shares = shares_of(EXCHANGE, wanted, Shard(1, 5))
    assert has(shares, wanted[2]) == has(shares, wanted[0])
    assert has(shares, wanted[1]) != has(shares, wanted[0])


@pytest.mark.parametrize("user", [Subscription("user"), Subscription("user", names(40))])
def test_what_a_user_may_have_on_one_connection_is_on_one_machine_whole_whatever_the_replicas(
    user: Subscription,
) -> None:
    shares = shares_of(ADVANCED, [Subscription("level2", names(40)), user], Shard(1, 5, 3))
    assert sum(has(shares, user)) == 1
    assert sum(any(one.channel == "user" for one in share or ()) for share in shares) == 1


def test_an_exclusive_channel_is_on_one_machine_even_if_it_is_asked_for_in_several_ways() -> None:
    venue = Venue(ConnectionLimits(exclusive=frozenset(["orders"])))
    wanted = [Subscription("orders", params={"account": number}) for number in range(20)]
    shares = shares_of(venue, wanted, Shard(1, 5, 2))
    assert [share for share in shares if share is not None] == [wanted]


def test_accounts_of_exchange_are_products_as_any() -> None:
    accounts = tuple(f"d50ec984-77a8-460a-b958-66f114b0de{number:02}" for number in range(50))
    found = owners(shares_of(EXCHANGE, [Subscription("balance", accounts)], Shard(1, 5, 2)))
    assert {len(its) for its in found.values()} == {2}
    assert len({frozenset(its) for its in found.values()}) > 5


def test_subscriptions_by_parameters_are_whole_and_belong_somewhere_by_channel_and_parameters() -> None:
    wanted = [Subscription(PRICES, params={"crypto_ids": [number, number + 1]}) for number in range(1, 60)]
    shares = shares_of(CMC, wanted, Shard(1, 5, 2))
    assert all(sum(has(shares, one)) == 2 for one in wanted)
    assert all(share is not None for share in shares)
    turned: list[Any] = [{"interval": "1m", "ids": [1]}, {"ids": [1], "interval": "1m"}]
    both = [shares_of(CMC, [Subscription(PRICES, params=one)], Shard(1, 9)) for one in turned]
    assert [share is None for share in both[0]] == [share is None for share in both[1]]


def test_products_and_parameters_together_belong_where_the_product_does() -> None:
    one, other = Subscription("book", names(9), {"depth": 5}), Subscription("trades", names(9))
    shares = shares_of(Venue(), [one, other], Shard(1, 4))
    for share in shares:
        assert share is None or [each.products for each in share] == [share[0].products] * 2
        assert share is None or share[0].params == {"depth": 5}


def raw(name: str, replicas: int = 1, wanted: Sequence[Subscription] = ()) -> list[bool]:
    return [share is not None for share in shares_of(RawFeed(["hello"]), wanted, Shard(1, 5, replicas), name)]


def test_a_feed_that_subscribes_to_nothing_belongs_somewhere_by_its_name() -> None:
    assert sum(raw("kraken")) == 1
    assert sum(raw("kraken", 2)) == 2
    assert len({tuple(raw(str(number))) for number in range(40)}) == 5
    assert shares_of(RawFeed(), [], Shard(1, 1)) == [[]]


def test_two_feeds_of_an_endpoint_have_a_product_on_the_same_machines_and_two_endpoints_need_not() -> None:
    books, trades = (
        owners(shares_of(ADVANCED, [Subscription(channel, names(50))], Shard(1, 5))) for channel in ("level2", "ticker")
    )
    assert list(books.values()) == list(trades.values())
    others = owners(shares_of(EXCHANGE, [Subscription("ticker", names(50))], Shard(1, 5)))
    assert list(others.values()) != list(trades.values())
