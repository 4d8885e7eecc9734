from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.places.read_ahead import FIRST_WINDOW, LARGEST_WINDOW, ReadAhead, Span

GB = 1 << 30


def test_little_is_asked_for_where_a_reader_jumps_and_more_and_more_where_it_goes_on() -> None:
    ahead = ReadAhead(GB)
    offset, windows = 1000, []
    for _ in range(8):
        start, end = ahead.window(offset, offset + 10)
        assert start == offset
        windows.append(end - start)
        offset = end
    assert windows == [FIRST_WINDOW << number for number in range(6)] + [LARGEST_WINDOW] * 2
    assert ahead.window(5, 15) == Span(5, 5 + FIRST_WINDOW)
    assert ahead.window(0, 2 * LARGEST_WINDOW) == Span(0, 2 * LARGEST_WINDOW)


def test_nothing_is_asked_for_ahead_before_reading_has_gone_on() -> None:
    ahead = ReadAhead(GB)
    first = ahead.window(1000, 1010)
    assert ahead.ahead() is None
    second = ahead.window(first.end, first.end + 10)
    assert ahead.ahead() == Span(second.end, second.end + 4 * FIRST_WINDOW)


def test_of_what_is_expected_a_part_is_asked_for_at_once_and_nothing_beyond_it() -> None:
    ahead = ReadAhead(GB)
    mib = 1 << 20
    ahead.expect([Span(0, mib), Span(mib + 1000, 2 * mib), Span(100 * mib, 101 * mib)])
    assert ahead.window(0, 10) == Span(0, 2 * mib)
    assert ahead.ahead() == Span(100 * mib, 101 * mib)
    assert ahead.ahead() is None


def test_what_stands_outside_of_what_is_expected_is_read_without_more() -> None:
    ahead = ReadAhead(GB)
    ahead.expect([Span(0, 100)])
    assert ahead.window(5000, 5100) == Span(5000, 5100)


@given(
    size=st.integers(1, 40 << 20),
    spans=st.lists(st.tuples(st.integers(0, 40 << 20), st.integers(1, 1 << 20)), max_size=5),
    most=st.sampled_from([FIRST_WINDOW, 1 << 20, LARGEST_WINDOW]),
)
def test_reading_on_asks_for_each_byte_once_and_for_none_beyond_the_end(
    size: int, spans: list[tuple[int, int]], most: int
) -> None:
    ahead = ReadAhead(size)
    if spans:
        ahead.expect(sorted(Span(start, start + length) for start, length in spans))
    offset = 0
    for _ in range(200):
        asked = ahead.window(offset, min(offset + 1, size), most)
        assert (asked.start, asked.end > offset, asked.end <= size) == (offset, True, True)
        offset = asked.end
        coming = ahead.ahead(most)
        if coming is not None:
            assert offset <= coming.start < coming.end <= size
            offset = coming.end
        if offset >= size:
            break
