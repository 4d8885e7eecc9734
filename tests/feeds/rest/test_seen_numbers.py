"""Numbers that were seen: told from new ones, and kept as ranges."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.rest.seen_numbers import SeenNumbers


@given(st.lists(st.integers(0, 30) | st.integers()))
def test_each_number_is_new_once(numbers: list[int]) -> None:
    seen, oracle = SeenNumbers(), set[int]()
    for number in numbers:
        assert seen.add(number) == (number not in oracle)
        oracle.add(number)


@given(st.permutations(range(12)), st.sets(st.integers(0, 11), max_size=3))
def test_it_keeps_an_entry_for_each_range_without_holes_whatever_the_order(
    order: list[int], left_out: set[int]
) -> None:
    seen = SeenNumbers()
    for number in order:
        if number not in left_out:
            seen.add(number)
    kept = set(range(12)) - left_out
    assert len(seen) == sum(number - 1 not in kept for number in kept)
