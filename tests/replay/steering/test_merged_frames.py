"""How far several timelines are played together: in the order of one merged list."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from feedrec.model import Frame
from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.steering.limit import Limit
from feedrec.replay.steering.merged_frames import Track, pass_frames
from feedrec.replay.timeline.frame_batches import FrameBatch


def batch_of(times: Sequence[int], start: int = 0) -> FrameBatch:
    frames = [Frame(time, 0, b"") for time in times]
    return FrameBatch(start, start + len(times), frames, [RecordedSteady(time) for time in times], [])


class Tracks:
    """Timelines whose frames become known a batch at a time."""

    def __init__(self, timelines: Sequence[Sequence[int]], size: int) -> None:
        self.tracks = [Track() for _ in timelines]
        self._rest = [[batch_of(times[at : at + size], at) for at in range(0, len(times), size)] for times in timelines]

    def fill(self) -> bool:
        for track, rest in zip(self.tracks, self._rest, strict=True):
            if track.must_read:
                track.go_on(rest.pop(0) if rest else None)
        return not all(track.is_over for track in self.tracks)

    def advance(self, most: int | None = None, until: int | None = None) -> int:
        """Pass frames, whatever must be read for that."""
        passed = 0
        while self.fill():
            left = None if most is None else most - passed
            some = pass_frames(self.tracks, left, None if until is None else RecordedSteady(until))
            passed += some
            if not some:
                break
        return passed

    def past(self) -> list[int]:
        """Return how many frames are past of each."""
        return [0 if track.batch is None else track.batch.start + track.past for track in self.tracks]


some_timelines = st.lists(st.lists(st.integers(0, 9), max_size=12).map(sorted), min_size=1, max_size=3)


def merged(timelines: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    return sorted((time, number) for number, times in enumerate(timelines) for time in times)


@given(some_timelines, st.integers(1, 4), st.lists(st.integers(0, 5)))
def test_steps_pass_the_frames_of_all_in_the_order_of_time_and_timeline(
    timelines: list[list[int]], size: int, steps: list[int]
) -> None:
    tracks, order, passed = Tracks(timelines, size), merged(timelines), 0
    for step in steps:
        expected = min(step, len(order) - passed)
        assert tracks.advance(most=step) == expected
        passed += expected
        numbers = [number for _, number in order[:passed]]
        assert tracks.past() == [numbers.count(number) for number in range(len(timelines))]


@given(some_timelines, st.integers(1, 4), st.lists(st.integers(0, 10)).map(sorted))
def test_a_moment_parts_the_frames_before_it_from_those_at_it(
    timelines: list[list[int]], size: int, moments: list[int]
) -> None:
    tracks = Tracks(timelines, size)
    for moment in moments:
        tracks.advance(until=moment)
        assert tracks.past() == [sum(time < moment for time in times) for times in timelines]


def test_what_is_past_ends_with_a_limit() -> None:
    """Which counts the frames at the time of the last one, of earlier batches too."""
    track = Track()
    assert track.last is None
    track.go_on(batch_of([1, 2, 2]))
    track.past = 3
    track.go_on(batch_of([2, 3], 3))
    assert track.last_before_batch == track.last == Limit(RecordedSteady(2), 2)
    track.past = 1
    assert track.last == Limit(RecordedSteady(2), 3)
    assert track.last_before_batch == Limit(RecordedSteady(2), 2)
