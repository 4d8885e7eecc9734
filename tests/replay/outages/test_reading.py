"""Outages are found in recordings of any form, also in such as are still being written."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.formats import create_recording
from feedrec.formats.file.names import part_path
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.model import NANOSECONDS, Event, Frame, Header
from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.outages.plan import FOREVER
from feedrec.replay.outages.reading import OutageReading
from feedrec.replay.timeline.timeline import Timeline

from ...timing import wait_until
from .outage_recordings import ENDPOINT, START, at, closed, opened, plan_of, refused, ticker, write

STORY = [
    opened(0, 0),
    ticker(1, 0),
    closed(2, 0, 1012, "restart"),
    refused(3, 1, 503, retry_after=5),
    opened(8, 1),
    ticker(9, 1),
    closed(10, 1, 1000),
]


@pytest.mark.parametrize("name", ["a.jsonl.zst", "a.jsonl", "a.jsonl.gz", "a.parquet"])
def test_recordings_of_every_form_tell_the_same(tmp_path: Path, name: str) -> None:
    (outage,) = plan_of(write(tmp_path / name, STORY)).outages
    assert (outage.begin, outage.end, outage.close.code, outage.close.reason) == (at(2), at(8), 1012, "restart")
    assert [(one.time, one.status, one.retry_after) for one in outage.refusals] == [(at(3), 503, "5")]


def test_what_is_cut_off_tells_of_what_is_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", STORY)
    text = path.read_bytes()
    path.write_bytes(text[: text.index(b'"conn":1,"dir"') + 30])
    assert [(one.begin, one.end) for one in plan_of(path).outages] == [(at(2), at(8))]


def test_a_new_file_of_a_run_is_no_outage_and_one_goes_on_into_it(tmp_path: Path) -> None:
    """Nor is a new run, whose first connection follows the end of the one before."""
    first = write(tmp_path / "a-1.jsonl.zst", [opened(0, 0), ticker(1, 0)], part=1)
    second = write(tmp_path / "a-2.jsonl.zst", [ticker(2, 0), closed(3, 0), refused(4, 1, 503)], part=2)
    third = write(tmp_path / "a-3.jsonl.zst", [refused(5, 1, 502)], part=3)
    fourth = write(tmp_path / "a-4.jsonl.zst", [refused(6, 1), opened(7, 1), ticker(8, 1), closed(9, 1, 1000)], part=4)
    other = write(tmp_path / "b.jsonl.zst", [opened(20, 0), ticker(21, 0)], created=START + 1)
    assert plan_of(first, second).outages[0][:2] == (at(3), at(4))
    (outage,) = plan_of(other, fourth, third, second, first).outages
    assert (outage.begin, outage.end) == (at(3), at(7))
    assert [one.status for one in outage.refusals] == [503, 502, None]
    assert outage.conn == 3_000_000


def test_times_are_steady_where_the_clock_was_set(tmp_path: Path) -> None:
    """An hour back, right before the connection is lost: the last reading of the clocks is right."""
    writer, hour = create_recording(tmp_path / "a.jsonl.zst", Header(ENDPOINT, created=START)), 3600 * NANOSECONDS

    def reading(wall: int, monotonic: int) -> Event:
        return Event(wall, 0, "clock", {"wall": wall, "monotonic": monotonic})

    for record in (
        reading(at(0) + hour, 1),
        Event(at(0) + hour, 0, "open"),
        Frame(at(1) + hour, 0, b"{}"),
        reading(at(2), 2 * NANOSECONDS + 1),
        Event(at(2), 0, "close", {"code": 1006}),
        Event(at(5), 1, "open"),
        Frame(at(6), 1, b"{}"),
    ):
        writer.write_line(encode_event(record) if isinstance(record, Event) else encode_frame(record))
    path = writer.finish()
    assert [(one.begin, one.end) for one in plan_of(path).outages] == [(at(2), at(5))]


def test_a_recording_that_grows_tells_of_an_outage_once_the_recorder_has_tried_again(tmp_path: Path) -> None:
    growing = create_recording(tmp_path / "a.jsonl.zst", Header(ENDPOINT, created=START))
    growing.write(Event(at(0), 0, "open"))
    growing.write(Frame(at(1), 0, b"{}"))
    growing.write(Event(at(2), 0, "close", {"code": 1006}))
    growing.flush()
    reading = OutageReading(Timeline([part_path(tmp_path / "a.jsonl.zst")]))
    reading.start()
    try:
        wait_until(lambda: reading.is_waiting and reading.known_until == at(2))
        assert len(reading.plan) == 0
        growing.write(Event(at(3), 1, "refused", {"status": 503}))
        growing.flush()
        wait_until(lambda: len(reading.plan) == 1)
        assert reading.plan.at(RecordedSteady(at(1000))) is not None
        growing.write(Event(at(9), 1, "open"))
        growing.write(Frame(at(10), 1, b"{}"))
        growing.finish()
        wait_until(lambda: reading.known_until == FOREVER)
        assert [one.end for one in reading.plan.outages] == [at(9)]
    finally:
        reading.close()
