"""What venue modules share: the contiguous sequence, subscriptions, suggestions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from feedrec.errors import UsageError
from feedrec.feeds import ContiguousSequence, Feed, Gap, Subscription, did_you_mean, find_feed, subscribe_to
from feedrec.feeds.channel_requests import missing_credentials

FEED = find_feed("coinbase-advanced")
USER_FEED = find_feed("coinbase-advanced-user")


class Delivery(RuleBasedStateMachine):
    """A venue that numbers its frames, a network that loses and delays some: what is lost or late is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.sequence = ContiguousSequence()
        self.sent = 0
        self.arrived: set[int] = set()
        self.missing = 0
        self.late = 0

    @rule()
    def deliver(self) -> None:
        assert self.sequence.observe(self.sent) is None
        self.arrived.add(self.sent)
        self.sent += 1

    @rule(lost=st.integers(1, 5))
    def lose_some_and_deliver_one(self, lost: int) -> None:
        expected, received = self.sent, self.sent + lost
        gap = self.sequence.observe(received)
        assert gap == Gap(expected, received)
        assert gap.missing == lost
        self.missing += lost
        self.arrived.add(received)
        self.sent = received + 1

    @rule(data=st.data())
    def deliver_an_old_one(self, data: st.DataObject) -> None:
        if self.sent:
            assert self.sequence.observe(data.draw(st.integers(0, self.sent - 1))) is None
            self.late += 1

    @invariant()
    def counts_are_right(self) -> None:
        assert self.sequence.expected == self.sent
        assert self.sequence.out_of_order == self.late
        assert len(self.arrived) + self.missing == self.sent


TestDelivery = Delivery.TestCase


@given(st.lists(st.integers(0, 50)), st.integers(0, 10))
def test_gaps_are_disjoint_and_cover_what_was_never_seen_in_order(numbers: list[int], first: int) -> None:
    sequence = ContiguousSequence(first)
    gaps = [gap for number in numbers if (gap := sequence.observe(number))]
    lost = [number for gap in gaps for number in range(gap.expected, gap.received)]
    in_order = {number for index, number in enumerate(numbers) if number >= max([first, *numbers[:index]])}
    assert sequence.expected is not None
    assert lost == sorted(set(range(first, sequence.expected)) - in_order)


def test_the_first_frame_may_have_another_number_than_zero() -> None:
    sequence = ContiguousSequence(first=7)
    assert sequence.observe(7) is None
    assert ContiguousSequence().observe(7) == Gap(0, 7)


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


def test_heartbeats_take_no_products_and_come_once() -> None:
    requests: list[tuple[str, list[str]]] = [("heartbeats", ["BTC-USD"]), ("ticker", [])]
    assert subscribe_to(FEED, requests, []) == [Subscription("heartbeats"), Subscription("ticker", ("BTC-USD",))]


@pytest.mark.parametrize(
    ("name", "suggestion"), [("heartbeat", "heartbeats"), ("level_2", "level2"), ("market_trade", "market_trades")]
)
def test_a_channel_that_is_unknown_gets_a_suggestion(name: str, suggestion: str) -> None:
    with pytest.raises(UsageError, match=f"no channel '{name}'; did you mean '{suggestion}'") as caught:
        subscribe_to(FEED, [(name, [])], [])
    assert all(channel in str(caught.value) for channel in FEED.channels)


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    assert did_you_mean("xyzzy", ["level2", "ticker"]) == ""
    with pytest.raises(UsageError, match=r"no channel 'xyzzy' \(it has level2"):
        subscribe_to(FEED, [("xyzzy", [])], [])


def test_a_subscription_in_the_header_has_products_only_if_it_names_some() -> None:
    assert Subscription("heartbeats").as_dict() == {"channel": "heartbeats"}
    assert Subscription("ticker", ("A", "B")).as_dict() == {"channel": "ticker", "products": ["A", "B"]}


def test_without_a_first_number_any_may_come_first() -> None:
    sequence = ContiguousSequence(None)
    assert sequence.observe(41) is None
    assert sequence.observe(43) == Gap(42, 43)


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
