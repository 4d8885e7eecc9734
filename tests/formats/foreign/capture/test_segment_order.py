"""Bytes of a stream in order."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.foreign.capture.segment_order import MOST_WAITING, SegmentOrder

LIMIT = 1 << 32


@st.composite
def segments(draw: st.DrawFn) -> tuple[int, bytes, list[tuple[int, int]]]:
    """Give where a stream begins, what it says, and pieces of that: all of it, and some twice, in any order."""
    text = draw(st.binary(min_size=1, max_size=80))
    cuts = sorted({0, len(text), *draw(st.lists(st.integers(0, len(text)), max_size=8))})
    pieces = list(pairwise(cuts))
    more = draw(st.lists(st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text))), max_size=4))
    pieces += [(start, end) for start, end in more if start < end]
    return draw(st.integers(0, LIMIT - 1)), text, draw(st.permutations(pieces))


@given(segments())
def test_whatever_comes_late_or_twice_is_told_once_in_order(drawn: tuple[int, bytes, list[tuple[int, int]]]) -> None:
    first, text, pieces = drawn
    order = SegmentOrder()
    order.begin((first - 1) % LIMIT)
    told = b""
    for number, (start, end) in enumerate(pieces):
        is_last = end == len(text)
        for time, data in order.take((first + start) % LIMIT, text[start:end], number, is_last=is_last):
            assert text.startswith(told + data)
            assert pieces[time][0] <= len(told) < pieces[time][1]  # it has the time of the segment that it came in
            told += data
    assert told == text
    assert order.has_ended
    assert not order.has_hole


def test_a_hole_that_is_not_filled_is_told_before_memory_is_full() -> None:
    order = SegmentOrder()
    assert list(order.take(0, b"a", 0)) == [(0, b"a")]
    size = MOST_WAITING // 8
    for number in range(9):
        assert list(order.take(2 + number * size, bytes(size), 0)) == []
    assert order.is_lost
    assert order.has_hole
    assert list(order.take(1, b"b", 0)) == []


def test_an_end_behind_a_hole_has_not_come() -> None:
    order = SegmentOrder()
    assert list(order.take(0, b"a", 0)) == [(0, b"a")]
    assert list(order.take(2, b"", 0, is_last=True)) == []
    assert (order.has_ended, order.has_hole) == (False, True)
