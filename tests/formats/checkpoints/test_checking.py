"""Checkpoints are compared with the recording that they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.formats.checkpoints.checking import CheckpointReport, check_checkpoints, count_checkpoints
from feedrec.formats.checkpoints.state_file import StateWriter, open_state
from feedrec.formats.checkpoints.state_layout import Checkpoint
from feedrec.formats.file.modes import PRIVATE
from feedrec.formats.file.names import state_path

from .sums import RULES, A, write
from .test_making import STEPS, Parts, make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = write(tmp_path / "a.jsonl.zst", STEPS)
    make(path)
    return path


def rewrite(path: Path, checkpoints: list[tuple[int, int, bytes, int]]) -> None:
    """Write others, each a place, a time, a state and how far back it goes, that pass every CRC."""
    with open_state(state_path(path)) as state:  # type: ignore[union-attr]
        directory = state.directory
        writer = StateWriter(state_path(path), PRIVATE)
        for lines, time, dumped, since in checkpoints:
            writer.add(lines, time, {A: (dumped, since)})
    writer.commit(directory.kind, directory.recording, directory.before)


def last_of(path: Path) -> tuple[Checkpoint, bytes]:
    with open_state(state_path(path)) as state:  # type: ignore[union-attr]
        one = state.directory.checkpoints[-1]
        return one, state.read(one.blobs[0])


def test_good_ones_are_good(path: Path) -> None:
    count = count_checkpoints(path, RULES.kind)
    assert count > 3
    assert check_checkpoints(path, RULES) == CheckpointReport(count)


def test_where_there_are_none_nothing_is_wrong(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl.zst", STEPS)
    assert check_checkpoints(path, RULES) == CheckpointReport()


def test_those_of_another_recording_count_as_none(path: Path) -> None:
    write(path.with_name("b.jsonl.zst"), STEPS[:-1]).rename(path)
    assert count_checkpoints(path, RULES.kind) == 0
    assert check_checkpoints(path, RULES) == CheckpointReport(
        note="they are those of another recording, or of an earlier one"
    )


def test_those_of_another_version_count_as_none(path: Path) -> None:
    assert count_checkpoints(path, "sums 2") == 0
    report = check_checkpoints(path, RULES._replace(kind="sums 2"))
    assert report == CheckpointReport(note="they are of another version: sums 1")


def test_damage_is_a_problem(path: Path) -> None:
    place = state_path(path)
    data = bytearray(place.read_bytes())
    data[10] ^= 1
    place.write_bytes(data)
    assert check_checkpoints(path, RULES).problem == "the state of sums A does not match its CRC"
    place.write_bytes(data[:-1])
    assert count_checkpoints(path, RULES.kind) == 0
    assert check_checkpoints(path, RULES).problem


def test_a_lie_that_passes_every_crc_is_found(path: Path) -> None:
    one, dumped = last_of(path)
    rewrite(path, [(one.lines, one.time, dumped, 0)])
    assert check_checkpoints(path, RULES) == CheckpointReport(1)
    rewrite(path, [(one.lines, one.time, b"[1, 2]", 0)])
    where = f"the checkpoint after line {one.lines}"
    assert check_checkpoints(path, RULES).problem == f"{where} has another sums of A than the recording"
    rewrite(path, [(one.lines, one.time - 1, dumped, 0)])
    assert check_checkpoints(path, RULES).problem == f"{where} is said to be at an earlier time than lines before it"
    rewrite(path, [(len(STEPS) + 1, one.time, dumped, 0)])
    assert check_checkpoints(path, RULES).problem == f"there is no line {len(STEPS) + 1} in the recording"


def test_one_within_a_block_is_compared_as_well(path: Path) -> None:
    one, dumped = last_of(path)
    rewrite(path, [(one.lines - 1, one.time, dumped, 0), (one.lines, one.time, dumped, 0)])
    assert check_checkpoints(path, RULES).problem.startswith(f"the checkpoint after line {one.lines - 1} has another")


def test_what_goes_back_to_a_file_that_is_gone_is_not_compared(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    assert all(make(path) for path in parts.paths)
    last = parts.paths[-1]
    good = check_checkpoints(last, RULES)
    assert good.count
    assert not good.problem
    parts.paths[0].unlink()
    assert check_checkpoints(last, RULES) == good
