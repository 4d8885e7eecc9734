"""Which lines are past at a time, where no client tells."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import pytest

from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.model import Event, Frame, Header
from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.rest.derived.places import Places
from feedrec.replay.timeline.timeline import Timeline

from ....timing import wait_until
from ...recordings import START, describe


def recorded(path: Path, times: list[int], *, finished: bool = True) -> Path:
    """Write a recording with an event before each frame, which says its time."""
    writer = create_recording(path, Header("raw", created=START))
    for time in times:
        writer.write_line(encode_event(Event(START + time, 0, "clock")))
        writer.write_line(encode_frame(Frame(START + time, 0, b'{"at":%d}' % time)))
    return writer.finish() if finished else path


def past(timeline: Timeline, places: Places, time: int | None) -> list[bytes]:
    """Return the frames before a time, by the position that is found for it."""
    position = places.before(None if time is None else RecordedSteady(START + time))
    found = timeline.scan(position.line, threading.Event(), waits=False) if position.line else ()
    return [frame.payload for batch in found for frame in batch.frames] + position.since


TIMES = [0, 10, 10, 20, 3000, 3000]


@pytest.mark.parametrize("suffix", [".jsonl.zst", ".jsonl"])
@pytest.mark.parametrize("time", [0, 1, 10, 11, 20, 21, 3000, 3001, 1 << 40])
def test_the_frames_before_a_time_are_past_at_it(tmp_path: Path, suffix: str, time: int) -> None:
    timeline = Timeline([recorded(tmp_path / f"a{suffix}", TIMES)], describe=describe)
    assert past(timeline, Places(timeline), time) == [b'{"at":%d}' % one for one in TIMES if one < time]


def test_times_come_in_any_order_and_one_after_another(tmp_path: Path) -> None:
    """What was found last is used as long as it holds."""
    timeline = Timeline([recorded(tmp_path / "a.jsonl.zst", TIMES)], describe=describe)
    places = Places(timeline)
    for time in (15, 15, 18, 20, 21, 11, 10, 5000, 0, 3000):
        assert past(timeline, places, time) == [b'{"at":%d}' % one for one in TIMES if one < time]


def test_the_start_is_that_of_the_timeline(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.jsonl.zst", TIMES)
    for start in (0, 10, 15, 3000, 4000):
        timeline = Timeline([path], start=START + start, describe=describe)
        assert past(timeline, Places(timeline), None) == [b'{"at":%d}' % one for one in TIMES if one < start]


def test_the_end_is_that_of_the_timeline(tmp_path: Path) -> None:
    timeline = Timeline([recorded(tmp_path / "a.jsonl.zst", TIMES)], end=START + 20, describe=describe)
    assert past(timeline, Places(timeline), 1 << 40) == [b'{"at":%d}' % one for one in TIMES if one < 20]


def test_of_several_recordings_those_of_all_are_past(tmp_path: Path) -> None:
    paths = [recorded(tmp_path / "a.jsonl.zst", [0, 20, 40]), recorded(tmp_path / "b.jsonl.zst", [10, 20, 30])]
    timeline = Timeline(paths, describe=describe)
    for time in (0, 10, 11, 21, 35, 41):
        expected = [b'{"at":%d}' % one for one in (0, 10, 20, 20, 30, 40) if one < time]
        assert past(timeline, Places(timeline), time) == expected


def has_lines(part: Path, lines: int) -> bool:
    return part.exists() and part.read_bytes().count(b"\n") == lines


def test_a_recording_that_grows_is_not_waited_for(tmp_path: Path) -> None:
    part = tmp_path / "a.jsonl.part"
    with create_recording(tmp_path / "a.jsonl", Header("raw", created=START)) as writer:
        places = None
        for count, time in enumerate((0, 10, 20), 1):
            writer.write_line(encode_frame(Frame(START + time, 0, b'{"at":%d}' % time)))
            writer.flush()
            wait_until(partial(has_lines, part, count + 1))
            timeline = Timeline([part], describe=describe)
            places = places or Places(timeline)
            assert len(past(timeline, places, time)) == count - 1
            assert len(past(timeline, places, 50)) == count
