"""What is kept, and what it gives way to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.replay.rest.kept import Kept


def test_the_latest_are_kept() -> None:
    kept: Kept[str] = Kept(2, 100)
    kept.keep("a", "A", 1)
    kept.keep("b", "B", 1)
    assert kept.get("a") == "A"
    kept.keep("c", "C", 1)
    assert [kept.get(key) for key in "abc"] == ["A", None, "C"]


def test_what_is_too_large_is_not_kept_and_what_it_replaces_is_gone() -> None:
    kept: Kept[str] = Kept(9, 10)
    kept.keep("a", "A", 10)
    kept.keep("b", "B", 3)
    assert [kept.get(key) for key in "ab"] == [None, "B"]
    kept.keep("b", "much", 11)
    assert kept.get("b") is None
    assert len(kept) == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60))))
def test_never_more_than_may_be(steps: list[tuple[int, int]]) -> None:
    kept: Kept[int] = Kept(5, 100)
    sizes: dict[int, int] = {}
    for key, size in steps:
        kept.keep(key, size, size)
        sizes[key] = size
        held = {one: found for one in sizes if (found := kept.get(one)) is not None}
        assert held == {one: sizes[one] for one in held}
        assert len(held) == len(kept) <= 5
        assert sum(held.values()) <= 100
        assert key in held
