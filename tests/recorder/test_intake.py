"""Whatever arrives is written, in order, with the time at which it was read, and nothing escapes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from feedrec.errors import WriteError
from feedrec.feeds import Notice
from feedrec.formats import RecordingWriter, create_recording
from feedrec.model import Event, Frame, FrameInfo
from feedrec.recorder.clock import RecordingClock
from feedrec.recorder.intake import Intake
from feedrec.recorder.output.counting_writer import CountingWriter
from feedrec.recorder.run_end import Outcome, RunEnd

from .venue import HEADER, PlainFeed, gated_writer, numbered, payloads, records

SECOND = 1_000_000_000


class Bench:
    """An intake whose clock is set by hand."""

    def __init__(self, recording: RecordingWriter, max_frames: int | None = None) -> None:
        self.recording = recording
        self.now = 100 * SECOND
        self.end = RunEnd()
        self.writer = CountingWriter(recording, self.end, max_frames)
        self.reports: list[tuple[Sequence[Notice], int]] = []
        feed = PlainFeed()
        self.clock = RecordingClock(lambda: self.now, lambda: self.now)
        self.intake = Intake(0, feed, feed.client([]).on_frame, self.report, self.writer, self.clock)

    def report(self, notices: Sequence[Notice], time: int) -> None:
        """Do with notices what a connection does: record their events."""
        self.reports.append((notices, time))
        for notice in notices:
            if notice.event is not None:
                self.intake.event(notice.event, notice.details, time)

    def read(self, *payloads: bytes, binary: bool = False) -> None:
        """Read the socket once."""
        self.now += SECOND
        self.intake.bytes_arrived()
        for payload in payloads:
            self.now += 1  # parsing takes time, which the stamps must not show
            self.intake.message(payload, binary=binary)


@pytest.fixture
def bench(path: Path) -> Iterator[Bench]:
    bench = Bench(create_recording(path, HEADER))
    yield bench
    bench.recording.discard()


def what_is_in(bench: Bench) -> list[tuple[int, str]]:
    path = bench.recording.finish()
    return [
        (record.time // SECOND, record.name if isinstance(record, Event) else record.payload.decode())
        for record in records(path)
    ]


def test_all_frames_of_one_read_share_its_time(path: Path) -> None:
    bench = Bench(create_recording(path, HEADER))
    bench.read(b"[1]", b"[2]", b"[3]")
    bench.read(b"[4]")
    bench.recording.finish()
    frames = [record for record in records(path) if isinstance(record, Frame)]
    assert [frame.time for frame in frames] == [101 * SECOND] * 3 + [102 * SECOND + 3]


def test_a_connection_begins_with_a_reading_of_the_clocks_and_its_opening(path: Path) -> None:
    bench = Bench(create_recording(path, HEADER))
    bench.writer.clock_quality = lambda: None
    bench.intake.bytes_arrived()
    bench.now += SECOND
    bench.intake.opened({"url": "ws://x"})
    bench.intake.message(b"[1]", binary=False)
    bench.recording.finish()
    clock = Event(100 * SECOND, 0, "clock", {"wall": 100 * SECOND, "monotonic": 100 * SECOND})
    assert records(path) == [clock, Event(100 * SECOND, 0, "open", {"url": "ws://x"}), Frame(100 * SECOND, 0, b"[1]")]


def test_every_connection_begins_with_a_reading_of_the_clocks(path: Path) -> None:
    """Also one that follows another within the minute in which no reading would be due."""
    bench = Bench(create_recording(path, HEADER))
    bench.read(b"[1]")
    feed = PlainFeed()
    second = Intake(1, feed, feed.client([]).on_frame, bench.report, bench.writer, bench.clock)
    second.bytes_arrived()
    second.message(b"[2]", binary=False)
    bench.recording.finish()
    assert [(record.conn, getattr(record, "name", "frame")) for record in records(path)] == [
        (0, "clock"),
        (0, "frame"),
        (1, "clock"),
        (1, "frame"),
    ]


def test_a_gap_stands_before_the_frame_that_revealed_it_and_has_its_time(path: Path) -> None:
    bench = Bench(create_recording(path, HEADER))
    bench.read(numbered(0), numbered(3))
    bench.recording.finish()
    gap, frame = records(path)[-2:]
    assert gap == Event(frame.time, 0, "gap", {"expected": 1, "received": 3, "missing": 2})
    assert isinstance(frame, Frame)
    assert frame.payload == numbered(3)
    assert (bench.writer.counts.gaps, bench.writer.counts.missing) == (1, 2)


@pytest.mark.parametrize("trouble", [b'{"confuse":1}', b'{"stumble":1}'])
def test_a_frame_that_cannot_be_understood_is_recorded_with_all_that_follow(path: Path, trouble: bytes) -> None:
    bench = Bench(create_recording(path, HEADER))
    bench.read(numbered(0), trouble, numbered(1))
    bench.recording.finish()
    assert payloads(path) == [numbered(0), trouble, numbered(1)]
    assert not bench.end.has_begun
    assert bench.intake.frames == 3


@pytest.mark.parametrize("waits", [False, True])
def test_a_frame_that_cannot_be_described_is_followed_all_the_same(bench: Bench, *, waits: bool) -> None:
    """Whether or not it waited for others."""
    bench.intake.bytes_arrived()
    if waits:
        bench.intake.texts([b'{"confuse":"bad key"}'])
    else:
        bench.intake.message(b'{"confuse":"bad key"}', binary=False)
    assert [notice.event for notices, _ in bench.reports for notice in notices] == ["error"]


def test_frames_that_cannot_be_understood_are_logged_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        bench.read(*[b'{"confuse":1}'] * 1000)
    assert len(caplog.messages) == 1
    assert "the feed is confused" in caplog.text


def test_a_binary_message_is_followed_but_not_described(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    followed: list[tuple[FrameInfo, bytes]] = []

    def follow(info: FrameInfo, payload: bytes) -> Sequence[Notice]:
        followed.append((info, payload))
        return ()

    bench.intake._follow = follow
    bench.read(b'{"confuse":1}', binary=True)
    assert caplog.messages == []
    assert followed == [(FrameInfo(), b'{"confuse":1}')]
    assert bench.writer.counts.frames == 1


def test_what_a_frame_reveals_is_reported_with_its_time_and_the_frame_is_written(path: Path) -> None:
    bench = Bench(create_recording(path, HEADER))
    bench.read(b'{"error":"bad key"}')
    ((notice,), time) = bench.reports[0]
    assert (notice.severity, time) == ("fatal", 101 * SECOND)
    assert [what for _, what in what_is_in(bench)] == ["clock", "error", '{"error":"bad key"}']


def test_the_limit_of_frames_holds_within_one_read(path: Path) -> None:
    bench = Bench(create_recording(path, HEADER), max_frames=2)
    bench.read(b"[1]", b"[2]", b"[3]", b"[4]")
    bench.recording.finish()
    assert payloads(path) == [b"[1]", b"[2]"]
    assert bench.end.outcome is Outcome.LIMIT_REACHED
    assert bench.intake.frames == 2


def test_a_disk_that_refuses_ends_the_run_and_no_further_frame_is_tried(path: Path) -> None:
    recording, target = gated_writer(path)
    bench = Bench(recording)
    target.is_broken = True
    recording.write_line(b"{}", (0, 0, None, 0, True))
    with pytest.raises(WriteError):
        recording.finish()
    bench.read(*[b"[1]"] * 50)
    assert bench.end.outcome is Outcome.DISK_FAILED
    assert bench.intake.frames == 0  # the reading of the clocks, before the first of them, could not be written


def test_a_clock_that_is_read_is_recorded_only_by_who_says_so(path: Path) -> None:
    """The stamp that comes with a reading is returned after the reading was written, and each reading is written."""
    bench = Bench(create_recording(path, HEADER))
    assert bench.intake.write_reading_if_due() == 100 * SECOND
    bench.now += 1
    assert bench.intake.write_reading_if_due() == 100 * SECOND + 1
    bench.intake.event("pause", {})
    bench.intake.sent(b"[]", redacted=False)
    assert [what for _, what in what_is_in(bench)] == ["clock", "pause", "[]"]


def test_time_steps_back_only_after_a_clock_event(path: Path) -> None:
    bench = Bench(create_recording(path, HEADER))
    bench.read(b"[1]")
    bench.now -= 10 * SECOND
    bench.read(b"[2]")
    assert what_is_in(bench) == [(101, "clock"), (101, "[1]"), (92, "clock"), (92, "[2]")]
