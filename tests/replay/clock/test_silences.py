"""Silences are cut short: each by what is too much of it, whatever the order in which batches tell of them."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from feedrec.replay.clock.alarm import Alarm
from feedrec.replay.clock.schedule import Schedule
from feedrec.replay.clock.silences import Silences
from feedrec.replay.clock.time_types import Monotonic, RecordedSteady

LONGEST = 50
TIMES = st.lists(st.integers(0, 300) | st.integers(0, 10_000), min_size=1, max_size=12).map(sorted)
CUTS = st.sets(st.integers(0, 12))  # where a batch ends


def steady(times: list[int]) -> list[RecordedSteady]:
    return [RecordedSteady(time) for time in times]


def batches(times: list[int], ends: set[int]) -> list[list[RecordedSteady]]:
    places = [0, *sorted(end for end in ends if 0 < end < len(times)), len(times)]
    return [steady(times[first:last]) for first, last in pairwise(places)]


def told(times: list[int], ends: set[int] = frozenset(), longest: int | None = LONGEST) -> Silences:  # type: ignore[assignment]
    silences = Silences(longest)
    for batch in batches(times, ends):
        silences.take(batch)
    return silences


def played_slowly(times: list[int]) -> list[int]:
    """Return when each frame is played, counted from one to the next."""
    played = [times[0]]
    for before, after in pairwise(times):
        played.append(played[-1] + min(after - before, LONGEST))
    return played


@given(TIMES, CUTS)
def test_frames_are_played_as_if_silences_were_no_longer_than_wanted(times: list[int], ends: set[int]) -> None:
    silences = told(times, ends)
    assert [silences.played(time) for time in steady(times)] == played_slowly(times)
    assert list(silences.played_all(steady(times))) == played_slowly(times)


@given(TIMES, st.lists(st.integers(0, 11_000), min_size=2).map(sorted))
@example([0, 206], [0, 205])
@example([0, 51], [50, 51])
def test_time_never_goes_back_and_passes_over_what_is_cut(times: list[int], moments: list[int]) -> None:
    silences = told(times)
    played = [silences.played(moment) for moment in steady(moments)]
    assert played == sorted(played)
    assert list(silences.played_all(steady(moments))) == played
    ends = {before + LONGEST: after for before, after in pairwise(times) if after - before > LONGEST}
    for moment, one in zip(steady(moments), played, strict=True):
        end = silences.end_of(moment)
        back = silences.recorded(one)
        assert back == (ends.get(moment, moment) if end is None else end)
        assert silences.played(back) == one
        assert end == next((end for start, end in ends.items() if start < moment < end), None)


@given(TIMES)
def test_what_takes_time_is_its_own_inverse(times: list[int]) -> None:
    silences = told(times)
    for before, after in pairwise(times):
        for moment in steady([before, min(before + LONGEST - 1, after), after]):
            assert silences.recorded(silences.played(moment)) == moment
            assert silences.end_of(moment) is None


@given(TIMES, CUTS, CUTS)
def test_whoever_tells_it_once_more_tells_nothing_new(times: list[int], ends: set[int], others: set[int]) -> None:
    silences = told(times, ends)
    for batch in batches(times, others):
        silences.take(batch)
    assert [silences.played(time) for time in steady(times)] == played_slowly(times)


@given(TIMES, st.integers(0, 10_000))
def test_a_reading_that_begins_amid_a_silence_waits_no_longer_than_wanted(times: list[int], start: int) -> None:
    rest = [time for time in times if time >= start]
    silences = told(times)
    silences.read_from(RecordedSteady(start))
    if rest:
        silences.take(steady(rest))
        expected = played_slowly([start, *rest])[1:]
        assert [silences.played(time) for time in steady(rest)] == expected
    assert silences.readings == 1


@given(TIMES)
def test_without_a_longest_nothing_is_cut(times: list[int]) -> None:
    silences = told(times, longest=None)
    assert [silences.played(time) for time in steady(times)] == times


@given(TIMES, CUTS, st.sampled_from([1.0, 2.0, 0.5, 10.0]))
def test_deadlines_and_the_present_go_by_it(times: list[int], ends: set[int], speed: float) -> None:
    silences = Silences(LONGEST)
    silences.read_from(RecordedSteady(times[0]))
    schedule = Schedule(RecordedSteady(times[0]), Monotonic(1000), speed, silences)
    for batch in batches(times, ends):
        silences.take(batch)
        assert schedule.deadlines(batch) == [schedule.deadline(time) for time in batch]
    offsets = [played - times[0] for played in played_slowly(times)]
    due = [schedule.deadline(time) for time in steady(times)]
    assert due == [1000 + math.floor(offset / speed) for offset in offsets]
    for time in steady(times):
        moment = schedule.deadline(time)
        assert moment is not None
        assert schedule.recorded_at(Monotonic(moment + 1)) >= time


@given(TIMES, st.integers(0, 10_000))
def test_a_pause_changes_nothing_but_how_late_it_is(times: list[int], after: int) -> None:
    silences = Silences(LONGEST)
    silences.read_from(RecordedSteady(times[0]))
    schedule = Schedule(RecordedSteady(times[0]), Monotonic(0), 1.0, silences)
    silences.take(steady(times))
    before = schedule.deadlines(steady(times))
    schedule.pause(Monotonic(after))
    schedule.resume(Monotonic(after + 7))
    assert schedule.deadlines(steady(times)) == [moment + 7 for moment in before]


def test_whoever_waits_hears_of_a_silence() -> None:
    silences = Silences(LONGEST)
    schedule = Schedule(RecordedSteady(0), Monotonic(0), 1.0, silences)
    rung: list[None] = []

    class Listening(Alarm):
        def ring(self) -> None:
            rung.append(None)

    alarm = Listening()
    schedule.alarms.add(alarm)
    silences.take(steady([0, LONGEST]))
    assert (schedule.changes, rung) == (0, [])
    silences.take(steady([1000]))
    assert (schedule.changes, rung) == (1, [None])
