from __future__ import annotations

from feedrec.formats.places.read_ahead import FIRST_WINDOW, LARGEST_WINDOW, ReadAhead


def test_little_is_asked_for_where_a_reader_jumps_and_more_and_more_where_it_goes_on() -> None:
    ahead = ReadAhead()
    offset, windows = 1000, []
    for _ in range(8):
        windows.append(ahead.window(offset, 10))
        offset += windows[-1]
    assert windows == [FIRST_WINDOW << number for number in range(6)] + [LARGEST_WINDOW] * 2
    assert ahead.window(5, 10) == FIRST_WINDOW
    assert ahead.window(0, 2 * LARGEST_WINDOW) == 2 * LARGEST_WINDOW
