"""Numbers that are left to chance."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from feedrec.replay.faults.chance import Chance

positions = st.lists(st.integers(0, 1 << 40), max_size=50)


@given(st.integers(), st.text(max_size=10), positions)
def test_a_number_depends_on_seed_and_position_alone(seed: int, what: str, places: list[int]) -> None:
    """However it is asked for: among others, in another order, again."""

    def number(position: int) -> int:
        digest = hashlib.blake2b(f"{seed}|{what}|{position // 8}".encode()).digest()
        start = position % 8 * 8
        return int.from_bytes(digest[start : start + 8], "little")

    assert Chance(seed, what).numbers(places) == [number(position) for position in places]


def test_numbers_are_spread_evenly() -> None:
    numbers = Chance(7, "drop").numbers(range(20_000))
    assert all(0 <= number < 1 << 64 for number in numbers)
    for share in (0.01, 0.1, 0.5):
        assert abs(sum(number < share * 2**64 for number in numbers) / 20_000 - share) < 0.02


def test_another_seed_or_fault_is_another_choice() -> None:
    choices = [tuple(Chance(*args).numbers(range(100))) for args in ((7, "drop"), (8, "drop"), (7, "dup"))]
    assert len({number for choice in choices for number in choice}) == 300
