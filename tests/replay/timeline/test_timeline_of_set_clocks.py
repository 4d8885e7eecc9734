"""A timeline of recordings whose wall clock was set: in true order, with the time that truly passed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.formats.file.growing.growing_file import GrowingFile, begin_file
from feedrec.formats.file.rotation import RotateAfter, RotatingWriter
from feedrec.model import Header
from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.timeline.frame_batches import FrameBatch
from feedrec.replay.timeline.frame_stream import FrameStream
from feedrec.replay.timeline.shared_timeline import SharedTimeline
from feedrec.replay.timeline.timeline import Timeline

from ...set_clocks import DAY, HOUR, SECOND, START, YEARS, Steps, recorded, true_time, wall_at, without_readings, write
from .playing import batches_of

SPACING = SECOND
TIMES = range(0, 600 * SECOND, SPACING)
STEPS: list[Steps] = [
    {},
    {100 * SECOND: -HOUR},
    {100 * SECOND: 30 * SECOND},
    {100 * SECOND: HOUR // 2, 200 * SECOND: -HOUR // 2},
    {-DAY: -YEARS, 60 * SECOND: YEARS},
    {when * SECOND: (-1) ** when * 70 * SECOND for when in range(5, 600, 35)},
]
each_steps = pytest.mark.parametrize("steps", STEPS)


def passed(batches: Sequence[FrameBatch]) -> list[tuple[int, int]]:
    """Return for each frame how much steady time and how much true time has passed since the first."""
    times = [time for batch in batches for time in batch.times[batch.first :]]
    trues = [true_time(frame) for batch in batches for frame in batch.frames[batch.first :]]
    return [(time - times[0], true - trues[0]) for time, true in zip(times, trues, strict=True)]


def trues_of(batches: Sequence[FrameBatch]) -> list[int]:
    return [true_time(frame) for batch in batches for frame in batch.frames[batch.first :]]


@each_steps
@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst", ".jsonl.gz", ".parquet"])
def test_as_much_time_passes_as_truly_did(tmp_path: Path, steps: Steps, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", recorded(TIMES, steps))
    batches = batches_of(Timeline([path]))
    assert trues_of(batches) == list(TIMES)
    assert all(time == true for time, true in passed(batches))


@each_steps
@pytest.mark.parametrize("start", [50, 130, 250, 599])
@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst"])
def test_from_amid_a_recording_too(tmp_path: Path, steps: Steps, start: int, suffix: str) -> None:
    """It begins at the first line that is stamped with the start, or later."""
    path = write(tmp_path / f"a{suffix}", recorded(TIMES, steps))
    wall = wall_at(start * SECOND, steps)
    expected = next(number for number, true in enumerate(TIMES) if wall_at(true, steps) >= wall)
    whole, batches = batches_of(Timeline([path])), batches_of(Timeline([path], start=wall))
    assert trues_of(batches) == list(TIMES)[expected:]
    assert all(time == true for time, true in passed(batches))
    assert batches[0].times[0] == [time for batch in whole for time in batch.times][expected]


@each_steps
def test_a_client_that_joins_gets_what_is_due_then(tmp_path: Path, steps: Steps) -> None:
    """Whether the others have been there already, or it reads by itself."""
    path = write(tmp_path / "a.jsonl.zst", recorded(TIMES, steps))
    timeline = Timeline([path])
    first = batches_of(timeline)[0].times[0]

    async def read(start: RecordedSteady, *, first_of_all: bool) -> list[int]:
        shared = SharedTimeline(timeline)
        async with shared.open(None if first_of_all else start) as other, shared.open(start) as source:
            await other.next_batch()
            batches = []
            while batch := await source.next_batch():
                batches.append(batch)
            return trues_of(batches)

    for start in (0, 99, 100, 101, 300):
        expected = [true for true in TIMES if true >= start * SECOND]
        for first_of_all in (True, False):
            got = asyncio.run(read(RecordedSteady(first + start * SECOND), first_of_all=first_of_all))
            assert got == expected


@each_steps
def test_a_client_that_reads_on_alone_goes_on_where_it_was(tmp_path: Path, steps: Steps) -> None:
    """By the time of the last frame and the position after it."""
    paths = [
        write(tmp_path / f"{part}.jsonl.zst", recorded(TIMES[part::2], steps, boot=DAY * part)) for part in range(2)
    ]
    timeline = Timeline(paths)
    batches = batches_of(timeline)

    async def read(before: FrameBatch) -> list[FrameBatch]:
        rest = []
        async with FrameStream(timeline, before.times[-1], before.end) as stream:
            while batch := await stream.next_batch():
                rest.append(batch)
        return rest

    for number in range(0, len(batches) - 1, 5):
        rest = asyncio.run(read(batches[number]))
        assert trues_of(rest) == trues_of(batches[number + 1 :])
        assert [time for batch in rest for time in batch.times] == [
            time for batch in batches[number + 1 :] for time in batch.times
        ]


@settings(max_examples=30)
@given(
    st.dictionaries(st.integers(0, 599), st.sampled_from([-HOUR, HOUR, 2 * SECOND, -2 * SECOND, YEARS]), max_size=4),
    st.lists(st.sampled_from([0, 1, 2]), min_size=40, max_size=40),
    st.integers(0, 500),
)
def test_recorders_of_one_machine_are_merged_in_true_order(
    tmp_path_factory: pytest.TempPathFactory, at: dict[int, int], owners: list[int], late: int
) -> None:
    """One of them began later; the frames of one read come at one time."""
    steps = {-DAY: -YEARS, **{when * SECOND: step for when, step in at.items()}}
    folder = tmp_path_factory.mktemp("merged")
    paths = []
    for owner in (0, 1, 2):
        times = [15 * SECOND * number for number, its in enumerate(owners) if its == owner]
        times = [true for true in times if owner != 1 or true >= late * SECOND]
        if times:
            # each is there to the end, so that it has seen all steps
            paths.append(write(folder / f"{owner}.jsonl", recorded([*times, 600 * SECOND], steps), by=str(owner)))
    batches = batches_of(Timeline(paths))
    assert trues_of(batches) == sorted(trues_of(batches))
    assert all(time == true for time, true in passed(batches))


@each_steps
def test_a_rotated_recording_goes_on_from_file_to_file(tmp_path: Path, steps: Steps) -> None:
    def create(path: Path, header: Header) -> GrowingFile:
        return begin_file(path, header)

    header = Header("raw", url="wss://example.test", created=START)
    writer = RotatingWriter(tmp_path / "r.jsonl.zst", header, create, RotateAfter(97 * SECOND))
    for record in recorded(TIMES, steps):
        writer.write(record)
    writer.finish()
    paths = sorted(tmp_path.iterdir())
    assert len(paths) >= 6
    for chosen in (paths, paths[1:], paths[2:3]):
        batches = batches_of(Timeline(chosen))
        assert all(time == true for time, true in passed(batches))
        if chosen is paths:
            assert trues_of(batches) == list(TIMES)


@each_steps
def test_later_files_without_a_reading_at_their_beginning_go_on_too(tmp_path: Path, steps: Steps) -> None:
    """As feedrec 0.1.0 wrote them."""
    lines = recorded(TIMES, steps)
    paths = [
        write(tmp_path / f"r-{part}.jsonl.zst", lines[start : start + 207], part=part)
        for part, start in enumerate(range(0, len(lines), 207), 1)
    ]
    batches = batches_of(Timeline(paths))
    assert trues_of(batches) == list(TIMES)
    assert all(time == true for time, true in passed(batches))


def test_where_no_reading_says_how_long_a_jump_took_it_took_no_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """That is said once for each recording."""
    steps = {100 * SECOND: -HOUR, 200 * SECOND: 2 * DAY}
    path = write(tmp_path / "a.jsonl.zst", without_readings(recorded(TIMES, steps)))
    timeline = Timeline([path], loop=True)
    with caplog.at_level(logging.WARNING):
        batches = [batch for batch in batches_of(timeline, limit=60) if batch.lap == 0]
    jumps = [100 * SECOND, 200 * SECOND]
    for time, true in passed(batches):
        assert time == true - sum(SPACING for jump in jumps if jump <= true)
    (warning,) = caplog.messages
    assert warning.startswith(f"{path}: time jumps back by 3,599.0 s at")


def test_merged_recordings_of_different_machines_are_paired_by_their_wall_clocks(tmp_path: Path) -> None:
    """Each by what its own clock was last. A start is what the lines are stamped with, however wrong."""
    steps = {-DAY: -HOUR, 100 * SECOND: HOUR}
    wrong = write(tmp_path / "a.jsonl.zst", recorded(TIMES[::2], steps, boot=3 * DAY))
    right = write(tmp_path / "b.jsonl.zst", recorded(TIMES[1::2], {}, boot=7))
    batches = batches_of(Timeline([wrong, right]))
    assert trues_of(batches) == list(TIMES)
    assert all(time == true for time, true in passed(batches))
    start = wall_at(50 * SECOND, {})
    cut = batches_of(Timeline([wrong, right], start=start))
    assert trues_of(cut) == [true for true in TIMES if true > 50 * SECOND]
