"""A live replay begins with the last frame that was received, whatever comes after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from feedrec.errors import NotARecordingError, UsageError
from feedrec.formats import RecordingWriter, create_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.model import Event, Frame, Header
from feedrec.replay import ReplayOptions
from feedrec.replay.live_beginning import begun_live

from ..timing import wait_until
from .recordings import START

SECOND = 10**9


@pytest.fixture(params=["a.jsonl", "a.jsonl.zst"])
def writer(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RecordingWriter]:
    writer = create_recording(tmp_path / request.param, Header("raw", created=START))
    yield writer
    writer.discard()


def begun(tmp_path: Path, writer: RecordingWriter) -> int | None:
    writer.flush()
    (path,) = tmp_path.glob("*.part")
    return begun_live([path], ReplayOptions(live=True)).start


def test_it_is_the_time_of_the_last_frame(tmp_path: Path, writer: RecordingWriter) -> None:
    """Not of one that was sent, nor of an event, however many there are."""
    assert begun(tmp_path, writer) == START
    for number in range(300):
        writer.write_line(encode_frame(Frame(START + number * SECOND, 0, b"%d" % number)))
    wait_until(lambda: begun(tmp_path, writer) == START + 299 * SECOND)
    writer.write_line(encode_frame(Frame(START + 400 * SECOND, 0, b'{"dir":"in"}', direction="out")))
    for number in range(500, 900):
        writer.write_line(encode_event(Event(START + number * SECOND, 0, "clock")))
    writer.write_line(encode_frame(Frame(START + 901 * SECOND, 0, b"901")))
    wait_until(lambda: begun(tmp_path, writer) == START + 901 * SECOND)
    writer.write_line(encode_event(Event(START + 902 * SECOND, 0, "clock")))
    assert begun(tmp_path, writer) == START + 901 * SECOND


def test_what_is_no_recording_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(NotARecordingError):
        begun_live([tmp_path / "none.jsonl.part"], ReplayOptions(live=True))


def test_what_its_recorder_left_behind_is_not_live(tmp_path: Path) -> None:
    """A file with that name that nobody holds any more."""
    path = create_recording(tmp_path / "a.jsonl", Header("raw", created=START)).finish()
    left = path.rename(tmp_path / "a.jsonl.part")
    with pytest.raises(UsageError, match=r"a\.jsonl\.part is finished"):
        begun_live([left], ReplayOptions(live=True))
