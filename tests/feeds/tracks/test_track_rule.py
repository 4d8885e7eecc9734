"""A frame of counted events covers those whose numbers it has, and no others."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.tracks.track_rule import Cover
from feedrec.formats.dedupe.protocols import spans_of


@given(st.lists(st.integers(0, 30), max_size=12))
def test_numbers_are_those_of_the_spans(numbers: list[int]) -> None:
    cover = Cover.of_numbers(numbers)
    assert (cover is None) == (not numbers)
    if cover is not None:
        spans = spans_of(cover)
        assert [one for first, last in spans for one in range(first, last + 1)] == sorted(set(numbers))
        assert (cover.first, cover.last) == (min(numbers), max(numbers))
        assert all(before[1] + 1 < after[0] for before, after in itertools.pairwise(spans))


def test_there_are_no_spans_where_none_is_left_out() -> None:
    assert Cover.of_numbers([7, 5, 6, 6]) == Cover(5, 7, b"")
    assert Cover.of_numbers([5, 7]) == Cover(5, 7, b"", ((5, 5), (7, 7)))
