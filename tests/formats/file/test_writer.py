"""A recording that grows: nothing lost, nothing overwritten, nothing late."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from feedrec.errors import NotARecordingError, RecordingExistsError, TruncatedRecordingError, UsageError, WriteError
from feedrec.formats import RecordingReader, create_recording, open_recording
from feedrec.formats.file import writer as writer_module
from feedrec.formats.file.creating import recording_to
from feedrec.formats.file.growing import backlog as backlog_module
from feedrec.formats.file.stream_target import StreamTarget
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.stream.plain import PlainEncoder
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import NANOSECONDS, Event, Frame, Header

from ...timing import HANG_TIMEOUT, scaled, wait_until

HEADER = Header("coinbase-advanced", url="wss://example.test", created=1_795_280_400 * NANOSECONDS)


MARK = (0, 0, None, 0, True)


def line(number: int) -> bytes:
    return encode_event(Event(number, 0, "number"))


def times_in(path: Path) -> list[int]:
    """Give what can be read of a recording, finished or not."""
    times = []
    with RecordingReader(path) as reader:
        assert reader.header == HEADER
        try:
            for record in reader:
                times.append(record.time)  # noqa: PERF401  what came before the cut counts
        except TruncatedRecordingError:
            assert path.suffix == ".part"
    return times


@pytest.mark.parametrize("name", ["a.jsonl.zst", "a.jsonl"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    writer = create_recording(path, HEADER)
    for number in range(5000):
        writer.write_line(line(number))
    assert writer.path == path
    assert not path.exists()
    assert writer.finish() == path
    assert times_in(path) == list(range(5000))
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    assert writer.file_size == path.stat().st_size
    assert writer.text_size > 5000 * len(line(0))
    assert writer.backlog == 0


@pytest.mark.parametrize("name", ["a.jsonl.zst", "a.jsonl"])
def test_the_header_is_in_the_file_at_once(tmp_path: Path, name: str) -> None:
    writer = create_recording(tmp_path / name, HEADER)
    assert times_in(tmp_path / f"{name}.part") == []
    writer.discard()


def test_what_is_discarded_leaves_nothing(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER)
    writer.write_line(line(1))
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_does_not_keep_a_recording_from_being_discarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER)
    monkeypatch.setattr(os, "write", lambda *_: pytest.fail("it was asked"))
    writer.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "a.csv", "a.gz"])
def test_a_name_that_tells_no_format_is_a_usage_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"must end in \.jsonl\.zst"):
        create_recording(tmp_path / name, HEADER)
    assert list(tmp_path.iterdir()) == []


def test_a_header_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="outside the years"):
        create_recording(tmp_path / "a.jsonl.zst", Header("raw", created=-1))
    assert list(tmp_path.iterdir()) == []


def test_a_second_recorder_in_this_process_is_refused(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER)
    for overwrite in (False, True):
        with pytest.raises(RecordingExistsError):
            create_recording(tmp_path / "a.jsonl.zst", HEADER, overwrite=overwrite)
    writer.write_line(line(7))
    assert times_in(writer.finish()) == [7]


SECOND_RECORDER = """
import sys
from feedrec.errors import RecordingExistsError
from feedrec.formats import create_recording
from feedrec.model import Header
try:
    create_recording(sys.argv[1], Header("raw"), overwrite=True)
except RecordingExistsError as error:
    print(error)
"""


def test_a_second_recorder_in_another_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    writer = create_recording(path, HEADER)
    writer.write_line(line(7))
    second = subprocess.run(
        [sys.executable, "-c", SECOND_RECORDER, path], capture_output=True, text=True, check=True, timeout=HANG_TIMEOUT
    )
    assert second.stdout == f"{path}: another feedrec is recording to it\n"
    assert times_in(writer.finish()) == [7]


def test_a_target_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    writer = create_recording(path, HEADER)
    writer.write_line(line(7))
    path.write_bytes(b"precious")
    with pytest.raises(RecordingExistsError, match=r"safe in a\.jsonl\.zst\.part"):
        writer.finish()
    assert path.read_bytes() == b"precious"
    assert times_in(tmp_path / "a.jsonl.zst.part") == [7]


def test_an_old_recording_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    create_recording(path, HEADER).finish()
    old = path.read_bytes()
    writer = create_recording(path, HEADER, overwrite=True)
    writer.write_line(line(7))
    assert path.read_bytes() == old
    assert times_in(writer.finish()) == [7]


def test_a_folder_that_does_not_exist_is_a_write_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="its folder does not exist"):
        create_recording(tmp_path / "missing" / "a.jsonl.zst", HEADER)


@pytest.mark.parametrize("name", ["a.jsonl.zst", "a.jsonl"])
def test_a_line_is_in_the_file_within_a_second(tmp_path: Path, name: str) -> None:
    """One line at a time: no other follows, and the writer's rhythm leaves a fifth of a second for a slow disk."""
    writer = create_recording(tmp_path / name, HEADER)
    part = tmp_path / f"{name}.part"
    for number in range(2):
        writer.write_line(line(number))
        wait_until(lambda last=number: last in times_in(part))  # type: ignore[misc]
    writer.finish()
    assert writer_module._TICK + writer_module._FLUSH_AFTER <= 0.5 < writer_module._PAUSE_AFTER


def test_a_feed_that_the_disk_keeps_up_with_is_never_paused() -> None:
    """Lines wait for the flush that is due; only what waits for longer than that, with some room, pauses reading."""
    assert writer_module._FLUSH_AFTER + 2 * writer_module._TICK < writer_module._PAUSE_AFTER < 1
    assert writer_module._RESUME_AFTER < writer_module._FLUSH_AFTER


def test_a_full_disk_is_reported_to_the_next_write_and_to_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER)
    drained = threading.Event()
    writer.on_drained = drained.set

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with contextlib.suppress(WriteError):  # here or below: the disk refuses when the thread gets there
        for number in range(20_000):
            writer.write_line(line(number))
    assert drained.wait(HANG_TIMEOUT)  # who waits for room must not wait for ever
    assert isinstance(writer.failure, WriteError)
    with pytest.raises(WriteError, match="No space left on device"):
        writer.write_line(line(0))
    with pytest.raises(WriteError, match="No space left on device") as caught:
        writer.finish()
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    assert times_in(tmp_path / "a.jsonl.zst.part") == []
    assert not (tmp_path / "a.jsonl.zst").exists()


def test_a_full_device_is_a_write_error_before_anything_is_recorded() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(WriteError, match="No space left"):
        recording_to(StreamTarget(full), HEADER, PlainEncoder())


class Gate(io.BytesIO):
    """A slow disk: it takes the header, and then nothing until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.is_first = True

    def write(self, data: object) -> int:
        if not self.is_first:
            assert self.open.wait(HANG_TIMEOUT)
        self.is_first = False
        return super().write(cast(bytes, data))


def test_a_caller_that_is_faster_than_the_disk_learns_when_to_pause_and_to_continue() -> None:
    gate, drained = Gate(), threading.Event()
    writer = recording_to(StreamTarget(gate), HEADER, PlainEncoder(), on_drained=drained.set)
    large = line(1)[:-1] + b" " * (1 << 20) + b"}"
    while not writer.is_full:
        writer.write_line(large, MARK)
    assert 64 << 20 <= writer.backlog < 67 << 20
    assert not drained.is_set()
    gate.open.set()
    assert drained.wait(HANG_TIMEOUT)
    assert writer.backlog <= 8 << 20
    writer.finish()
    assert len(gate.getvalue()) == writer.text_size == writer.file_size


class Slow(io.BytesIO):
    """A disk that takes what it gets a piece at a time, until it is fast again."""

    delay = 0.02

    def write(self, data: object) -> int:
        time.sleep(self.delay)
        return super().write(cast(bytes, data))


def test_a_caller_learns_to_pause_before_what_waits_is_a_second_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk takes bytes, but too few: time is the measure, not memory, and there is room again in time."""
    monkeypatch.setattr(backlog_module, "_TAKEN_AT_ONCE", 1 << 12)
    drained = threading.Event()
    disk = Slow()
    writer = recording_to(StreamTarget(disk), HEADER, PlainEncoder(), on_drained=drained.set)
    text = b"x" * 1000
    deadline = time.monotonic() + HANG_TIMEOUT
    while not writer.is_full:
        assert time.monotonic() < deadline
        writer.write_line(text, MARK)
        time.sleep(0.0002)
    assert not writer.memory_is_full
    assert writer.backlog < 8 << 20
    disk.delay = 0.0
    assert drained.wait(HANG_TIMEOUT)
    assert not writer.is_full
    writer.discard()


def test_while_the_disk_takes_nothing_memory_is_the_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever waits is lost by a kill then, and pausing the venue would save none of it."""
    monkeypatch.setattr("feedrec.formats.file.growing.file_sequence._STALLED_AFTER", 0.1)
    gate = Gate()
    writer = recording_to(StreamTarget(gate), HEADER, PlainEncoder())
    writer.write_line(line(0))
    wait_until(lambda: writer.backlog == 0)
    since = writer._oldest.since
    while time.monotonic() - since < 1.0:
        time.sleep(0.02)
        writer.write_line(line(1))
        assert not writer.is_full
    gate.open.set()
    writer.finish()


def test_what_is_in_the_compressor_is_flushed_though_lines_keep_coming(tmp_path: Path) -> None:
    """The writer's thread never runs out of lines, but a line is older than half a second at some time."""
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER)
    part = tmp_path / "a.jsonl.zst.part"
    deadline = time.monotonic() + HANG_TIMEOUT
    number = 0
    while not times_in(part):
        assert time.monotonic() < deadline
        for _ in range(10):
            writer.write_line(line(number))
            number += 1
    assert writer.text_size < 1 << 20  # no block has ended
    writer.finish()


def test_a_pipe_that_nobody_reads_is_not_waited_for() -> None:
    reading, writing = os.pipe()
    with open(writing, "wb") as pipe:  # noqa: PTH123
        writer = recording_to(StreamTarget(pipe), HEADER, PlainEncoder())
        for _ in range(10):
            writer.write_line(b"x" * 99_999, MARK)
        with pytest.raises(
            WriteError, match=r"accepted nothing for 0\.3 s: at least 1000000 of \d+ bytes of text"
        ) as caught:
            writer.finish(patience=0.3)
        assert writer.failure is caught.value
        os.close(reading)  # lets the thread go
        writer._thread.join(HANG_TIMEOUT)


def test_a_pipe_that_is_read_slowly_is_waited_for() -> None:
    reading, writing = os.pipe()
    taken = []

    def read_slowly() -> None:
        while data := os.read(reading, 1 << 17):
            taken.append(data)
            time.sleep(scaled(0.1))

    reader = threading.Thread(target=read_slowly)
    reader.start()
    with open(writing, "wb") as pipe:  # noqa: PTH123
        writer = recording_to(StreamTarget(pipe), HEADER, PlainEncoder())
        writer.write_line(b"x" * 999_999, MARK)  # one block; it takes longer than the patience
        writer.finish(patience=scaled(0.5))
    reader.join()
    os.close(reading)
    assert len(b"".join(taken)) == writer.text_size == writer.file_size


STUCK = """
import sys
from feedrec.errors import WriteError
from feedrec.formats.file.creating import recording_to
from feedrec.formats.file.growing import backlog as backlog_module
from feedrec.formats.stream.plain import PlainEncoder
from feedrec.formats.file import writer as writer_module
from feedrec.formats.file.stream_target import StreamTarget
from feedrec.model import Header
writer = recording_to(StreamTarget(sys.stdout.buffer), Header("raw"), PlainEncoder())
writer.write_line(b"x" * 1_000_000, (0, 0, None, 0, True))
try:
    writer.finish(patience=0.2)
except WriteError:
    sys.exit(7)
"""


def test_a_process_whose_output_nobody_reads_can_end() -> None:
    with subprocess.Popen([sys.executable, "-c", STUCK], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.wait(HANG_TIMEOUT) == 7
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_what_fails_unforeseen_in_the_thread_is_a_write_error() -> None:
    class Odd(io.BytesIO):
        def flush(self) -> None:
            if self.tell() > 300:
                raise RuntimeError("odd")

    writer = recording_to(StreamTarget(cast(BinaryIO, Odd())), HEADER, PlainEncoder())
    writer.write_line(b"x" * 300, MARK)
    with pytest.raises(WriteError, match="odd"):
        writer.finish()


def test_a_recording_may_go_to_a_stream() -> None:
    stream = io.BytesIO()
    writer = recording_to(StreamTarget(stream), HEADER, BlockEncoder())
    writer.write_line(line(1))
    assert writer.finish() == Path("-")
    assert stream.getvalue().startswith(b"\x28\xb5\x2f\xfd")


def test_lines_are_forced_to_the_medium_on_demand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda _: synced.set())
    writer = create_recording(tmp_path / "a.jsonl", HEADER, fsync_interval=0.05)
    assert synced.wait(HANG_TIMEOUT)
    writer.finish()


RECORDER = """
import sys, time
from feedrec.formats import create_recording
from feedrec.formats.file.creating import recording_to
from feedrec.formats.file.growing import backlog as backlog_module
from feedrec.formats.line.codec import encode_event
from feedrec.model import Event, Header
header = Header("coinbase-advanced", url="wss://example.test", created=1795280400 * 10**9)
writer = create_recording(sys.argv[1], header)
for number in range(100_000):
    print(number, time.monotonic(), flush=True)
    writer.write_line(encode_event(Event(number, 0, "number")))
    time.sleep(0.01)
"""


def test_a_killed_recorder_loses_no_more_than_the_last_second(tmp_path: Path) -> None:
    """Killed with SIGKILL at three random moments: what it had and did not write is of one second of its own time."""
    recorders = []
    for run in range(3):
        path = tmp_path / f"{run}.jsonl.zst"
        recorder = subprocess.Popen([sys.executable, "-c", RECORDER, path], stdout=subprocess.PIPE, text=True)
        recorders.append((path, recorder))
    for path, recorder in recorders:
        assert recorder.stdout is not None
        assert recorder.stdout.readline().startswith("0 ")
        part = path.with_name(path.name + ".part")
        wait_until(lambda part=part: times_in(part))  # type: ignore[misc]
        time.sleep(scaled(random.Random().uniform(0, 0.9)))
        recorder.send_signal(signal.SIGKILL)
        rows = [row for row in recorder.communicate()[0].splitlines(keepends=True) if row.endswith("\n")]
        handed_over = [float(row.split()[1]) for row in rows]
        saved = times_in(part)
        assert saved == list(range(len(saved)))
        lost = handed_over[len(saved) :]
        assert not lost or lost[-1] - lost[0] < 1.1
        with pytest.raises(NotARecordingError, match="unfinished or being written"):
            RecordingReader(path)


def test_a_with_block_finishes_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    with create_recording(path, HEADER) as writer:
        writer.write(Event(1, 0, "number"))
    assert times_in(path) == [1]


def test_a_with_block_that_fails_leaves_what_was_written_unfinished(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"

    def fail() -> None:
        with create_recording(path, HEADER) as writer:
            writer.write(Event(1, 0, "number"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not path.exists()
    assert times_in(tmp_path / "a.jsonl.zst.part") == [1]
    create_recording(path, HEADER, overwrite=True).finish()  # nobody holds the lock


def test_a_blocking_write_waits_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow it is, there is never more in memory than the limit and a line."""
    monkeypatch.setattr("feedrec.formats.file.writer._HIGH_WATER", 1 << 12)

    class Slow(io.BytesIO):
        def write(self, data: Any) -> int:
            time.sleep(0.01)
            return super().write(data)

    stream = Slow()
    writer = recording_to(StreamTarget(stream), HEADER, PlainEncoder())
    most = 0
    for number in range(1000):
        writer.write(Event(number, 0, "number"), block=True)
        most = max(most, writer.backlog)
    assert most < (1 << 12) + 100
    writer.finish()
    assert stream.getvalue().count(b"\n") == 1001


def test_a_write_that_waits_for_a_failed_disk_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedrec.formats.file.writer._HIGH_WATER", 1)
    stream = io.BytesIO()
    writer = recording_to(StreamTarget(stream), HEADER, PlainEncoder())
    stream.close()

    def write() -> None:
        for number in range(1000):
            writer.write(Event(number, 0, "number"), block=True)

    with pytest.raises(WriteError):
        write()


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.zst", "jsonl.gz", "parquet"])
def test_a_line_that_no_reader_would_take_is_refused_and_hides_nothing(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedrec.formats.file.writer.MAX_LINE", 1000)
    path = tmp_path / f"a.{suffix}"
    writer = create_recording(path, HEADER)
    longest, too_long = (encode_frame(Frame(1, 0, b"x" * size)) for size in (929, 930))
    assert len(longest) == 1000
    writer.write_line(longest)
    with pytest.raises(WriteError, match="a line of 1001 bytes was not written: no reader takes more"):
        writer.write_line(too_long)
    writer.write_line(line(2))
    writer.finish()
    with open_recording(path) as recording:
        assert [one for lines in recording.batches() for one in lines] == [longest, line(2)]


def test_a_header_that_no_reader_would_take_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedrec.formats.file.growing.growing_file.MAX_LINE", 1000)
    header = Header("raw", subscriptions=[{"channel": "a" * 1000}])
    with pytest.raises(WriteError, match="bytes was not written"):
        create_recording(tmp_path / "a.jsonl.zst", header)
    assert list(tmp_path.iterdir()) == []
