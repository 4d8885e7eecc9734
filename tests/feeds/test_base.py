"""What all feeds speak of: sequences and subscriptions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from feedrec.feeds import ContiguousSequence, Gap, Subscription


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


def test_a_subscription_in_the_header_has_products_only_if_it_names_some() -> None:
    assert Subscription("heartbeats").as_dict() == {"channel": "heartbeats"}
    assert Subscription("ticker", ("A", "B")).as_dict() == {"channel": "ticker", "products": ["A", "B"]}


def test_without_a_first_number_any_may_come_first() -> None:
    sequence = ContiguousSequence(None)
    assert sequence.observe(41) is None
    assert sequence.observe(43) == Gap(42, 43)
