"""A recording that lacks room loses frames, counts them, and says so once there is room again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from feedrec.errors import WriteError
from feedrec.model import Event, FrameInfo, Record
from feedrec.recorder.clock import RecordingClock
from feedrec.recorder.output.null_writer import NullWriter
from feedrec.recorder.proxy.lossy_writer import LossyWriter
from feedrec.recorder.run_end import RunEnd


class Disk(NullWriter):
    """Memory that a test fills and empties."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[bytes] = []
        self.records: list[Record] = []

    def write(self, record: Record, info: FrameInfo | None = None) -> None:  # noqa: ARG002
        self.records.append(record)

    def write_line(self, line: bytes, mark: object = None) -> None:  # noqa: ARG002
        self.lines.append(line)

    def fill(self, *, full: bool) -> None:
        self.is_full = self.memory_is_full = self.has_no_room = full


def writer_on(disk: Disk) -> LossyWriter:
    async def make() -> LossyWriter:
        return LossyWriter(disk, RunEnd(), None, RecordingClock())

    return asyncio.run(make())


def test_frames_without_room_are_counted_and_the_loss_is_an_event(caplog: pytest.LogCaptureFixture) -> None:
    disk = Disk()
    writer = writer_on(disk)
    writer.received(1, 0, b"1", FrameInfo(), binary=False)
    disk.fill(full=True)
    writer.received(2, 0, b"2", FrameInfo(), binary=False)
    writer.sent(3, 0, b"3", redacted=False)
    assert "passed on, but not recorded" in caplog.text
    disk.fill(full=False)
    writer.received(4, 0, b"4", FrameInfo(), binary=False)  # not yet: a loss has a beginning and an end
    writer.drained()
    writer.received(5, 0, b"5", FrameInfo(), binary=False)
    assert len(disk.lines) == 2
    assert writer.lost == 3
    assert writer.counts.frames == 4  # received, whatever became of them
    lost = [record for record in disk.records if isinstance(record, Event) and record.name == "lost"]
    assert [event.details["frames"] for event in lost] == [3]
    writer.drained()
    assert len(disk.records) == 2  # a reading of the clocks, and the loss once


def test_a_request_without_room_is_lost_like_a_frame() -> None:
    disk = Disk()
    writer = writer_on(disk)
    disk.fill(full=True)
    writer.exchange(Event(1, None, "http", {}))
    assert (writer.lost, writer.counts.requests, disk.records) == (1, 0, [])
    disk.fill(full=False)
    writer.drained()
    writer.exchange(Event(2, None, "http", {}))
    assert (writer.lost, writer.counts.requests, disk.records[-1]) == (1, 1, Event(2, None, "http", {}))


def test_files_that_wait_for_their_names_cost_no_frame() -> None:
    """A recorder would let the venue wait for that; a connection that is passed on cannot."""
    disk = Disk()
    writer = writer_on(disk)
    disk.is_full = disk.memory_is_full = True
    writer.received(1, 0, b"1", FrameInfo(), binary=False)
    assert (len(disk.lines), writer.lost) == (1, 0)


def test_a_failure_is_logged_once_and_all_that_follows_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    writer = writer_on(Disk())
    for _ in range(2):
        writer.fail(WriteError(Path("a.jsonl"), "is gone"))
    writer.received(1, 0, b"1", FrameInfo(), binary=False)
    writer.sent(2, 0, b"2", redacted=False)
    assert writer.lost == 2
    assert caplog.text.count("nothing more is recorded") == 1


def test_a_failure_ends_nothing() -> None:
    end = RunEnd()

    async def fail() -> None:
        LossyWriter(Disk(), end, None, RecordingClock()).fail(WriteError(Path("a.jsonl"), "is gone"))

    asyncio.run(fail())
    assert not end.has_begun
