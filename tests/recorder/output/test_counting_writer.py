"""Lines and figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.errors import WriteError
from feedrec.formats import create_recording
from feedrec.model import Event, Frame, FrameInfo
from feedrec.recorder.output.counting_writer import CountingWriter, Counts

from ..venue import HEADER, gated_writer, records


def test_frames_and_events_are_written_in_the_order_they_are_given(path: Path) -> None:
    writer = create_recording(path, HEADER)
    journal = CountingWriter(writer)
    journal.event(1, 0, "open", {"url": "ws://x"})
    journal.sent(2, 0, b'{"jwt":"[redacted]"}', redacted=True)
    journal.received(3, 0, b"[1]", FrameInfo(), binary=False)
    journal.received(3, 0, b"\xff", FrameInfo(), binary=True)
    writer.finish()
    assert records(path) == [
        Event(1, 0, "open", {"url": "ws://x"}),
        Frame(2, 0, b'{"jwt":"[redacted]"}', "out", redacted=True),
        Frame(3, 0, b"[1]"),
        Frame(3, 0, b"\xff", binary=True),
    ]


def test_only_what_came_in_counts_as_frames(path: Path) -> None:
    writer = create_recording(path, HEADER)
    journal = CountingWriter(writer)
    journal.event(1, 0, "open", {})
    journal.sent(1, 0, b"[]", redacted=False)
    journal.received(1, 0, b"[1]", FrameInfo(), binary=False)
    journal.event(1, 0, "gap", {"missing": 5})
    journal.event(1, 0, "gap", {})
    journal.event(1, 0, "gap", {"missing": "many"})
    journal.event(1, 0, "close", {})
    journal.event(1, 1, "open", {})
    writer.finish()
    assert journal.counts == Counts(frames=1, bytes=3, connections=2, gaps=3, missing=5)
    assert journal.path == path


def test_a_journal_is_complete_at_its_limit(path: Path) -> None:
    writer = create_recording(path, HEADER)
    journal = CountingWriter(writer, max_frames=2)
    journal.received(1, 0, b"[]", FrameInfo(), binary=False)
    assert not journal.is_complete
    journal.received(1, 0, b"[]", FrameInfo(), binary=False)
    assert journal.is_complete
    writer.finish()


def test_a_journal_without_a_limit_is_complete_when_it_is_given_up(path: Path) -> None:
    writer = create_recording(path, HEADER)
    journal = CountingWriter(writer)
    assert not journal.is_complete
    journal.give_up()
    assert journal.is_complete
    writer.discard()


def test_what_the_disk_refuses_is_not_counted(path: Path) -> None:
    writer, target = gated_writer(path)
    target.is_broken = True
    writer.write(Event(0, 0, "x"))
    with pytest.raises(WriteError):
        writer.finish()
    journal = CountingWriter(writer)
    with pytest.raises(WriteError, match="No space left"):
        journal.received(1, 0, b"[]", FrameInfo(), binary=False)
    assert journal.counts.frames == 0
