"""The timeline: recordings in recorded order, and what is read of them once more."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from feedrec.errors import NotARecordingError
from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_frame
from feedrec.model import Frame, Header
from feedrec.replay.timeline.timeline import Timeline, inspect_recordings

from ..recordings import START, describe, numbered, record, record_with_events
from .playing import batches_of, frames_in


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Give two recordings of the same times."""
    folder = tmp_path_factory.mktemp("timeline")
    return [record_with_events(folder / f"{part}.jsonl.zst", range(3000)) for part in range(2)]


@pytest.fixture(scope="module")
def frames(paths: list[Path]) -> list[Frame]:
    """Give what the stream gives."""
    return frames_in(batches_of(Timeline(paths)))


@pytest.mark.parametrize("start", [None, 5000, 10_000_000])
@pytest.mark.parametrize("until", [0, 1, 999, 10_000, 12_000, 1 << 40])
def test_scanning_gives_what_the_stream_gives_from_the_very_beginning(
    paths: list[Path], frames: list[Frame], start: int | None, until: int
) -> None:
    since = None if start is None else START + start
    scanned = list(Timeline(paths, start=since, end=START + 10, describe=describe).scan(until, threading.Event()))
    got = frames_in(scanned)
    assert got == frames[: len(got)]
    # each time has an event and a frame of the first recording, then the same of the second
    assert len(got) == min(until // 2, 6000)
    assert all(batch.infos == [describe(frame.payload) for frame in batch.frames] for batch in scanned)
    assert all(len(batch.frames) <= 256 and batch.end <= until for batch in scanned)


def test_scanning_ends_when_it_is_told_to(tmp_path: Path) -> None:
    stopped = threading.Event()
    scan = Timeline([record(tmp_path / "a.jsonl.zst", numbered(5000))]).scan(5000, stopped)
    next(scan)
    stopped.set()
    assert list(scan) == []


def test_scanning_to_what_was_reached_does_not_wait_for_a_recorder(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", Header("raw"))
    for frame in numbered(20):
        writer.write_line(encode_frame(frame))
    timeline = Timeline([tmp_path / "a.jsonl.zst.part"])
    (batch,) = batches_of(timeline, limit=1)
    assert frames_in(timeline.scan(batch.end, threading.Event())) == batch.frames
    writer.discard()


def test_a_timeline_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a recording"):
        Timeline([])


def test_a_missing_recording_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotARecordingError):
        inspect_recordings([tmp_path / "none.jsonl.zst"])
