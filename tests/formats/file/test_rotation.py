"""One file after another: nothing between them is lost, and each is a whole recording."""

from __future__ import annotations

import fcntl
import io
import queue
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from feedrec.errors import RecordingExistsError, WriteError
from feedrec.formats import create_recording, exchange_of, exchanges_in, http_event, open_recording
from feedrec.formats.file.creating import recording_to
from feedrec.formats.file.growing.disk_rules import DiskRules
from feedrec.formats.file.growing.files_so_far import FilesSoFar
from feedrec.formats.file.growing.growing_file import GrowingFile, begin_file
from feedrec.formats.file.naming.template import parse_template
from feedrec.formats.file.naming.template_names import TemplateNames
from feedrec.formats.file.rotation import RotateAfter, RotatingWriter, next_number
from feedrec.formats.file.stream_target import StreamTarget
from feedrec.formats.file.target import FileTarget
from feedrec.formats.line.codec import encode_event, encode_frame, encode_header
from feedrec.formats.line.frame_run import run_of
from feedrec.formats.line.index import mark_of
from feedrec.formats.line.steady_clock import Reading, reading_of
from feedrec.formats.stream.plain import PlainEncoder
from feedrec.model import NANOSECONDS, Event, Frame, FrameInfo, Header, Record

from ...timing import HANG_TIMEOUT, MS, wait_until
from ..line.exchanges import exchange

HEADER = Header("coinbase-advanced", created=7, extra={"more": 1})
HOUR = 3600 * NANOSECONDS
HOURLY = RotateAfter(nanoseconds=HOUR)
START = 1_795_280_400 * NANOSECONDS  # a full hour
LARGE = b'{"%b":1}' % (b"x" * 100)


def frames(times: Sequence[int], payload: bytes = b"[]") -> list[Frame]:
    return [Frame(time, 0, payload) for time in times]


def records(path: Path) -> list[Record]:
    with open_recording(path) as recording:
        return list(recording)


def write_each(writer: RotatingWriter, given: Sequence[Record]) -> None:
    """Write as a recorder does."""
    for record in given:
        writer.write(record)


def write_all(writer: RotatingWriter, given: Sequence[Record]) -> None:
    """Write as a conversion does."""
    lines = [encode_frame(record) if isinstance(record, Frame) else encode_event(record) for record in given]
    writer.write_lines(lines, [mark_of(record) for record in given])


def write_runs(writer: RotatingWriter, given: Sequence[Record]) -> None:
    """Write as a recorder does while nothing but frames comes; time goes back between runs only."""
    run: list[Frame] = []
    for record in [*given, None]:
        if run and not (isinstance(record, Frame) and record.time >= run[-1].time):
            whole = run_of(0, [(frame.time, [frame.payload]) for frame in run], [FrameInfo()] * len(run))
            assert whole is not None
            writer.write_run(whole)
            run = []
        if isinstance(record, Frame):
            run.append(record)
        elif record is not None:
            writer.write(record)


Write = Callable[[RotatingWriter, Sequence[Record]], None]
either_way = pytest.mark.parametrize("write", [write_each, write_all, write_runs])


@either_way
def test_files_turn_at_the_full_hour(tmp_path: Path, write: Write) -> None:
    finished: list[Path] = []
    writer = RotatingWriter(tmp_path / "x.jsonl.zst", HEADER, begin_file, HOURLY, finished.append)
    given = frames([START + HOUR // 2, START + HOUR - 1, START + HOUR, START + HOUR + 5, START + 3 * HOUR])
    write(writer, given)
    assert writer.finish() == tmp_path / "x-*.jsonl.zst"
    assert finished == [tmp_path / f"x-000{number}.jsonl.zst" for number in (1, 2, 3)]
    assert sorted(tmp_path.iterdir()) == finished
    assert [records(path) for path in finished] == [given[:2], given[2:4], given[4:]]
    assert writer.file_size == sum(path.stat().st_size for path in finished)


def test_each_file_is_a_whole_recording_that_says_which(tmp_path: Path) -> None:
    finished: list[Path] = []
    writer = RotatingWriter(tmp_path / "x.jsonl.zst", HEADER, begin_file, HOURLY, finished.append)
    write_each(writer, frames([START, START + HOUR, START + 2 * HOUR]))
    writer.finish()
    for number, path in enumerate(finished, 1):
        with open_recording(path) as recording:
            assert recording.header.extra == {"more": 1, "part": number}
            assert recording.header.created == HEADER.created
            assert recording.index is not None


@either_way
def test_a_request_begins_a_file_like_any_other_line(tmp_path: Path, write: Write) -> None:
    """Though it is of no connection: the reading before it is of the first one."""
    writer = RotatingWriter(tmp_path / "x.jsonl.zst", HEADER, begin_file, HOURLY)
    reading = Event(START, 0, "clock", {"wall": START, "monotonic": 7})
    requests = [http_event(exchange(START + number * HOUR, LARGE)) for number in range(3)]
    write(writer, [reading, *requests])
    writer.finish()
    found = [records(path) for path in sorted(tmp_path.iterdir())]
    later = [Reading(START, 7).at(START + number * HOUR).event(START + number * HOUR, 0) for number in (1, 2)]
    assert found == [[reading, requests[0]], [later[0], requests[1]], [later[1], requests[2]]]
    for path, request in zip(sorted(tmp_path.iterdir()), requests, strict=True):
        with open_recording(path) as recording:
            assert [one for _, one in exchanges_in(recording)] == [exchange_of(request)]


@either_way
def test_a_line_out_of_order_opens_no_file_anew(tmp_path: Path, write: Write) -> None:
    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, begin_file, HOURLY)
    given = frames([START, START + HOUR, START + HOUR - 5, START + HOUR + 5])
    write(writer, given)
    writer.finish()
    assert [records(path) for path in sorted(tmp_path.iterdir())] == [given[:1], given[1:]]


def stepping(steps: dict[int, int], count: int, second: int = NANOSECONDS) -> list[Record]:
    """Make a frame each tenth of a second, with a reading where the clock is set (number of the frame: by how much)."""
    made: list[Record] = []
    wall = START
    for number in range(count):
        steady = number * second // 10
        if number in steps or not number:
            wall += steps.get(number, 0)
            made.append(Reading(wall + steady, steady).event(wall + steady, 0))
        made.append(Frame(wall + steady, 0, b"[%d]" % number))
    return made


@pytest.mark.parametrize("step", [-HOUR, HOUR, -12 * NANOSECONDS // 10, 7 * NANOSECONDS // 10])
def test_wherever_the_clock_is_set_no_file_is_longer_than_a_span(tmp_path: Path, step: int) -> None:
    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, begin_file, RotateAfter(2 * NANOSECONDS))
    given = stepping({30: step, 31: 1}, 100)
    for record in given:
        writer.write(record)
    writer.finish()
    files = [records(path) for path in sorted(tmp_path.iterdir())]
    assert [len(file) <= 23 for file in files] == [True] * len(files)
    assert 5 <= len(files) <= 7
    assert [one for file in files for one in file if isinstance(one, Frame)] == [
        one for one in given if isinstance(one, Frame)
    ]


@either_way
@pytest.mark.parametrize("after", [RotateAfter(2 * NANOSECONDS), RotateAfter(size=1500)])
def test_each_file_begins_with_a_reading_as_of_its_first_line(tmp_path: Path, write: Write, after: RotateAfter) -> None:
    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, begin_file, after)
    write(writer, stepping({35: -HOUR}, 100))
    writer.finish()
    files = [records(path) for path in sorted(tmp_path.iterdir())]
    assert len(files) > 4
    for file in files:
        reading, number = reading_of(file[0]), int(file[1].payload[1:-1])  # type: ignore[union-attr]
        assert reading == Reading(file[1].time, number * NANOSECONDS // 10)
        assert file[0].time == file[1].time


def test_a_file_that_begins_where_the_clock_was_set_has_one_reading(tmp_path: Path) -> None:
    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, begin_file, RotateAfter(2 * NANOSECONDS))
    for record in stepping({5: HOUR}, 10):
        writer.write(record)
    writer.finish()
    _, second = (records(path) for path in sorted(tmp_path.iterdir()))
    assert [isinstance(one, Frame) for one in second] == [False, *[True] * 5]


def test_without_readings_none_is_made_up(tmp_path: Path) -> None:
    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, begin_file, HOURLY)
    given = frames([START, START + HOUR])
    write_each(writer, given)
    writer.finish()
    assert [records(path) for path in sorted(tmp_path.iterdir())] == [given[:1], given[1:]]


@either_way
@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst", ".jsonl.gz"])
def test_sizes_are_about_what_was_asked_for(tmp_path: Path, suffix: str, write: Write) -> None:
    finished: list[Path] = []
    writer = RotatingWriter(tmp_path / f"x{suffix}", HEADER, begin_file, RotateAfter(size=40_000), finished.append)
    given = frames(range(4000), LARGE)
    write(writer, given)
    writer.finish()
    assert [record for path in finished for record in records(path)] == given
    assert len(finished) > 1
    assert all(path.stat().st_size < 60_000 for path in finished)


@either_way
def test_a_single_file_has_the_name_and_the_header_given(tmp_path: Path, write: Write) -> None:
    finished: list[Path] = []
    path = tmp_path / "x.jsonl"
    writer = RotatingWriter(path, HEADER, begin_file, None, finished.append)
    given = frames([START, START + 5 * HOUR])
    write(writer, given)
    assert writer.finish() == path
    assert finished == [path]
    assert records(path) == given
    with open_recording(path) as recording:
        assert recording.header == HEADER


@either_way
def test_numbers_grow_beyond_four_digits(tmp_path: Path, write: Write) -> None:
    finished: list[Path] = []
    path = tmp_path / "x.jsonl"
    writer = RotatingWriter(path, HEADER, begin_file, HOURLY, finished.append, first=9_998)
    write(writer, frames([START + number * HOUR for number in range(4)]))
    assert writer.finish() == tmp_path / "x-*.jsonl"
    assert [one.name for one in finished] == ["x-9998.jsonl", "x-9999.jsonl", "x-10000.jsonl", "x-10001.jsonl"]
    assert [records(one)[0].time for one in finished] == [START + number * HOUR for number in range(4)]
    with open_recording(finished[-1]) as recording:
        assert recording.header.extra["part"] == 10_001
    assert next_number(path) == 10_002


def test_a_later_run_begins_with_its_number(tmp_path: Path) -> None:
    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, begin_file, HOURLY, first=5)
    assert writer.path == tmp_path / "x-0005.jsonl"
    write_each(writer, frames([START, START + HOUR]))
    assert writer.finish() == tmp_path / "x-*.jsonl"
    with open_recording(tmp_path / "x-0006.jsonl") as recording:
        assert recording.header.extra["part"] == 6


def test_a_name_that_is_taken_ends_the_run_and_what_was_written_is_there(tmp_path: Path) -> None:
    (tmp_path / "x-0002.jsonl").touch()
    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, begin_file, HOURLY)
    given = frames([START, START + HOUR])

    def write_and_finish() -> None:
        write_each(writer, given)
        writer.finish()

    with pytest.raises(RecordingExistsError):
        write_and_finish()
    assert records(tmp_path / "x-0001.jsonl") == given[:1]


def test_a_failure_to_finish_a_file_is_the_failure_of_the_run(tmp_path: Path) -> None:
    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, begin_file, HOURLY)
    drained: list[None] = []
    writer.on_drained = lambda: drained.append(None)
    given = frames([START, START + HOUR])
    write_each(writer, given[:1])
    (tmp_path / "x-0001.jsonl").touch()  # somebody else takes the name
    write_each(writer, given[1:])
    wait_until(lambda: writer.failure)
    with pytest.raises(RecordingExistsError, match="safe in"):
        writer.finish()
    assert drained
    assert records(tmp_path / "x-0001.jsonl.part") == given[:1]
    with pytest.raises((RecordingExistsError, WriteError)):
        write_each(writer, given)


def test_discarding_removes_what_is_not_finished_and_nothing_else(tmp_path: Path) -> None:
    """A file that is whole under its `.part` name, because another one took its own, is kept too."""
    finished: list[Path] = []
    done = threading.Event()

    def note(path: Path) -> None:
        finished.append(path)
        done.set()

    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, begin_file, HOURLY, note)
    given = frames([START, START + HOUR, START + 2 * HOUR])
    write_each(writer, given[:2])
    assert done.wait(HANG_TIMEOUT)
    wait_until((tmp_path / "x-0002.jsonl.part").exists)
    (tmp_path / "x-0002.jsonl").write_text("mine")
    write_each(writer, given[2:])
    wait_until((tmp_path / "x-0003.jsonl.part").exists)
    writer.discard()
    assert finished == [tmp_path / "x-0001.jsonl"]
    assert {path.name for path in tmp_path.iterdir()} == {"x-0001.jsonl", "x-0002.jsonl", "x-0002.jsonl.part"}
    assert (tmp_path / "x-0002.jsonl").read_text() == "mine"
    assert records(tmp_path / "x-0002.jsonl.part") == given[1:2]


def test_reading_pauses_while_several_files_wait_to_be_finished(tmp_path: Path) -> None:
    """Else a slow disk would collect files without bound."""
    may_finish = threading.Event()

    class SlowToFinish(FileTarget):
        def commit(self) -> Path:
            may_finish.wait(HANG_TIMEOUT)
            return super().commit()

    def create(path: Path, header: Header) -> GrowingFile:
        return GrowingFile(SlowToFinish(path), PlainEncoder(), encode_header(header))

    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, create, HOURLY)
    resumed = threading.Event()
    writer.on_drained = resumed.set
    write_each(writer, frames([START, START + HOUR, START + 2 * HOUR]))
    wait_until((tmp_path / "x-0003.jsonl.part").exists)
    assert not writer.is_full
    write_each(writer, frames([START + 3 * HOUR]))
    wait_until(lambda: writer.is_full)
    assert not writer.has_no_room  # for one who cannot wait, until they are very many
    assert not resumed.is_set()
    may_finish.set()
    assert resumed.wait(HANG_TIMEOUT)
    assert not writer.is_full
    writer.finish()


def test_an_earlier_file_on_a_hanging_disk_is_not_waited_for_without_limit(tmp_path: Path) -> None:
    may_finish = threading.Event()

    class Hanging(FileTarget):
        def sync(self) -> None:
            may_finish.wait(HANG_TIMEOUT)
            super().sync()

    def create(path: Path, header: Header) -> GrowingFile:
        return GrowingFile(Hanging(path), PlainEncoder(), encode_header(header))

    writer = RotatingWriter(tmp_path / "x.jsonl", HEADER, create, HOURLY)
    given = frames([START, START + HOUR])
    write_each(writer, given)
    with pytest.raises(WriteError, match=r"does not confirm .* the recording is in x-0002\.jsonl\.part"):
        writer.finish(patience=50 * MS)
    assert records(tmp_path / "x-0001.jsonl.part") == given[:1]
    assert records(tmp_path / "x-0002.jsonl.part") == given[1:]
    may_finish.set()
    assert writer._files._finishing.wait(None)


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst"])
def test_a_size_is_kept_however_fast_the_lines_come(tmp_path: Path, suffix: str) -> None:
    """The disk lags behind what is handed over, and is over by a block of text at most all the same."""
    writer = RotatingWriter(tmp_path / f"x{suffix}", HEADER, begin_file, RotateAfter(size=200_000))
    given = [Frame(number, 0, b'{"a":%d}' % (number * 0x9E3779B97F4A7C15)) for number in range(60_000)]
    write_each(writer, given)
    writer.finish()
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) > 3
    assert max(sizes) <= 230_000
    assert sum(len(records(path)) for path in tmp_path.iterdir()) == len(given)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], 1),
        (["x-0001.jsonl.zst", "x-0007.jsonl.zst.part", "x-0009.jsonl", "y-0011.jsonl.zst", "x-12.jsonl.zst"], 8),
        (["x-0002.jsonl.zst.part.old", "x-9999.jsonl.zst", "x-10000.jsonl.zst"], 10_001),
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


@pytest.mark.parametrize(
    ("locked", "work"),
    [
        ("x-0002.jsonl.zst.part", "x-0002.repairing.jsonl.zst"),
        ("x-0002.parquet.jsonl.zst", "x-0002.repairing.parquet"),
        ("x-0002.jsonl.zst", "x-0002.repaired.repairing.jsonl.zst"),
    ],
)
def test_who_finishes_what_a_killed_recorder_left_is_no_recorder(locked: str, work: str, tmp_path: Path) -> None:
    """A process does so, which may live on when its recorder is killed as well."""
    path = tmp_path / f"x{'.parquet' if 'parquet' in locked else '.jsonl.zst'}"
    with (tmp_path / locked).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(RecordingExistsError, match="another"):
            next_number(path)
        with (tmp_path / f"{work}.part").open("w") as repaired:
            fcntl.flock(repaired, fcntl.LOCK_EX)
            assert next_number(path) == 3


def test_a_rotation_goes_on_in_a_folder_that_was_moved(tmp_path: Path) -> None:
    """Later files are begun beside the present one."""
    folder, other = tmp_path / "folder", tmp_path / "other"
    folder.mkdir()
    writer = RotatingWriter(folder / "x.jsonl", HEADER, begin_file, HOURLY, rules=DiskRules())
    first, second = frames([START, START + HOUR])
    writer.write(first)
    folder.rename(other)
    wait_until(lambda: writer._files.path.parent == other)
    writer.write(second)
    writer.finish(10)
    assert sorted(path.name for path in other.iterdir()) == ["x-0001.jsonl", "x-0002.jsonl"]
    assert not folder.exists()


VALUES = {"endpoint": "coinbase-advanced", "channel": "ticker", "product": "all"}


def hourly_names(folder: Path, text: str = "{date}/{hour}/{channel}.jsonl") -> TemplateNames:
    return TemplateNames(parse_template(f"{folder}/{text}", ""), VALUES)


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def begun_at(time: int) -> Header:
    return Header("coinbase-advanced", created=time)


@either_way
def test_files_of_a_template_have_the_names_of_their_hours(tmp_path: Path, write: Write) -> None:
    finished: list[Path] = []
    writer = RotatingWriter(hourly_names(tmp_path), begun_at(START), begin_file, HOURLY, finished.append)
    assert writer.path == tmp_path / "2026-11-21/17/ticker.jsonl"
    given = frames([START + HOUR // 2, START + HOUR, START + HOUR + 5, START + 9 * HOUR])
    write(writer, given)
    assert writer.finish() == tmp_path / "*/*/ticker*.jsonl"
    assert files_below(tmp_path) == [f"2026-11-2{hour}/ticker.jsonl" for hour in ("1/17", "1/18", "2/02")]
    assert [records(path) for path in finished] == [given[:1], given[1:3], given[3:]]
    for number, path in enumerate(finished, 1):
        with open_recording(path) as recording:
            assert recording.header.extra == {"part": number}


def test_the_first_file_of_a_template_is_that_of_the_start(tmp_path: Path) -> None:
    """Though the first line comes an hour later."""
    writer = RotatingWriter(hourly_names(tmp_path), begun_at(START - 1), begin_file, HOURLY)
    write_each(writer, frames([START]))
    writer.finish()
    assert files_below(tmp_path) == ["2026-11-21/16/ticker.jsonl", "2026-11-21/17/ticker.jsonl"]


@either_way
def test_a_clock_that_is_set_back_never_costs_a_file(tmp_path: Path, write: Write) -> None:
    """The hour comes again: its second file has a number, and each has what was received while it was written."""
    finished: list[Path] = []
    writer = RotatingWriter(hourly_names(tmp_path), begun_at(START), begin_file, HOURLY, finished.append)
    given = frames([START + 1, START + HOUR + 1, START + HOUR - 2 * NANOSECONDS, START + HOUR + 2])
    write(writer, given)
    writer.finish()
    names = [str(path.relative_to(tmp_path / "2026-11-21")) for path in finished]
    assert names == ["17/ticker.jsonl", "18/ticker.jsonl", "17/ticker-2.jsonl", "18/ticker-2.jsonl"]
    assert [records(path) for path in finished] == [[record] for record in given]


@either_way
def test_a_clock_that_is_set_makes_no_file_longer_than_its_hour(tmp_path: Path, write: Write) -> None:
    """Set back by half an hour within an hour, a file ends when an hour of steady time has passed."""
    writer = RotatingWriter(hourly_names(tmp_path), begun_at(START), begin_file, HOURLY)
    half = HOUR // 2
    readings = [Event(START, 0, "clock", {"wall": START, "monotonic": 0})]
    readings += [Event(START + 10, 0, "clock", {"wall": START + 10, "monotonic": half + 10})]
    write(writer, [readings[0], *frames([START + half]), readings[1], *frames([START + half + 11, START + HOUR])])
    writer.finish()
    assert files_below(tmp_path / "2026-11-21") == ["17/ticker-2.jsonl", "17/ticker.jsonl", "18/ticker.jsonl"]


def test_a_run_that_overwrites_never_does_so_with_its_own_files(tmp_path: Path) -> None:
    """Though the clock is set back to their hour; what an earlier run left is replaced."""
    names = hourly_names(tmp_path)
    RotatingWriter(names, begun_at(START), begin_file, HOURLY).finish()

    def create(path: Path, header: Header) -> GrowingFile:
        return begin_file(path, header, overwrite=names.may_replace(path))

    finished: list[Path] = []
    writer = RotatingWriter(names, begun_at(START), create, HOURLY, finished.append)
    given = frames([START + 1, START + HOUR + 1, START + 2])
    write_each(writer, given[:2])
    wait_until(lambda: finished)
    write_each(writer, given[2:])
    writer.finish()
    assert [str(path.relative_to(tmp_path / "2026-11-21")) for path in finished] == [
        "17/ticker.jsonl",
        "18/ticker.jsonl",
        "17/ticker-2.jsonl",
    ]
    assert [records(path) for path in finished] == [[record] for record in given]


def test_another_run_leaves_the_files_of_the_hour_alone(tmp_path: Path) -> None:
    """Finished, left over, or being written."""
    first = RotatingWriter(hourly_names(tmp_path), begun_at(START), begin_file, HOURLY)
    second = RotatingWriter(hourly_names(tmp_path), begun_at(START), begin_file, HOURLY)
    first.abandon()
    second.finish()
    RotatingWriter(hourly_names(tmp_path), begun_at(START), begin_file, HOURLY).finish()
    found = ["ticker-2.jsonl", "ticker-3.jsonl", "ticker.jsonl.part"]
    assert files_below(tmp_path / "2026-11-21" / "17") == found


def test_a_template_without_a_rotation_names_one_file(tmp_path: Path) -> None:
    names = hourly_names(tmp_path, "{channel}/x-{time}.jsonl")
    writer = RotatingWriter(names, begun_at(START), begin_file)
    write_each(writer, frames([START, START + 40 * HOUR]))
    assert writer.finish() == tmp_path / "ticker/x-20261121T170000Z.jsonl"
    with open_recording(writer.path) as recording:
        assert "part" not in recording.header.extra
    names = hourly_names(tmp_path, "{channel}.jsonl")
    RotatingWriter(names, begun_at(START), begin_file).finish()
    with pytest.raises(RecordingExistsError, match="already exists"):
        RotatingWriter(names, begun_at(START), begin_file)


def test_files_by_size_have_the_time_of_their_first_line(tmp_path: Path) -> None:
    names, finished = hourly_names(tmp_path, "x-{time}.jsonl"), list[Path]()
    writer = RotatingWriter(names, begun_at(START), begin_file, RotateAfter(size=500), finished.append)
    given = frames([START + number * NANOSECONDS // 2 for number in range(40)], LARGE)
    writer.write_lines([encode_frame(one) for one in given], [mark_of(one) for one in given])
    writer.finish()
    places = [names.place_of(path) for path in finished]
    starts = [records(path)[0].time // NANOSECONDS for path in finished]
    assert [place and place[0] for place in places] == starts
    assert [record for path in finished for record in records(path)] == given


def test_a_template_goes_on_in_a_folder_that_was_moved(tmp_path: Path) -> None:
    writer = RotatingWriter(hourly_names(tmp_path / "a"), begun_at(START), begin_file, HOURLY, rules=DiskRules())
    first, second = frames([START, START + HOUR])
    writer.write(first)
    (tmp_path / "a").rename(tmp_path / "b")
    wait_until(lambda: str(writer._files.path).startswith(str(tmp_path / "b")))
    writer.write(second)
    writer.finish(10)
    assert files_below(tmp_path) == ["b/2026-11-21/17/ticker.jsonl", "b/2026-11-21/18/ticker.jsonl"]


def test_a_folder_that_is_removed_costs_the_file_in_it_at_most_its_name(tmp_path: Path) -> None:
    """A template makes the folder again; what was removed is copied from the open file."""
    writer = RotatingWriter(hourly_names(tmp_path), begun_at(START), begin_file, HOURLY, rules=DiskRules())
    given = frames([START, START + 1])
    writer.write(given[0])
    wait_until(lambda: writer.backlog == 0)
    shutil.rmtree(tmp_path / "2026-11-21")
    wait_until(lambda: writer._files.number > 1)
    writer.write(given[1])
    writer.finish(10)
    found = [one for path in tmp_path.rglob("*.jsonl") for one in records(path) if isinstance(one, Frame)]
    assert sorted(found, key=lambda one: one.time) == given


def test_where_the_lines_are_is_told_up_to_each_of_them(tmp_path: Path) -> None:
    """In which file, and how many lines it has up to there: also where files begin with a line of their own."""
    given: list[Record] = [Event(START, 0, "clock", {"wall": START, "monotonic": 5})]
    given += frames([START + step * HOUR // 2 for step in range(7)])
    told: queue.Queue[FilesSoFar] = queue.Queue()
    with RotatingWriter(tmp_path / "x.jsonl", HEADER, begin_file, HOURLY) as writer:
        so_far = []
        for record in given:
            writer.write(record)
            writer.tell_files(told.put)
            so_far.append(told.get(timeout=HANG_TIMEOUT))
    for record, (finished, growing, lines) in zip(given, so_far, strict=True):
        assert growing is not None
        assert records(growing)[lines - 2] == record  # less the header, from 0 on
        assert [*finished, growing] == writer.places[: len(finished) + 1]
    assert len(writer.places) == 4


def test_a_stream_has_no_files_to_tell_of() -> None:
    told: queue.Queue[FilesSoFar] = queue.Queue()
    with recording_to(StreamTarget(io.BytesIO()), HEADER, PlainEncoder()) as writer:
        writer.tell_files(told.put)
        assert told.get(timeout=HANG_TIMEOUT) == FilesSoFar([], None, 1)
