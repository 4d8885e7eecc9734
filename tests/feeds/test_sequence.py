"""The numbers of frames: what is missing, late or odd, and where a count began anew."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from feedrec.feeds import ContiguousSequence, Gap, Reset
from feedrec.feeds.sequence import LARGEST_GAP, ConnectionSequence
from feedrec.model import FrameInfo

beyond = st.integers(LARGEST_GAP + 1, 2**64)


class Delivery(RuleBasedStateMachine):
    """A venue that numbers its frames, begins anew and errs, and a network that loses and delays some of them."""

    def __init__(self) -> None:
        super().__init__()
        self.sequence = ContiguousSequence()
        self.next = 0
        self.lost: set[int] = set()
        self.out_of_order = 0

    @rule()
    def deliver(self) -> None:
        assert self.sequence.observe(self.next) is None
        self.next += 1

    @rule(lost=st.integers(1, 5) | st.integers(200, LARGEST_GAP))
    def lose_some_and_deliver_one(self, lost: int) -> None:
        expected, received = self.next, self.next + lost
        gap = self.sequence.observe(received)
        assert gap == Gap(expected, received)
        assert gap.missing == lost
        self.lost |= set(range(max(expected, received - 100), received))
        self.lost = {number for number in self.lost if number >= received - 100}
        self.next = received + 1

    @precondition(lambda self: self.lost)
    @rule(data=st.data())
    def deliver_a_late_one(self, data: st.DataObject) -> None:
        late = data.draw(st.sampled_from(sorted(self.lost)))
        self.lost.remove(late)
        assert self.sequence.observe(late) is None
        self.out_of_order += 1

    @rule(data=st.data())
    def deliver_odd_ones_and_the_next(self, data: st.DataObject) -> None:
        """One that came before, or one with a number beyond all others, as often as may be."""
        odd = data.draw(st.integers(-3, self.next - 1) | beyond.map(lambda number: self.next + number))
        if odd not in self.lost:
            for _ in range(data.draw(st.integers(1, 3))):
                assert self.sequence.observe(odd) is None
                self.out_of_order += 1
            self.deliver()

    @rule(data=st.data())
    def begin_anew(self, data: st.DataObject) -> None:
        """At any number that shows it."""
        first = data.draw(st.integers(0, self.next) | beyond.map(lambda number: self.next + number))
        if first not in {self.next, self.next - 1, *self.lost} and first + 1 not in self.lost:
            assert self.sequence.observe(first) is None
            assert self.sequence.observe(first + 1) == Reset(self.next, first)
            self.next = first + 2
            self.lost.clear()

    @invariant()
    def counts_are_right(self) -> None:
        assert self.sequence.expected == self.next
        assert self.sequence.out_of_order == self.out_of_order


TestDelivery = Delivery.TestCase


@given(st.lists(st.integers(0, 50) | st.integers(0, 2**64), max_size=30), st.integers(0, 60) | st.integers(0, 2**64))
def test_whatever_came_before_a_loss_in_a_long_run_is_found(before: list[int], start: int) -> None:
    """No number blinds the rest: at most a hundred frames may seem to be late, and then one is a suspect."""
    sequence = ContiguousSequence()
    for number in (*before, *range(start, start + 103)):
        sequence.observe(number)
    assert sequence.observe(start + 104) == Gap(start + 103, start + 104)


def found(numbers: Sequence[int], first: int | None = 0) -> list[Gap | Reset]:
    sequence = ContiguousSequence(first)
    return [one for number in numbers if (one := sequence.observe(number)) is not None]


@pytest.mark.parametrize(
    ("numbers", "expected", "out_of_order"),
    [
        ([0, 1, 2, 3, 0, 1, 3], [Reset(4, 0), Gap(2, 3)], 0),
        ([0, 1, 2, 2**64 - 1, 3, 5], [Gap(4, 5)], 1),
        ([0, 1, 2, 1], [], 1),  # nothing tells what the last one is
        ([0, 1, 2, 1, 3], [], 1),
        ([0, 1, 2, 2, 2, 2, 3], [], 3),
        ([5, 6, 7, 6, 7, 8, 10], [Gap(0, 5), Reset(8, 6), Gap(9, 10)], 0),  # set back by two
        ([0, 1, 2, 3, 0, 0, 0, 1, 2], [Reset(4, 0)], 2),  # resets that last for one frame
        ([0, 1, 2, 3, *[0, 1] * 5], [Reset(4, 0), *[Reset(2, 0)] * 4], 0),
        ([0, 1, 4, 2, 3, 5, 6], [Gap(2, 4)], 2),  # two late ones in a row are no reset
        ([0, 1, 3, 2, 2, 4], [Gap(2, 3)], 2),
        ([0, 1, 5, 0, 2, 4, 6], [Gap(2, 5)], 3),
        ([0, 3_000_000, 3_000_001, 3_000_003], [Reset(1, 3_000_000), Gap(3_000_002, 3_000_003)], 0),
        ([0, 1 + LARGEST_GAP], [Gap(1, 1 + LARGEST_GAP)], 0),
        ([0, 2 + LARGEST_GAP, 1], [], 1),
    ],
)
def test_what_numbers_tell(numbers: list[int], expected: list[Gap | Reset], out_of_order: int) -> None:
    sequence = ContiguousSequence()
    assert [one for number in numbers if (one := sequence.observe(number)) is not None] == expected
    assert sequence.out_of_order == out_of_order


def test_a_suspect_is_forgotten_once_the_count_went_on() -> None:
    """Two old frames, far apart in time, are no reset."""
    assert found([0, 1, 2, 3, 4, 0, 5, 6, 7, 1, 8]) == []


def test_the_first_frame_may_have_another_number_than_zero() -> None:
    assert found([7, 8], first=7) == found([41, 42], first=None) == []
    assert found([7]) == [Gap(0, 7)]
    assert found([41, 43], first=None) == [Gap(42, 43)]


def test_a_connection_counts_whatever_the_channel_and_skips_what_has_no_number() -> None:
    rule = ConnectionSequence(0)
    numbers = [0, None, 1, 2, 0, None, 1, 3]
    infos = [FrameInfo(f"channel {place}", sequence=number) for place, number in enumerate(numbers)]
    assert [rule.observe(info) for info in infos][-2:] == [Reset(3, 0), Gap(2, 3)]
    assert rule.out_of_order == 0


def test_a_reset_loses_nothing_that_is_known() -> None:
    assert Reset(5, 0).missing == 0
