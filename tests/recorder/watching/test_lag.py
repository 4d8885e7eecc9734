"""One frame in a hundred is looked at, whatever reads it came with; its lag is counted by size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.model import NANOSECONDS, FrameInfo
from feedrec.recorder.watching.lag import BOUNDS, LagHistogram, LagSampler

UPDATE = FrameInfo("level2", kind="update")


@given(st.lists(st.integers(0, 7), max_size=60), st.integers(1, 9))
def test_every_hundredth_is_chosen_however_they_come(counts: list[int], every: int) -> None:
    sampler, start, chosen = LagSampler(every), 0, list[int]()
    for count in counts:
        chosen += [start + place for place in sampler.chosen(count)]
        start += count
    assert chosen == list(range(0, start, every))


@given(st.lists(st.lists(st.integers(0, 3), max_size=4), max_size=30), st.integers(1, 5))
def test_the_time_of_a_frame_is_that_of_its_read(batches: list[list[int]], every: int) -> None:
    """As if each frame were looked at by itself; the reads of a batch may have no frame."""
    sampler, expected, found, number = LagSampler(every), list[tuple[str, int]](), list[tuple[str, int]](), 0
    for batch in batches:
        reads = []
        for time, size in enumerate(batch):
            payloads = [b"%d" % (number + one) for one in range(size)]
            expected += [("level2", time * 1000 - int(one)) for one in payloads if int(one) % every == 0]
            number += size
            reads.append((time * 1000, payloads))
        found += sampler.lags(reads, [UPDATE] * sum(batch), int)
    assert found == expected


@pytest.mark.parametrize(
    ("payload", "kind"),
    [(b"1" * 70_000, "update"), (b"1", "snapshot"), (b"", "update")],
    ids=["large", "snapshot", "without a time"],
)
def test_what_says_nothing_of_its_own_lateness_does_not_count(payload: bytes, kind: str) -> None:
    info = FrameInfo("level2", kind=kind)  # type: ignore[arg-type]
    assert LagSampler().lags([(5, [payload])], [info], lambda one: int(one) if one else None) == []


@pytest.mark.parametrize(
    ("seconds", "place"),
    [(-10.0, 0), (-0.05, 0), (-0.049, 1), (0.0, 2), (0.001, 3), (0.005, 3), (59.0, 15), (60.0, 15), (61.0, 16)],
)
def test_a_lag_counts_up_to_its_bound(seconds: float, place: int) -> None:
    """Negative ones do too: a clock is wrong then."""
    histogram = LagHistogram()
    histogram.observe(round(seconds * NANOSECONDS))
    assert histogram.counts.index(1) == place
    assert len(histogram.counts) == len(BOUNDS) + 1
