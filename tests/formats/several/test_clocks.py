"""How the clocks of recordings are related is found without reading them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import encode_header
from feedrec.formats.line.steady_clock import Reading, SteadyClock, reading_of
from feedrec.formats.several.clocks import (
    beginning_of,
    beginning_of_cut,
    clock_at_place,
    is_stepped,
    last_reading,
    starting_clocks,
)
from feedrec.formats.several.inputs import Input, inspect_recording
from feedrec.model import Frame, Header, Record, format_time

from ...set_clocks import DAY, HOUR, SECOND, START, Steps, lines_of, recorded, wall_at, without_readings, write

TIMES = range(0, 1000 * SECOND, SECOND)
BACK: Steps = {500 * SECOND: -HOUR}


def looked_at(path: Path) -> Input:
    return inspect_recording(partial(open_recording, path))


def readings_of(lines: list[Record]) -> list[Reading]:
    return [reading for line in lines if (reading := reading_of(line)) is not None]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst", ".parquet"])
def test_the_last_reading_is_at_the_end(tmp_path: Path, suffix: str) -> None:
    lines = recorded(TIMES, BACK)
    with open_recording(write(tmp_path / f"a{suffix}", lines)) as recording:
        assert last_reading(recording) == readings_of(lines)[-1]
        assert len(list(recording)) == len(lines)


def test_that_of_a_file_that_grows_is_found_too(tmp_path: Path) -> None:
    """But not in a block that is not complete."""
    path = write(tmp_path / "a.jsonl.zst", recorded(TIMES, BACK))
    cut = tmp_path / "b.jsonl.zst.part"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with open_recording(cut) as recording:
        found = last_reading(recording)
    assert found in readings_of(recorded(TIMES, BACK))[-8:]


def test_where_there_is_none_little_is_read_in_vain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few minutes of lines."""
    path = write(tmp_path / "a.jsonl.zst", without_readings(recorded(TIMES, {})))
    with open_recording(path) as recording:
        blocks = list(recording.blocks_back())
        looked_at: list[bytes] = []

        def counted(*, before_place: bool, is_wanted: object) -> Iterator[list[bytes]]:  # noqa: ARG001
            assert not before_place
            for lines in blocks:
                looked_at.extend(lines)
                yield lines

        monkeypatch.setattr(recording, "blocks_back", counted)
        assert last_reading(recording) is None
    assert 180 < len(looked_at) < 300
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(b"\n".join([encode_header(Header("raw")), *lines_of(recorded(TIMES, {})), b""])))
    with open_recording(packed) as recording:
        assert last_reading(recording) is None


def test_blocks_with_nothing_but_received_frames_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reading at the beginning is found all the same if it is near enough."""
    opening = Reading(START, 0)
    frames = [Frame(START + number * SECOND, 0, b"[%d]" % number) for number in range(150)]
    path = write(tmp_path / "a.jsonl.zst", [opening.event(START, 0), *frames])
    with open_recording(path) as recording:
        assert recording.index is not None
        assert len(recording.index.blocks) > 5
        read: list[list[bytes]] = []
        blocks_back = recording.blocks_back

        def noted(**options: Any) -> Iterator[list[bytes]]:
            for lines in blocks_back(**options):
                read.append(lines)
                yield lines

        monkeypatch.setattr(recording, "blocks_back", noted)
        assert last_reading(recording) == opening
    assert len(read) == 1


@pytest.mark.parametrize("suffix", [".jsonl.zst", ".parquet"])
@pytest.mark.parametrize("steps", [BACK, {}, {500 * SECOND: HOUR}])
def test_the_clock_at_a_place_is_the_one_of_reading_from_the_beginning(
    tmp_path: Path, suffix: str, steps: Steps
) -> None:
    lines = recorded(TIMES, steps)
    file = looked_at(write(tmp_path / f"a{suffix}", lines))
    (start,) = starting_clocks([file])
    clock = start.copy()
    times = [clock.take(line.time, reading_of(line)) for line in lines]
    for second in (200, 400, 700):
        with file.open() as recording:
            passed = recording.seek(wall_at(second * SECOND, steps))
            there = clock_at_place(recording, start, file.reading) if passed else start.copy()
            first = next(frame for batch in recording.decoded_batches() for frame in batch.frames)
        number = lines.index(first)
        assert there.take(first.time) == times[number]


def test_files_of_one_recording_share_their_last_reading(tmp_path: Path) -> None:
    lines = recorded(TIMES, BACK)
    files = [
        looked_at(write(tmp_path / f"{part}.jsonl", lines[start : start + 300], part=part))
        for part, start in enumerate(range(0, len(lines), 300))
    ]
    assert [clock.shift for clock in starting_clocks(files)] == [-HOUR, -HOUR, 0, 0]
    assert [clock.shift for clock in starting_clocks(files[::-1])] == [0, 0, -HOUR, -HOUR]


def test_after_another_boot_only_the_wall_clock_counts(tmp_path: Path) -> None:
    first = looked_at(write(tmp_path / "1.jsonl", recorded(TIMES, BACK), part=1))
    second = looked_at(
        write(tmp_path / "2.jsonl", recorded(range(2 * HOUR, 3 * HOUR, SECOND), {}, boot=-2 * HOUR), part=2)
    )
    assert [clock.shift for clock in starting_clocks([first, second])] == [-HOUR, 0]


def test_recordings_that_have_nothing_in_common_are_anchored_by_themselves(tmp_path: Path) -> None:
    right = looked_at(write(tmp_path / "1.jsonl", recorded(TIMES, {})))
    wrong = looked_at(write(tmp_path / "2.jsonl", recorded(TIMES, BACK, boot=2 * DAY)))
    none = looked_at(write(tmp_path / "3.jsonl", []))
    assert [clock.shift for clock in starting_clocks([right, wrong, none])] == [0, -HOUR, 0]


def test_a_recording_whose_clock_was_set_is_known(tmp_path: Path) -> None:
    def verdict(name: str, lines: list[Record]) -> bool:
        file = looked_at(write(tmp_path / name, lines))
        (clock,) = starting_clocks([file])
        with file.open() as recording:
            return is_stepped(file, clock, recording.index)

    both = {300 * SECOND: HOUR, 600 * SECOND: -HOUR}
    assert not verdict("a.jsonl.zst", recorded(TIMES, {}))
    assert not verdict("b.jsonl", recorded(TIMES, {}))
    assert not verdict("c.jsonl.zst", without_readings(recorded(TIMES, {})))
    assert verdict("d.jsonl.zst", recorded(TIMES, BACK))
    assert verdict("e.jsonl.zst", recorded(TIMES, both))
    assert verdict("f.jsonl.zst", without_readings(recorded(TIMES, both)))
    assert verdict("g.jsonl", without_readings(recorded(TIMES, {})))  # nobody knows


def test_a_recording_begins_at_its_first_line(tmp_path: Path) -> None:
    file = looked_at(write(tmp_path / "a.jsonl", recorded(TIMES, BACK)))
    empty = looked_at(create_recording(tmp_path / "b.jsonl", Header("raw", created=START)).finish())
    assert beginning_of(file, SteadyClock(5)).first == format_time(START + 5).encode()
    assert beginning_of(empty, SteadyClock(5)).first == format_time(START).encode()


def test_a_cut_begins_with_the_clock_as_of_its_first_line(tmp_path: Path) -> None:
    lines = recorded(TIMES, {})
    for suffix in (".jsonl", ".jsonl.zst"):
        file = looked_at(write(tmp_path / f"a{suffix}", lines))
        (start,) = starting_clocks([file])
        cut = beginning_of_cut(file, start, START + 330 * SECOND, START + 400 * SECOND)
        assert cut.clock.reading == readings_of(lines)[5]
        assert cut.first == format_time(START + 330 * SECOND).encode()
        nothing = beginning_of_cut(file, start, START + 330 * SECOND, START + 330 * SECOND)
        assert nothing.first == b""
