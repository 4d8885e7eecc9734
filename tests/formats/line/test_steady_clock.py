"""Steady time is the true time that passed wherever readings say it, and it never decreases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.line.steady_clock import (
    DISORDER,
    LONGEST_JUMP,
    MAX_DRIFT,
    Jump,
    Reading,
    SteadyClock,
    reading_in,
    reading_of,
    shift_between,
)
from feedrec.model import NANOSECONDS, Event, Frame, Record, format_time, parse_time

START = 1_795_280_400 * NANOSECONDS
HOUR = 3600 * NANOSECONDS
DAY = 24 * HOUR


class Moment(NamedTuple):
    """A line of a made recording, and the monotonic time at which it was written."""

    true: int
    record: Record


@st.composite
def recordings(draw: st.DrawFn) -> list[Moment]:
    """Make what a recorder writes whose clock is set now and then: a reading first, at each step, and in between."""
    boot = draw(st.integers(0, DAY))
    wall = START - boot
    moments: list[Moment] = []
    steady = boot
    for _ in range(draw(st.integers(1, 30))):
        steady += draw(st.sampled_from([0, 1, 1_000_000, NANOSECONDS, 50 * NANOSECONDS, 3 * HOUR]))
        step = draw(st.sampled_from([0, 0, 0, 2 * MAX_DRIFT, -2 * MAX_DRIFT, 30 * NANOSECONDS, -HOUR, HOUR, 500 * DAY]))
        wall += step
        silence = steady - moments[-1].true if moments else HOUR
        if step or silence >= 60 * NANOSECONDS or draw(st.booleans()):
            moments.append(Moment(steady, Reading(wall + steady, steady).event(wall + steady, 0)))
        moments += [Moment(steady, Frame(wall + steady, 0, b"{}"))] * draw(st.integers(0, 3))
    return moments


def lines_of(records: Sequence[Record]) -> list[bytes]:
    return [encode_frame(one) if isinstance(one, Frame) else encode_event(one) for one in records]


def take_each(clock: SteadyClock, records: Sequence[Record]) -> list[int]:
    return [clock.take(one.time, reading_of(one)) for one in records]


def as_text(times: Sequence[int]) -> list[bytes]:
    return [format_time(max(time, 0)).encode() for time in times]


@given(recordings())
def test_steady_time_advances_like_the_monotonic_clock(moments: list[Moment]) -> None:
    clock = SteadyClock()
    times = take_each(clock, [moment.record for moment in moments])
    assert [time - times[0] for time in times] == [moment.true - moments[0].true for moment in moments]
    assert clock.jump is None


@given(recordings(), st.data())
def test_it_is_the_same_in_pieces_by_any_way_of_taking_them(moments: list[Moment], data: st.DataObject) -> None:
    records = [moment.record for moment in moments]
    expected = take_each(SteadyClock(), records)
    clock, text_clock = SteadyClock(), SteadyClock()
    times: list[int] = []
    other_times: list[int] = []
    texts: list[bytes] = []
    while records:
        some = records[: data.draw(st.integers(1, 8))]
        del records[: len(some)]
        texts += text_clock.take_lines(lines_of(some))
        frames = [one for one in some if isinstance(one, Frame)]
        others = [one for one in some if not isinstance(one, Frame)]
        numbers = [number for number, one in enumerate(some) if not isinstance(one, Frame)]
        places = [number - before for before, number in enumerate(numbers)]
        of_frames, of_others = clock.take_decoded(frames, others, places)
        times += of_frames
        other_times += of_others
    assert texts == as_text(expected)
    pairs = list(zip(expected, moments, strict=True))
    assert times == [time for time, moment in pairs if isinstance(moment.record, Frame)]
    assert other_times == [time for time, moment in pairs if isinstance(moment.record, Event)]


@given(recordings(), st.data())
def test_from_amid_a_recording_it_goes_on_from_the_reading_before(moments: list[Moment], data: st.DataObject) -> None:
    """And if it is anchored at the last reading, a line after that has its wall time."""
    records = [moment.record for moment in moments]
    readings = [reading for one in records if (reading := reading_of(one)) is not None]
    first, anchor = readings[0], readings[-1]
    times = take_each(SteadyClock(shift_between(first, anchor)), records)
    place = data.draw(st.integers(0, len(records)))
    before = [reading for one in records[:place] if (reading := reading_of(one)) is not None]
    if before:
        there = SteadyClock(shift_between(before[-1], anchor), before[-1])
        assert take_each(there, records[place:]) == [max(time, 0) for time in times[place:]]
    last = max(number for number, one in enumerate(records) if reading_of(one) is not None)
    assert times[last:] == [one.time for one in records[last:]]


@given(recordings(), st.lists(st.integers(0, 90), min_size=90, max_size=90))
def test_two_recorders_that_saw_the_same_steps_agree_on_the_order(moments: list[Moment], owners: list[int]) -> None:
    """One of them began later, and each has its own readings besides those at the steps."""
    frames = [moment for moment in moments if isinstance(moment.record, Frame)]
    steps = [moment for moment in moments if isinstance(moment.record, Event)]
    late = moments.index(steps[len(steps) // 2])
    sorted_by_steady: list[tuple[int, int]] = []
    for side in (0, 1):
        of_one = [moment for moment, owner in zip(frames, owners, strict=False) if owner % 2 == side]
        seen = [
            moment for moment in moments[late if side else 0 :] if isinstance(moment.record, Event) or moment in of_one
        ]
        readings = [reading for moment in seen if (reading := reading_of(moment.record)) is not None]
        clock = SteadyClock(shift_between(readings[0], readings[-1]))
        sorted_by_steady += zip(take_each(clock, [one.record for one in seen]), [one.true for one in seen], strict=True)
    sorted_by_steady.sort()
    order = [true for _, true in sorted_by_steady]
    assert order == sorted(order)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_drift_of_a_millisecond_is_no_step(sign: int) -> None:
    clock = SteadyClock()
    clock.take(START, Reading(START, 0))
    later = START + NANOSECONDS
    assert clock.take(later, Reading(later, NANOSECONDS - sign * MAX_DRIFT)) == later
    later += NANOSECONDS
    drift = sign * (MAX_DRIFT + 1)
    assert clock.take(later, Reading(later, 2 * NANOSECONDS - drift)) == later - sign * MAX_DRIFT


@given(st.integers(-40, 40), st.integers(-40, 40), st.sampled_from([-HOUR, 30 * NANOSECONDS, 12_345_678]))
def test_readings_that_are_not_exact_change_nothing(error: int, other_error: int, step: int) -> None:
    """Two recorders that saw the same step get the same shift, and later readings do not add to it."""
    shifts = []
    for wrong_by in (error, other_error):
        clock = SteadyClock()
        clock.take(START, Reading(START, wrong_by))
        for second in (1, 2, 3):
            wall = START + step + second * NANOSECONDS
            clock.take(wall, Reading(wall, second * NANOSECONDS - wrong_by // second))
        shifts.append(clock.shift)
    assert shifts[0] == shifts[1]
    assert abs(shifts[0] + step) <= MAX_DRIFT // 2 + 100


@pytest.mark.parametrize("after", [-HOUR, -DISORDER - 1, LONGEST_JUMP + 1, 1000 * DAY])
@pytest.mark.parametrize("steady", [None, 5])
def test_no_time_passes_across_a_jump_that_no_reading_explains(after: int, steady: int | None) -> None:
    """Nor if the first reading of the recording comes right after it."""
    clock = SteadyClock()
    wall = START + after
    assert clock.take(START) == START
    assert clock.take(wall, None if steady is None else Reading(wall, steady)) == START
    assert clock.take(wall + 3) == START + 3
    assert clock.jump == Jump(START, wall)


@pytest.mark.parametrize("after", [-DISORDER, -1, 0, LONGEST_JUMP])
def test_lines_out_of_order_and_silences_are_no_jumps(after: int) -> None:
    clock = SteadyClock()
    clock.take(START)
    assert clock.take(START + after) == max(START, START + after)
    assert clock.jump is None
    assert clock.take(START + LONGEST_JUMP) == START + LONGEST_JUMP


def test_lines_that_creep_back_do_not_stop_time() -> None:
    clock = SteadyClock()
    for number in range(100):
        clock.take(START - number * NANOSECONDS // 2)
    assert clock.take(START - 49 * NANOSECONDS) == clock.take(START - 50 * NANOSECONDS + NANOSECONDS)
    assert clock.jump is not None


def test_another_boot_goes_on_by_the_wall_clock() -> None:
    clock = SteadyClock()
    clock.take(START, Reading(START, DAY))
    assert clock.take(START + 7 * HOUR, Reading(START + 7 * HOUR, 5)) == START + 7 * HOUR
    assert clock.take(START + 5 * HOUR, Reading(START + 5 * HOUR, 4)) == START + 7 * HOUR
    assert clock.take(START + 5 * HOUR + 9) == START + 7 * HOUR + 9


def test_readings_of_two_machines_in_turn_are_no_steps() -> None:
    """As in recordings of several machines that feedrec 0.1 merged."""
    clock = SteadyClock()
    for number in range(10):
        wall = START + number
        assert clock.take(wall, Reading(wall, number + (DAY if number % 2 else HOUR))) == wall


def test_it_never_leaves_the_years_that_can_be_written() -> None:
    clock = SteadyClock()
    last = parse_time("9999-12-31T23:59:59.999999999Z")
    back = encode_event(Reading(0, 5).event(0, 0))
    lines = [encode_event(Reading(last, 0).event(last, 0)), back, encode_frame(Frame(last, 0, b"{}"))]
    assert clock.take_lines(lines)[-1] == b"9999-12-31T23:59:59.999999999Z"


def test_a_line_without_a_time_has_that_of_the_line_before() -> None:
    line = encode_frame(Frame(START, 0, b"{}"))
    assert SteadyClock().take_lines([b"?", line, b"?"]) == [b"", *as_text([START]) * 2]


@pytest.mark.parametrize(
    "details", [{}, {"wall": 5}, {"monotonic": 5}, {"wall": "5", "monotonic": 5}, {"wall": -1, "monotonic": 5}]
)
def test_a_clock_event_without_both_clocks_is_no_reading(details: dict[str, object]) -> None:
    assert reading_of(Event(START, 0, "clock", details)) is None


def test_a_reading_is_found_in_its_line_however_it_is_written() -> None:
    reading = Reading(START, 7)
    event = reading.event(START, 0)
    assert reading_of(event) == reading_in(encode_event(event)) == reading
    assert reading_in(b'{ "event": "clock", "wall": 5, "monotonic": 6, "time": "2026-11-21T17:00:00Z" }') == Reading(
        5, 6
    )
    assert reading_in(encode_frame(Frame(START, 0, b'"clock"'))) is None
    assert reading_in(b'{"event":"clock"') is None


def test_a_jump_says_where_and_how_far() -> None:
    text = str(Jump(START + HOUR, START))
    assert text.startswith("time jumps back by 3,600.0 s at 2026-11-21T17:00:00.000000000Z, and no `clock` event")
    assert str(Jump(START, START + 2 * DAY)).startswith("time jumps forward by 172,800.0 s at 2026-11-23T17")
