"""A run of which nothing is kept writes nowhere, and is never full and never fails."""

from __future__ import annotations

import os

from feedrec.model import Event, Frame
from feedrec.recorder.output.null_writer import NullWriter
from feedrec.recorder.output.writer_protocol import GrowingRecording


def test_what_is_written_goes_nowhere() -> None:
    recording: GrowingRecording = NullWriter()
    for number in range(1000):
        recording.write(Frame(number, 0, b"x" * 10_000))
        recording.write(Event(number, 0, "gap"))
        recording.write_line(b"{}", (number, 0, None, 0, True))
    assert (recording.backlog, recording.is_full, recording.failure, recording.file_size) == (0, False, None, 0)
    assert str(recording.finish()) == os.devnull
    recording.discard()
    recording.on_drained()
