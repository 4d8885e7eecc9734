"""Whatever arrives is written, in order, with the time at which it was read, and nothing escapes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedrec.errors import FeedrecError, VenueError, WriteError
from feedrec.feeds import Notice
from feedrec.formats import RecordingWriter, create_recording
from feedrec.model import Event, Frame
from feedrec.recorder.clock import RecordingClock
from feedrec.recorder.intake import Intake
from feedrec.recorder.output.counting_writer import CountingWriter

from .venue import HEADER, PlainFeed, gated_writer, numbered, payloads, records

SECOND = 1_000_000_000


class Bench:
    """An intake with its clock in our hands."""

    def __init__(self, writer: RecordingWriter, max_frames: int | None = None) -> None:
        self.writer = writer
        self.now = 100 * SECOND
        self.ends: list[FeedrecError | None] = []
        self.journal = CountingWriter(writer, max_frames)
        feed = PlainFeed()
        clock = RecordingClock(lambda: self.now, lambda: self.now)
        self.intake = Intake(0, feed, feed.client([]), self.journal, clock, on_end=self.ends.append)

    def read(self, *payloads: bytes, binary: bool = False) -> None:
        """Have one read of the socket."""
        self.now += SECOND
        self.intake.bytes_arrived()
        for payload in payloads:
            self.now += 1  # parsing takes time, which the stamps must not show
            self.intake.message(payload, binary=binary)


@pytest.fixture
def bench(path: Path) -> Iterator[Bench]:
    bench = Bench(create_recording(path, HEADER))
    yield bench
    bench.writer.discard()


def what_is_in(bench: Bench) -> list[tuple[int, str]]:
    path = bench.writer.finish()
    return [
        (record.time // SECOND, record.name if isinstance(record, Event) else record.payload.decode())
        for record in records(path)
    ]


@pytest.mark.parametrize("is_given_up", [False, True])
def test_a_feed_judges_the_whole_connection_if_it_saw_the_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch, is_given_up: object
) -> None:
    bench = Bench(create_recording(path, HEADER))
    monkeypatch.setattr(bench.intake.client, "on_close", lambda *_: [Notice("not accepted", "warning", "missing")])
    if is_given_up:
        bench.journal.give_up()
    bench.intake.closed(1006, "")
    assert ("missing" in [name for _, name in what_is_in(bench)]) == (not is_given_up)


def test_all_frames_of_one_read_share_its_time(path: Path) -> None:
    bench = Bench(create_recording(path, HEADER))
    bench.read(b"[1]", b"[2]", b"[3]")
    bench.read(b"[4]")
    bench.writer.finish()
    frames = [record for record in records(path) if isinstance(record, Frame)]
    assert [frame.time for frame in frames] == [101 * SECOND] * 3 + [102 * SECOND + 3]


def test_a_connection_begins_with_a_reading_of_the_clocks_and_its_opening(path: Path) -> None:
    bench = Bench(create_recording(path, HEADER))
    bench.intake.bytes_arrived()
    bench.now += SECOND
    bench.intake.opened({"url": "ws://x"})
    bench.intake.message(b"[1]", binary=False)
    bench.writer.finish()
    clock = Event(100 * SECOND, 0, "clock", {"wall": 100 * SECOND, "monotonic": 100 * SECOND})
    assert records(path) == [clock, Event(100 * SECOND, 0, "open", {"url": "ws://x"}), Frame(100 * SECOND, 0, b"[1]")]


def test_a_gap_stands_before_the_frame_that_revealed_it_and_has_its_time(path: Path) -> None:
    bench = Bench(create_recording(path, HEADER))
    bench.read(numbered(0), numbered(3))
    bench.writer.finish()
    gap, frame = records(path)[-2:]
    assert gap == Event(frame.time, 0, "gap", {"expected": 1, "received": 3, "missing": 2})
    assert isinstance(frame, Frame)
    assert frame.payload == numbered(3)
    assert (bench.journal.counts.gaps, bench.journal.counts.missing) == (1, 2)


@pytest.mark.parametrize("trouble", [b'{"confuse":1}', b'{"stumble":1}'])
def test_a_frame_that_cannot_be_understood_is_recorded_with_all_that_follow(path: Path, trouble: bytes) -> None:
    bench = Bench(create_recording(path, HEADER))
    bench.read(numbered(0), trouble, numbered(1))
    bench.writer.finish()
    assert payloads(path) == [numbered(0), trouble, numbered(1)]
    assert bench.ends == []
    assert bench.intake.frames == 3


def test_frames_that_cannot_be_understood_are_told_of_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        bench.read(*[b'{"confuse":1}'] * 1000)
    assert len(caplog.messages) == 1
    assert "the feed is confused" in caplog.text


def test_a_binary_message_is_not_described(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.read(b'{"confuse":1}', binary=True)
    assert caplog.messages == []
    assert bench.journal.counts.frames == 1


def test_a_fatal_notice_ends_the_run_and_the_frame_is_there(path: Path) -> None:
    bench = Bench(create_recording(path, HEADER))
    bench.read(b'{"error":"bad key"}')
    assert isinstance(bench.ends[0], VenueError)
    assert [what for _, what in what_is_in(bench)] == ["clock", "error", '{"error":"bad key"}']


def test_the_limit_of_frames_holds_within_one_read(path: Path) -> None:
    bench = Bench(create_recording(path, HEADER), max_frames=2)
    bench.read(b"[1]", b"[2]", b"[3]", b"[4]")
    bench.writer.finish()
    assert payloads(path) == [b"[1]", b"[2]"]
    assert bench.ends == [None]


def test_a_disk_that_refuses_ends_the_run_and_no_further_frame_is_tried(path: Path) -> None:
    writer, target = gated_writer(path)
    bench = Bench(writer)
    target.is_broken = True
    writer.write_line(b"{}", (0, 0, None))
    with pytest.raises(WriteError):
        writer.finish()
    bench.read(*[b"[1]"] * 50)
    assert {type(end) for end in bench.ends} == {WriteError}
    assert len(bench.ends) <= 2  # the reading of the clocks, and one frame
    assert bench.intake.frames <= 1


def test_a_frame_that_cannot_be_written_ends_the_run_instead_of_missing_in_silence(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise OverflowError("out of range")

    monkeypatch.setattr(bench.journal, "received", stumble)
    bench.read(b"[1]")
    assert [str(end) for end in bench.ends if end] == [
        f"{bench.writer.path}: a frame cannot be written: OverflowError('out of range')"
    ]


def test_time_steps_back_only_after_a_clock_event(path: Path) -> None:
    bench = Bench(create_recording(path, HEADER))
    bench.read(b"[1]")
    bench.now -= 10 * SECOND
    bench.read(b"[2]")
    assert what_is_in(bench) == [(101, "clock"), (101, "[1]"), (92, "clock"), (92, "[2]")]


@pytest.mark.parametrize(("severity", "level"), [("info", "INFO"), ("warning", "WARNING"), ("fatal", "WARNING")])
def test_a_notice_without_an_event_is_only_told(
    bench: Bench, caplog: pytest.LogCaptureFixture, severity: str, level: str
) -> None:
    with caplog.at_level(logging.INFO):
        bench.intake.report([Notice("so it is", severity)], 1)  # type: ignore[arg-type]
    assert [(record.levelname, record.message) for record in caplog.records] == [(level, "so it is")]
