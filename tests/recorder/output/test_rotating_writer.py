"""One file after another: nothing between them is lost, and each is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.errors import RecordingExistsError, WriteError
from feedrec.formats import RecordingWriter, create_recording, open_recording
from feedrec.formats.file.rotation import Portions
from feedrec.model import NANOSECONDS, Frame, Header, Record
from feedrec.recorder.output.rotating_writer import RotatingWriter, next_number

HEADER = Header("raw", created=7)
HOUR = 3600 * NANOSECONDS
START = 1_795_280_400 * NANOSECONDS  # a full hour


def frames(times: list[int]) -> list[Record]:
    return [Frame(time, 0, b"[%d]" % number) for number, time in enumerate(times)]


def records(path: Path) -> list[Record]:
    with open_recording(path) as recording:
        return list(recording)


def test_files_turn_at_the_full_hour(tmp_path: Path) -> None:
    finished: list[Path] = []
    portions = Portions(nanoseconds=HOUR)
    writer = RotatingWriter(tmp_path / "x.jsonl.zst", HEADER, create_recording, portions, finished.append)
    given = frames([START + HOUR // 2, START + HOUR - 1, START + HOUR, START + HOUR + 5, START + 3 * HOUR])
    for record in given:
        writer.write(record)
    assert writer.finish() == tmp_path / "x-*.jsonl.zst"
    paths = sorted(tmp_path.iterdir())
    assert paths == finished == [tmp_path / f"x-000{number}.jsonl.zst" for number in (1, 2, 3)]
    assert [records(path) for path in paths] == [given[:2], given[2:4], given[4:]]
    for number, path in enumerate(paths, 1):
        with open_recording(path) as recording:
            assert recording.header.extra == {"part": number}
            assert recording.header.created == 7
            assert recording.index is not None
    assert writer.file_size == sum(path.stat().st_size for path in paths)


def test_a_clock_that_steps_back_opens_no_file_anew(tmp_path: Path) -> None:
    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, create_recording, Portions(nanoseconds=HOUR))
    given = frames([START, START + HOUR, START + HOUR - 5, START + HOUR + 5])
    for record in given:
        writer.write(record)
    writer.finish()
    assert [records(path) for path in sorted(tmp_path.iterdir())] == [given[:1], given[1:]]


def test_files_turn_at_a_size(tmp_path: Path) -> None:
    def create(path: Path, header: Header) -> RecordingWriter:
        return create_recording(path, header)

    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, create, Portions(size=150))  # the header has 120
    given: list[Record] = []
    while len(list(tmp_path.iterdir())) < 4:
        (record,) = frames([START + len(given)])
        writer.write(record)
        given.append(record)
    writer.finish()
    assert [record for path in sorted(tmp_path.iterdir()) for record in records(path)] == given


def test_without_portions_there_is_one_file_with_the_name_given(tmp_path: Path) -> None:
    finished: list[Path] = []
    path = tmp_path / "x.jsonl"
    writer = RotatingWriter(path, HEADER, create_recording, None, finished.append)
    writer.write(Frame(START, 0, b"[]"))
    assert writer.finish() == path
    assert finished == [path]
    with open_recording(path) as recording:
        assert recording.header == HEADER


def test_a_name_that_is_taken_ends_the_run_and_what_was_written_is_there(tmp_path: Path) -> None:
    (tmp_path / "x-0002.jsonl").touch()
    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, create_recording, Portions(nanoseconds=HOUR))
    writer.write(Frame(START, 0, b"[1]"))
    with pytest.raises(RecordingExistsError):
        writer.write(Frame(START + HOUR, 0, b"[2]"))
    writer.finish()
    assert records(tmp_path / "x-0001.jsonl") == [Frame(START, 0, b"[1]")]


def test_what_fails_in_finishing_a_file_is_the_failure_of_the_run(tmp_path: Path) -> None:
    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, create_recording, Portions(nanoseconds=HOUR))
    drained: list[None] = []
    writer.on_drained = lambda: drained.append(None)
    writer.write(Frame(START, 0, b"[1]"))
    (tmp_path / "x-0001.jsonl").touch()  # somebody else takes the name
    writer.write(Frame(START + HOUR, 0, b"[2]"))
    with pytest.raises(RecordingExistsError, match="safe in"):
        writer.finish()
    assert writer.failure is not None
    assert drained
    assert records(tmp_path / "x-0001.jsonl.part") == [Frame(START, 0, b"[1]")]
    with pytest.raises((RecordingExistsError, WriteError)):
        writer.write(Frame(START + HOUR, 0, b"[3]"))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], 1),
        (["x-0001.jsonl.zst", "x-0007.jsonl.zst.part", "x-0009.jsonl", "y-0011.jsonl.zst", "x-12.jsonl.zst"], 8),
        (["x-0002.jsonl.zst.part.old", "x-10000.jsonl.zst"], 10_001),
    ],
)
def test_numbers_go_on_behind_those_of_earlier_runs(tmp_path: Path, names: list[str], expected: int) -> None:
    for name in names:
        (tmp_path / name).touch()
    assert next_number(tmp_path / "x.jsonl.zst") == expected


def test_journals_count_like_the_tables_that_they_become(tmp_path: Path) -> None:
    (tmp_path / "x-0003.parquet.jsonl.zst.part").touch()
    assert next_number(tmp_path / "x.parquet") == 4


def test_the_files_of_a_recorder_that_runs_are_its_own(tmp_path: Path) -> None:
    with create_recording(tmp_path / "x-0002.jsonl.zst", HEADER), pytest.raises(RecordingExistsError, match="another"):
        next_number(tmp_path / "x.jsonl.zst")


def test_a_later_run_begins_with_its_number(tmp_path: Path) -> None:
    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, create_recording, Portions(nanoseconds=HOUR), first=5)
    assert writer.path == tmp_path / "x-0005.jsonl"
    for one in frames([START, START + HOUR]):
        writer.write(one)
    assert writer.finish() == tmp_path / "x-*.jsonl"
    with open_recording(tmp_path / "x-0006.jsonl") as recording:
        assert recording.header.extra == {"part": 6}
