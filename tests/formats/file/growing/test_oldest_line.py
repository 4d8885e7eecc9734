"""Since when the oldest line waits: never later than the truth, and close to it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.file.growing.oldest_line import OldestLine


def test_nothing_waits_while_everything_is_written() -> None:
    oldest = OldestLine(1.0)
    oldest.written(0, 0, 5.0)
    assert oldest.since == 5.0


def test_what_came_after_the_last_note_counts_from_that() -> None:
    oldest = OldestLine(1.0)
    for number in range(5):
        oldest.note(100_000 * (number + 1), 10.0 + number)
    oldest.written(250_000, 500_000, 20.0)
    assert oldest.since == 11.0
    oldest.written(500_000, 500_000, 20.0)
    assert oldest.since == 20.0


@given(st.lists(st.tuples(st.integers(1, 200_000), st.floats(0.0, 2.0), st.floats(0.0, 1.0)), max_size=50))
def test_it_is_never_later_than_the_truth(steps: list[tuple[int, float, float]]) -> None:
    oldest, now, text = OldestLine(0.0), 0.0, 0
    handed_over: list[tuple[int, float]] = []
    written = 0
    for size, seconds, part in steps:
        now += seconds
        text += size
        handed_over.append((text, now))
        if text >= oldest.next_note:
            oldest.note(text, now)
        written = max(written, int(text * part))
        oldest.written(written, text, now)
        truth = next((time for end, time in handed_over if end > written), now)
        assert oldest.since <= truth
