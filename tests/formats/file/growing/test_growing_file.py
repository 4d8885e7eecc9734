"""One file: what the disk has not taken is kept, and so is every line that it does not have wholly."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from feedrec.errors import LineError, UsageError, WriteError
from feedrec.formats import open_recording
from feedrec.formats.file.growing.growing_file import GrowingFile, begin_file
from feedrec.formats.line.codec import encode_frame
from feedrec.formats.line.frame_run import FrameRun, run_of
from feedrec.model import Frame, FrameInfo, Header

from .faulty_disk import BLOCK_SIZE, FaultyDisk

FULL = errno.ENOSPC
LINES = [
    (encode_frame(Frame(number, 0, b"[%d]" % (number * 7919))), (number, 0, FrameInfo(), 0, True))
    for number in range(100)
]


@pytest.fixture
def disk() -> FaultyDisk:
    return FaultyDisk()


@pytest.fixture
def file(disk: FaultyDisk) -> GrowingFile:
    return disk.begin(1)


def texts(count: int) -> list[bytes]:
    return [text for text, _ in LINES[:count]]


def test_lines_are_held_until_a_block_ends_or_is_flushed(disk: FaultyDisk, file: GrowingFile) -> None:
    file.add(LINES[:2])
    assert file.held == LINES[:2]
    assert file.held_text == sum(len(text) + 1 for text, _ in LINES[:2])
    file.flush()
    assert (file.held, file.held_text) == ([], 0)
    file.add(LINES[2:30])
    assert 0 < file.held_text <= BLOCK_SIZE
    assert file.held == LINES[30 - len(file.held) : 30]
    file.end()
    assert file.held == []
    assert disk.lines(disk.targets[0]) == texts(30)


def run_at(start: int, count: int) -> FrameRun:
    reads = [(number, [b"[%d]" % (number * 7919)]) for number in range(start, start + count)]
    run = run_of(0, reads, [FrameInfo()] * count)
    assert run is not None
    return run


def test_of_a_run_those_lines_are_held_that_are_not_wholly_in_the_file(disk: FaultyDisk, file: GrowingFile) -> None:
    given: list[bytes] = []
    for count in (3, 1, 25, 40, 8):
        run = run_at(len(given), count)
        given += [line for line, _ in run.lines()]
        file.add_run(run)
        assert [line for line, _ in file.held] == given[len(given) - len(file.held) :]
        assert file.held_text == sum(len(line) + 1 for line, _ in file.held)
    assert file.held
    assert file.frames == len(given)
    file.end()
    assert file.held == []
    assert disk.lines(disk.targets[0]) == given


def test_a_run_that_is_refused_goes_on_where_it_stopped(disk: FaultyDisk, file: GrowingFile) -> None:
    disk.writes.extend([(3, FULL), (0, FULL)])
    with pytest.raises(WriteError):
        file.add_run(run_at(0, 40))
    assert [line for line, _ in file.held] == [line for line, _ in run_at(0, 40).lines()]
    with pytest.raises(WriteError):
        file.retry()
    file.retry()
    file.end()
    assert disk.lines(disk.targets[0]) == [line for line, _ in run_at(0, 40).lines()]


def test_what_is_refused_goes_on_where_it_stopped(disk: FaultyDisk, file: GrowingFile) -> None:
    disk.writes.extend([(3, FULL), (0, FULL), (2, FULL)])
    with pytest.raises(WriteError):
        file.add(LINES[:40])
    assert file.held == LINES[:40]
    for _ in range(2):
        with pytest.raises(WriteError):
            file.retry()
    file.retry()
    file.add(LINES[40:50])
    file.end()
    assert disk.lines(disk.targets[0]) == texts(50)


def test_cut_back_it_has_every_line_that_is_not_held_and_no_other(disk: FaultyDisk, file: GrowingFile) -> None:
    file.add(LINES[:45])
    disk.writes.append((60, errno.EIO))
    with pytest.raises(WriteError):
        file.add(LINES[45:80])
    assert file.cut_back()
    found = disk.lines(disk.targets[0])
    assert [*found, *(text for text, _ in file.held)] == texts(80)
    assert found


def test_what_cannot_be_cut_off_says_so(disk: FaultyDisk, file: GrowingFile) -> None:
    assert file.cut_back()
    disk.writes.append((5, errno.EIO))
    with pytest.raises(WriteError):
        file.add(LINES)
    disk.cannot_cut = True
    assert not file.cut_back()


def test_a_header_that_is_refused_leaves_no_file(disk: FaultyDisk) -> None:
    disk.writes.append((1, FULL))
    with pytest.raises(WriteError):
        disk.begin(1)
    assert disk.targets == []


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst", ".jsonl.gz", ".parquet"])
def test_the_suffix_says_the_format(tmp_path: Path, suffix: str) -> None:
    file = begin_file(tmp_path / f"x{suffix}", Header("raw"))
    file.add(LINES)
    file.end()
    with open_recording(file.target.commit()) as recording:
        assert [record.time for record in recording] == list(range(100))


def test_a_name_or_a_header_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must end in"):
        begin_file(tmp_path / "x.csv", Header("raw"))
    with pytest.raises(LineError):
        begin_file(tmp_path / "x.jsonl", b"[]")
    assert list(tmp_path.iterdir()) == []
