"""Lines of different machines on one clock: the readings change, and nothing else."""

from __future__ import annotations

from feedrec.formats.line.codec import decode_line
from feedrec.formats.line.index_marks import LineMarks
from feedrec.formats.line.steady_clock import Reading, SteadyClock, reading_of
from feedrec.formats.several.common_clock import CommonClock
from feedrec.model import Frame

from ...set_clocks import DAY, HOUR, SECOND, lines_of, recorded, wall_at, without_readings

RIGHT = lines_of(recorded([0, 2 * SECOND], {}))
WRONG = lines_of(recorded([SECOND, 3 * SECOND], {-DAY: -HOUR}, boot=5))


def put(clock: CommonClock, file: int, lines: list[bytes]) -> list[bytes]:
    put_lines, marks = clock.put(file, lines, LineMarks().of(lines))
    assert marks == LineMarks().of(put_lines)
    return put_lines


def test_each_reading_has_the_steady_time_as_its_monotonic_time() -> None:
    clock = CommonClock([SteadyClock(), SteadyClock(HOUR)], has_readings=True)
    lines = put(clock, 0, RIGHT[:2]) + put(clock, 1, WRONG[:2])
    readings = [reading for line in lines if (reading := reading_of(decode_line(line))) is not None]
    first, second = wall_at(0, {}), wall_at(SECOND, {})
    assert readings == [Reading(first, first), Reading(second - HOUR, second)]


def test_a_line_with_another_shift_than_the_one_before_gets_a_reading() -> None:
    clock = CommonClock([SteadyClock(), SteadyClock(HOUR)], has_readings=True)
    put(clock, 0, RIGHT[:2])
    put(clock, 1, WRONG[:2])
    right, wrong = put(clock, 0, RIGHT[2:]), put(clock, 1, WRONG[2:])
    for lines, original in ((right, RIGHT), (wrong, WRONG)):
        assert reading_of(decode_line(lines[0])) is not None
        assert lines[1:] == original[2:]
    assert put(clock, 1, WRONG[2:]) == WRONG[2:]


def test_the_first_line_gets_a_reading_if_there_are_any() -> None:
    frames = lines_of(without_readings(recorded([0, 1], {})))
    assert put(CommonClock([SteadyClock()], has_readings=False), 0, frames) == frames
    first, *rest = put(CommonClock([SteadyClock()], has_readings=True), 0, frames)
    assert reading_of(decode_line(first)) == Reading(wall_at(0, {}), wall_at(0, {}))
    assert rest == frames


def test_a_beginning_that_has_its_reading_gets_no_other() -> None:
    clock = CommonClock([SteadyClock(7)], has_readings=True)
    assert clock.first_reading(0, 5) == Reading(5, 12)
    assert clock.first_reading(0, 5) is None
    frames = lines_of(without_readings(recorded([0, 1], {})))
    assert put(clock, 0, frames) == frames
    assert all(isinstance(decode_line(line), Frame) for line in frames)
