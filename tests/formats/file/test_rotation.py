"""A recording in several files."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.errors import RecordingExistsError, UsageError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.file import rotation as portions
from feedrec.formats.file.names import numbered_path
from feedrec.formats.file.rotation import PortionedWriter, Portions
from feedrec.formats.line.codec import encode_frame
from feedrec.formats.line.index import Mark
from feedrec.model import Frame, FrameInfo, Header

HEADER = Header("coinbase-advanced", created=5, extra={"more": 1})


def write(path: Path, times: list[int], how: Portions | None, size: int = 1) -> PortionedWriter:
    lines = [encode_frame(Frame(time, 0, b'{"%b":1}' % (b"x" * size))) for time in times]
    marks: list[Mark] = [(time, 0, FrameInfo()) for time in times]
    writer = PortionedWriter(path, HEADER, create_recording, how)
    writer.begin()
    try:
        writer.write(lines, marks)
        writer.finish()
    except BaseException:
        writer.discard()
        raise
    return writer


def times_in(path: Path) -> list[int]:
    with open_recording(path) as recording:
        return [record.time for record in recording]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst", ".jsonl.gz", ".parquet"])
def test_the_number_stands_before_the_suffix(suffix: str) -> None:
    assert numbered_path(Path(f"a.b/c.d{suffix}"), 7) == Path(f"a.b/c.d-0007{suffix}")


def test_spans_are_aligned_and_times_that_step_back_stay(tmp_path: Path) -> None:
    written = write(tmp_path / "x.jsonl", [7, 9, 10, 9, 11, 35], Portions(nanoseconds=10))
    assert [path.name for path in written.paths] == ["x-0001.jsonl", "x-0002.jsonl", "x-0003.jsonl"]
    assert [times_in(path) for path in written.paths] == [[7, 9], [10, 9, 11], [35]]


def test_each_part_is_a_whole_recording_that_says_which(tmp_path: Path) -> None:
    written = write(tmp_path / "x.jsonl.zst", [1, 11], Portions(nanoseconds=10))
    for number, path in enumerate(written.paths, 1):
        with open_recording(path) as recording:
            assert recording.header.extra == {"more": 1, "part": number}
            assert recording.header.created == HEADER.created
    assert written.file_size == sum(path.stat().st_size for path in written.paths)


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst", ".jsonl.gz"])
def test_sizes_are_about_what_was_asked_for(tmp_path: Path, suffix: str) -> None:
    written = write(tmp_path / f"x{suffix}", list(range(4000)), Portions(size=40_000), size=100)
    assert [time for path in written.paths for time in times_in(path)] == list(range(4000))
    assert len(written.paths) > 1
    assert all(path.stat().st_size < 60_000 for path in written.paths)


def test_without_portions_there_is_one_file_of_that_name(tmp_path: Path) -> None:
    assert write(tmp_path / "x.jsonl", [1, 99], None).paths == [tmp_path / "x.jsonl"]


def test_failing_leaves_nothing_behind(tmp_path: Path) -> None:
    other = tmp_path / "x-0003.jsonl"
    other.write_text("mine")
    with pytest.raises(RecordingExistsError):
        write(tmp_path / "x.jsonl", [1, 11, 21], Portions(nanoseconds=10))
    assert [path.name for path in tmp_path.iterdir()] == ["x-0003.jsonl"]
    assert other.read_text() == "mine"


def test_more_parts_than_names_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "MAX_PORTIONS", 3)
    with pytest.raises(UsageError, match="more than 3 files"):
        write(tmp_path / "x.jsonl", [1, 11, 21, 31], Portions(nanoseconds=10))
    assert list(tmp_path.iterdir()) == []
