"""Messages that are held back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.replay.faults.held_messages import HeldMessages

times = st.integers(0, 20)
steps = st.lists(
    st.tuples(st.just("hold"), times)
    | st.tuples(st.just("take"), times)
    | st.tuples(st.just("shift"), st.integers(-5, 5))
    | st.tuples(st.sampled_from(["hurry", "clear"]), st.just(0)),
    max_size=40,
)


@given(steps)
def test_what_is_due_leaves_in_the_order_of_its_time_and_then_as_it_came(steps: list[tuple[str, int]]) -> None:
    held: HeldMessages[int] = HeldMessages()
    expected: list[tuple[int, int]] = []  # always sorted: due, and the number of the message
    for number, (what, value) in enumerate(steps):
        if what == "hold":
            held.hold(value, [number])
            expected = sorted([*expected, (value, number)], key=lambda one: one[0])
        elif what == "take":
            assert held.take(value) == [one for due, one in expected if due <= value]
            expected = [(due, one) for due, one in expected if due > value]
        elif what == "shift":
            held.shift(value)
            expected = [(due + value, one) for due, one in expected]
        elif what == "hurry":
            held.hurry()
            expected = [(0, one) for _, one in expected]
        else:
            held.clear()
            expected = []
        assert len(held) == len(expected)
        assert held.next_due == (expected[0][0] if expected else None)
        assert held.last_due == (expected[-1][0] if expected else None)
