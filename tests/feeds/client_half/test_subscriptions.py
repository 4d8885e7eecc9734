"""What is subscribed grows and shrinks as sets do, and what changes is said exactly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import Subscription
from feedrec.feeds.client_half.subscriptions import add_subscriptions, remove_subscriptions

PRODUCTS = ("A", "B", "C")
some = st.lists(
    st.builds(
        Subscription,
        st.sampled_from(["level2", "ticker"]),
        st.lists(st.sampled_from(PRODUCTS), min_size=1, unique=True).map(tuple),
    ),
    max_size=4,
)


def pairs(subscriptions: list[Subscription]) -> list[tuple[str, str]]:
    return [(one.channel, product) for one in subscriptions for product in one.products]


@given(some, some)
def test_adding_is_a_union_and_tells_what_is_new(before: list[Subscription], more: list[Subscription]) -> None:
    present, _ = add_subscriptions([], before)
    together, new = add_subscriptions(present, more)
    assert set(pairs(together)) == set(pairs(before)) | set(pairs(more))
    assert set(pairs(new)) == set(pairs(more)) - set(pairs(before))
    assert len(pairs(together)) == len(set(pairs(together)))
    assert len(pairs(new)) == len(set(pairs(new)))


@given(some, some)
def test_removing_is_a_difference_and_tells_what_went(before: list[Subscription], gone: list[Subscription]) -> None:
    present, _ = add_subscriptions([], before)
    left, dropped = remove_subscriptions(present, gone)
    assert set(pairs(left)) == set(pairs(before)) - set(pairs(gone))
    assert sorted(pairs(dropped)) == sorted(set(pairs(before)) & set(pairs(gone)))
    assert all(one.products for one in left)


def test_a_channel_that_is_named_alone_goes_as_a_whole() -> None:
    both = [Subscription("ticker", ("A", "B")), Subscription("status")]
    assert remove_subscriptions(both, [Subscription("ticker")]) == ([Subscription("status")], both[:1])


def test_all_products_take_the_place_of_some_and_are_not_ended_by_naming_one() -> None:
    everything = Subscription("user")
    assert add_subscriptions([Subscription("user", ("A",))], [everything]) == ([everything], [everything])
    assert add_subscriptions([everything], [Subscription("user", ("A",))]) == ([everything], [])
    assert remove_subscriptions([everything], [Subscription("user", ("A",))]) == ([everything], [])


def test_other_parameters_are_another_subscription_and_a_channel_alone_means_all_of_them() -> None:
    minute, hour = (Subscription("kline", params={"interval": interval}) for interval in ("1m", "1h"))
    assert add_subscriptions([minute], [minute, hour]) == ([minute, hour], [hour])
    assert remove_subscriptions([minute, hour], [hour]) == ([minute], [hour])
    assert remove_subscriptions([minute, hour], [Subscription("kline")]) == ([], [minute, hour])
