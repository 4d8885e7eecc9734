"""The first and the last moment are those by steady time, with their wall times."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.facts.moments import Ends

walls = st.lists(st.integers(0, 9), min_size=1, max_size=6)


@given(st.lists(walls, min_size=1, max_size=4), st.integers(-5, 5))
def test_the_ends_are_the_least_and_the_greatest_of_all_moments(runs: list[list[int]], shift: int) -> None:
    ends, everything, latest = Ends(), list[tuple[int, int]](), 0
    for run in runs:
        steady = [latest := max(latest, wall) for wall in run]
        ends.add(steady, run)
        everything += zip(steady, run, strict=True)
    assert (ends.first, ends.last) == (min(everything), max(everything))
    joined = Ends()
    joined.join(Ends())
    joined.join(ends, shift)
    assert joined.first == (min(everything)[0] + shift, min(everything)[1])
    assert joined.last == (max(everything)[0] + shift, max(everything)[1])
