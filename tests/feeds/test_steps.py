"""Long work in steps."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.steps import (
    STEP_BYTES,
    STEP_ITEMS,
    apply_in_steps,
    clear_in_steps,
    join_in_steps,
    sort_in_steps,
)
from feedrec.model import FrameInfo


@given(st.lists(st.decimals(0, 10**6, places=2).map(str), unique=True, max_size=3000), st.booleans())
def test_sorting_in_steps_gives_what_sorting_does(prices: list[str], reverse: bool) -> None:  # noqa: FBT001
    runs = list(sort_in_steps(prices, reverse=reverse))
    assert [float(price) for run in runs for price in run] == sorted(map(float, prices), reverse=reverse)


def test_evenly_spread_prices_are_sorted_in_runs_of_about_a_step() -> None:
    prices = [str(number * 7919 % 20_011) for number in range(20_011)]
    assert max(map(len, sort_in_steps(prices, reverse=False))) < 2 * STEP_ITEMS


def test_a_dictionary_is_emptied_a_step_at_a_time() -> None:
    items = {str(number): number for number in range(3 * STEP_ITEMS + 1)}
    assert [len(items) for _ in clear_in_steps(items)] == [2 * STEP_ITEMS + 1, STEP_ITEMS + 1, 1, 0]


def test_parts_are_joined_after_a_step_for_each() -> None:
    assert list(join_in_steps(iter([b"a", b"", b"b"]))) == [None, None, None, b"ab"]


def test_frames_are_taken_in_with_a_pause_after_so_many_bytes() -> None:
    taken: list[bytes] = []

    def apply(_: FrameInfo, payload: bytes) -> Iterator[None]:
        taken.append(payload)
        return iter(())

    payload = b"x" * (STEP_BYTES // 2)
    pauses = [len(taken) for _ in apply_in_steps(apply, [(FrameInfo(), payload)] * 5)]
    assert pauses == [2, 4]
    assert len(taken) == 5
