"""Lines and figures; the limit and a failing disk end the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.errors import WriteError
from feedrec.formats import RecordingWriter, create_recording
from feedrec.model import Event, Frame, FrameInfo
from feedrec.recorder.clock import Reading
from feedrec.recorder.output.counting_writer import CountingWriter, Counts
from feedrec.recorder.output.null_writer import NullWriter
from feedrec.recorder.run_end import Outcome, RunEnd
from feedrec.recorder.watching.clock_quality import ClockQuality

from ..venue import HEADER, gated_writer, records


def receive(writer: CountingWriter, payload: bytes = b"[]") -> None:
    writer.received(1, 0, payload, FrameInfo(), binary=False)


def broken_recording(path: Path) -> RecordingWriter:
    """Return a recording on a disk that has refused."""
    recording, target = gated_writer(path)
    target.is_broken = True
    recording.write(Event(0, 0, "x"))
    with pytest.raises(WriteError):
        recording.finish()
    return recording


def test_frames_and_events_are_written_in_the_order_they_are_given(path: Path) -> None:
    recording = create_recording(path, HEADER)
    writer = CountingWriter(recording, RunEnd())
    ntp = {"synchronized": True, "offset": -7, "max_error": 9, "estimated_error": 8}
    writer.clock_quality = lambda: None
    writer.clock_reading(1, 0, Reading(1, 5))
    writer.clock_quality = lambda: ClockQuality(True, -7, 9, 8)
    writer.clock_reading(1, 0, Reading(1, 5))
    writer.event(1, 0, "open", {"url": "ws://x"})
    writer.sent(2, 0, b'{"jwt":"[redacted]"}', redacted=True)
    writer.received(3, 0, b"[1]", FrameInfo(), binary=False)
    writer.received(3, 0, b"\xff", FrameInfo(), binary=True)
    recording.finish()
    assert records(path) == [
        Event(1, 0, "clock", {"wall": 1, "monotonic": 5}),
        Event(1, 0, "clock", {"wall": 1, "monotonic": 5, "ntp": ntp}),
        Event(1, 0, "open", {"url": "ws://x"}),
        Frame(2, 0, b'{"jwt":"[redacted]"}', "out", redacted=True),
        Frame(3, 0, b"[1]"),
        Frame(3, 0, b"\xff", binary=True),
    ]


def test_only_received_frames_count_as_frames(path: Path) -> None:
    recording = create_recording(path, HEADER)
    writer = CountingWriter(recording, RunEnd())
    writer.event(1, 0, "open", {})
    writer.sent(1, 0, b"[]", redacted=False)
    receive(writer, b"[1]")
    writer.event(1, 0, "gap", {"missing": 5})
    writer.event(1, 0, "gap", {})
    writer.event(1, 0, "gap", {"missing": "many"})
    writer.event(1, 0, "reset", {"expected": 5, "received": 0})
    writer.event(1, 0, "resync", {"channel": "level2", "product": "BTC-USD"})
    writer.event(1, 0, "resubscribe", {"channel": "level2", "product": "BTC-USD"})
    for name in ("crossed", "contradiction", "unchecked"):
        writer.event(1, 0, name, {})
    writer.event(1, 0, "close", {})
    writer.event(1, 1, "open", {})
    recording.finish()
    assert writer.counts == Counts(frames=1, bytes=3, connections=2, gaps=3, missing=5, resets=1, resyncs=1, findings=2)


def test_connections_open_side_by_side_are_no_reconnects() -> None:
    writer = CountingWriter(NullWriter(), RunEnd())
    for conn in range(3):
        writer.event(1, conn, "open", {})
    assert (writer.counts.connections, writer.counts.reconnects) == (3, 0)
    writer.event(2, 1, "close", {})
    writer.event(3, 3, "open", {})
    writer.event(3, 4, "open", {})
    assert (writer.counts.connections, writer.counts.reconnects) == (5, 1)


def test_the_limit_of_frames_ends_the_run_with_exactly_that_many(path: Path) -> None:
    recording = create_recording(path, HEADER)
    end = RunEnd()
    writer = CountingWriter(recording, end, max_frames=2)
    receive(writer)
    assert (writer.is_complete, end.outcome) == (False, None)
    receive(writer)
    assert (writer.is_complete, end.outcome, end.error) == (True, Outcome.LIMIT_REACHED, None)
    assert writer.failure is None
    recording.finish()


def test_a_disk_that_refuses_a_frame_ends_the_run_and_the_frame_is_not_counted(path: Path) -> None:
    end = RunEnd()
    writer = CountingWriter(broken_recording(path), end)
    receive(writer)
    assert (writer.is_complete, end.outcome, end.error) == (True, Outcome.DISK_FAILED, writer.failure)
    assert "No space left" in str(writer.failure)
    assert writer.counts.frames == 0


def test_a_disk_that_refuses_an_event_ends_the_run_and_the_disk_is_not_asked_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = RunEnd()
    recording = broken_recording(path)
    writer = CountingWriter(recording, end)
    writer.sent(1, 0, b"[]", redacted=False)
    assert end.outcome is Outcome.DISK_FAILED
    monkeypatch.setattr(recording, "write", lambda *_: pytest.fail("it was asked again"))
    writer.event(1, 0, "close", {})


def test_a_recording_that_fails_between_two_frames_is_complete_and_its_first_error_stays(path: Path) -> None:
    recording = create_recording(path, HEADER)
    end = RunEnd()
    writer = CountingWriter(recording, end)
    first, second = WriteError(path, "no space left"), WriteError(path, "no such device")
    writer.fail(first)
    writer.fail(second)
    assert (writer.is_complete, writer.failure, end.error) == (True, first, first)
    recording.discard()


def test_a_frame_that_cannot_be_encoded_ends_the_run_instead_of_missing_in_silence(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = create_recording(path, HEADER)
    end = RunEnd()
    writer = CountingWriter(recording, end)

    def stumble(*_: object) -> None:
        raise OverflowError("out of range")

    monkeypatch.setattr(recording, "write_line", stumble)
    receive(writer)
    assert end.outcome is Outcome.DISK_FAILED
    assert str(end.error) == f"{path}: a frame cannot be written: OverflowError('out of range')"
    recording.discard()


def test_no_frame_of_a_run_is_written_after_one_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    recording, end = NullWriter(), RunEnd()
    writer = CountingWriter(recording, end)
    asked: list[bytes] = []

    def stumble(line: bytes, _: object) -> None:
        asked.append(line)
        if len(asked) == 2:
            raise OverflowError("out of range")

    monkeypatch.setattr(recording, "write_line", stumble)
    writer.received_run(0, [(1, [b"[1]", b"[2]"]), (2, [b"[3]"])], [FrameInfo()] * 3)
    assert [b"[1]" in asked[0], b"[2]" in asked[1], len(asked)] == [True, True, 2]
    assert (writer.counts.frames, end.outcome) == (1, Outcome.DISK_FAILED)


def test_numbers_of_connections_that_were_never_open_are_given_again() -> None:
    writer = CountingWriter(NullWriter(), RunEnd())
    assert [writer.take_number() for _ in range(3)] == [0, 1, 2]
    writer.return_number(1)
    writer.return_number(0)
    assert [writer.take_number() for _ in range(3)] == [0, 1, 3]
