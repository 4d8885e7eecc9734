"""What is made of recordings whose wall clock was set says as well as they do how much time passed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from feedrec.formats import open_recording
from feedrec.formats.facts.sequence_check import Rules
from feedrec.formats.file.rotation import RotateAfter
from feedrec.formats.line.selection import Selection
from feedrec.formats.line.steady_clock import SteadyClock, reading_of
from feedrec.formats.several.inputs import inspect_recording
from feedrec.formats.tools.convert import convert
from feedrec.formats.tools.verify import verify_recording
from feedrec.model import Event, Frame, Record

from ...set_clocks import (
    DAY,
    HOUR,
    SECOND,
    YEARS,
    Steps,
    lines_of,
    recorded,
    true_time,
    wall_at,
    without_readings,
    write,
)

TIMES = range(0, 600 * SECOND, SECOND // 2)
STEPS: list[Steps] = [
    {},
    {100 * SECOND: -HOUR},
    {100 * SECOND: HOUR // 2, 200 * SECOND: -HOUR // 2},
    {-DAY: -YEARS, 60 * SECOND: YEARS},
]
EVERYTHING = Selection()
each_steps = pytest.mark.parametrize("steps", STEPS)


def converted(
    paths: Sequence[Path],
    target: Path,
    selection: Selection = EVERYTHING,
    split: RotateAfter | None = None,
) -> list[Path]:
    inputs = [inspect_recording(lambda path=path: open_recording(path)) for path in paths]  # type: ignore[misc]
    return convert(inputs, target, selection=selection, split=split).paths


def records(path: Path) -> list[Record]:
    with open_recording(path) as recording:
        return list(recording)


def passed(given: Sequence[Record]) -> list[tuple[int, int]]:
    """Return how much steady time and how much true time has passed at each frame since the first."""
    clock = SteadyClock()
    times = [(clock.take(one.time, reading_of(one)), one) for one in given]
    frames = [(time, true_time(one)) for time, one in times if isinstance(one, Frame)]
    return [(time - frames[0][0], true - frames[0][1]) for time, true in frames]


def begins_with_reading(path: Path) -> bool:
    return reading_of(records(path)[0]) is not None


def is_good(path: Path) -> bool:
    return verify_recording(path, lambda _: Rules()).is_good


@each_steps
@pytest.mark.parametrize("start", [50, 130, 250])
@pytest.mark.parametrize("names", [("a.jsonl.zst", "b.jsonl"), ("a.jsonl", "b.parquet"), ("a.parquet", "b.jsonl.zst")])
def test_a_cut_begins_with_the_reading_that_holds_there(
    tmp_path: Path, steps: Steps, start: int, names: tuple[str, str]
) -> None:
    source = write(tmp_path / names[0], recorded(TIMES, steps))
    at = wall_at(start * SECOND, steps)
    (cut,) = converted([source], tmp_path / names[1], Selection(start=at, end=at + 300 * SECOND))
    first, second, *_ = records(cut)
    reading = reading_of(first)
    assert reading is not None
    assert isinstance(second, Frame)
    assert (reading.wall, reading.steady - DAY) == (second.time, true_time(second))
    assert all(time == true for time, true in passed(records(cut)))
    assert [one for one in records(cut)[1:] if isinstance(one, Frame)] == [
        one for one in records(source) if isinstance(one, Frame) and at <= one.time < at + 300 * SECOND
    ]
    assert is_good(cut)


@each_steps
def test_where_the_first_line_is_a_reading_nothing_is_added(tmp_path: Path, steps: Steps) -> None:
    """Nor to a whole recording, even if it does not begin with one."""
    lines = recorded(TIMES, steps)
    for given in (lines, lines[1:], without_readings(lines)):
        source = write(tmp_path / "a.jsonl.zst", given)
        (whole,) = converted([source], tmp_path / "b.parquet")
        (back,) = converted([whole], tmp_path / "c.jsonl")
        assert back.read_bytes().splitlines()[1:] == lines_of(given)
        for path in (source, whole, back):
            path.unlink()
    source = write(tmp_path / "a.jsonl.zst", lines)
    later = next(one for one in lines[5:] if reading_of(one) is not None)
    (cut,) = converted([source], tmp_path / "d.jsonl", Selection(start=later.time, end=later.time + SECOND))
    assert sum(isinstance(one, Event) for one in records(cut)) == 1


@each_steps
def test_a_filter_keeps_the_readings_of_all_connections(tmp_path: Path, steps: Steps) -> None:
    lines: list[Record] = [
        Frame(one.time, number % 2, one.payload) if isinstance(one, Frame) else one
        for number, one in enumerate(recorded(TIMES, steps))
    ]
    source = write(tmp_path / "a.jsonl", lines)
    (chosen,) = converted([source], tmp_path / "b.jsonl", Selection(connections=[1], keeps_events=True))
    kept = records(chosen)
    assert {one.conn for one in kept if isinstance(one, Frame)} == {1}
    assert [one for one in kept if isinstance(one, Event)] == [one for one in lines if isinstance(one, Event)]
    assert all(time == true for time, true in passed(kept))


@each_steps
def test_each_file_of_a_split_begins_with_a_reading_and_is_no_longer_than_asked_for(
    tmp_path: Path, steps: Steps
) -> None:
    source = write(tmp_path / "a.jsonl", recorded(TIMES, steps))
    paths = converted([source], tmp_path / "b.jsonl", split=RotateAfter(100 * SECOND))
    assert len(paths) >= 6
    for path in paths:
        assert begins_with_reading(path)
        assert all(time == true <= 100 * SECOND for time, true in passed(records(path)))


@each_steps
def test_recordings_of_different_machines_become_one_with_one_clock(tmp_path: Path, steps: Steps) -> None:
    """In true order, though each has a monotonic clock of its own, and only one of them was set, to what is right."""
    wrong_by = wall_at(TIMES[-1], steps) - wall_at(TIMES[-1], {})
    one = write(tmp_path / "a.jsonl", recorded(TIMES[::2], {**steps, -2 * DAY: -wrong_by}, by="a"))
    other = write(tmp_path / "b.jsonl", recorded(TIMES[1::2], {}, by="b", boot=7), software="other")
    header, _, rest = other.read_bytes().partition(b"\n")
    other.write_bytes(header.replace(b'"software":""', b'"software":"other"') + b"\n" + rest)
    for target in ("c.jsonl", "c.parquet"):
        (merged,) = converted([one, other], tmp_path / target)
        made = records(merged)
        assert [true_time(frame) for frame in made if isinstance(frame, Frame)] == list(TIMES)
        assert begins_with_reading(merged)
        assert all(time == true for time, true in passed(made))
        assert is_good(merged)
    span = Selection(start=wall_at(30 * SECOND, {}), end=wall_at(95 * SECOND, {}))
    (cut,) = converted([one, other], tmp_path / "d.jsonl", span)
    assert begins_with_reading(cut)
    assert all(time == true for time, true in passed(records(cut)))


def test_a_split_of_recordings_of_different_machines_has_as_many_files_as_spans(tmp_path: Path) -> None:
    """Though wall times go back and forth from line to line as long as one of the clocks is wrong."""
    wrong = write(tmp_path / "a.jsonl", recorded(TIMES[::2], {-2 * DAY: -HOUR, 400 * SECOND: HOUR}))
    right = write(tmp_path / "b.jsonl", recorded(TIMES[1::2], {}, boot=7))
    right.write_bytes(right.read_bytes().replace(b'"software":""', b'"software":"other"', 1))
    paths = converted([wrong, right], tmp_path / "c.jsonl", split=RotateAfter(100 * SECOND))
    assert 6 <= len(paths) <= 7
    for path in paths:
        assert begins_with_reading(path)
        assert all(time == true <= 100 * SECOND for time, true in passed(records(path)))
    joined = [one for path in paths for one in records(path) if isinstance(one, Frame)]
    assert [true_time(frame) for frame in joined] == list(TIMES)


def test_recordings_without_readings_are_merged_without_any(tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", without_readings(recorded(TIMES[::2], {})))
    other = write(tmp_path / "b.jsonl", without_readings(recorded(TIMES[1::2], {})))
    other.write_bytes(other.read_bytes().replace(b'"software":""', b'"software":"other"', 1))
    (merged,) = converted([one, other], tmp_path / "c.jsonl")
    made = records(merged)
    assert [true_time(frame) for frame in made if isinstance(frame, Frame)] == list(TIMES)
    assert not any(isinstance(one, Event) for one in made)


def test_cuts_of_one_recording_have_its_clock(tmp_path: Path) -> None:
    """So that they can be put together again, in true order."""
    steps: Steps = {300 * SECOND: -HOUR}
    source = write(tmp_path / "a.jsonl", recorded(TIMES, steps))
    spans = [(wall_at(0, {}), wall_at(300 * SECOND, {})), (wall_at(300 * SECOND, steps), wall_at(900 * SECOND, steps))]
    cuts = [
        converted([source], tmp_path / f"{n}.jsonl", Selection(start=start, end=end))[0]
        for n, (start, end) in enumerate(spans)
    ]
    (whole,) = converted(cuts[::-1], tmp_path / "b.jsonl")
    assert [true_time(one) for one in records(whole) if isinstance(one, Frame)] == list(TIMES)
    assert all(time == true for time, true in passed(records(whole)))


@each_steps
def test_the_files_of_one_recording_are_joined_line_by_line(tmp_path: Path, steps: Steps) -> None:
    lines = recorded(TIMES, steps)
    parts = [
        write(tmp_path / f"r-{part}.jsonl.zst", lines[start : start + 407], part=part)
        for part, start in enumerate(range(0, len(lines), 407), 1)
    ]
    (joined,) = converted(parts, tmp_path / "whole.jsonl")
    assert records(joined) == lines
