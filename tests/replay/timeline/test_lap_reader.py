"""The lines of a timeline, lap after lap."""

from __future__ import annotations

from pathlib import Path

from feedrec.formats.several.merge import Batch
from feedrec.replay.timeline.lap_reader import LapReader
from feedrec.replay.timeline.timeline import Timeline

from ..recordings import START, numbered, record


def read(reader: LapReader, count: int) -> list[Batch | None]:
    return [reader.next_batch() for _ in range(count)]


def test_a_lap_ends_with_a_batch_without_lines(tmp_path: Path) -> None:
    """And after the only lap there is nothing more."""
    reader = LapReader(Timeline([record(tmp_path / "a.jsonl", numbered(3))]))
    lines, end, *rest = read(reader, 4)
    assert lines is not None
    assert (lines.start, len(lines.lines), lines.lap) == (0, 3, 0)
    assert end == Batch(0, [], [], 0)
    assert rest == [None, None]


def test_a_loop_reads_lap_after_lap(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl", numbered(3))
    reader = LapReader(Timeline([path], start=START + 1, loop=True))
    batches = [batch for batch in read(reader, 6) if batch is not None]
    assert [(batch.start, len(batch.lines), batch.lap) for batch in batches] == [
        *[(1, 2, 0), (0, 0, 0)],
        *[(1, 2, 1), (0, 0, 1)],
        *[(1, 2, 2), (0, 0, 2)],
    ]
    reader.close()


def test_the_rest_of_a_lap_that_is_over_is_not_read(tmp_path: Path) -> None:
    """A timeline's end may lie long before that of the recordings."""
    path = record(tmp_path / "a.jsonl.zst", numbered(100_000))
    reader = LapReader(Timeline([path], loop=True))
    reader.next_batch()
    reader.laps_wanted = 1
    assert reader.next_batch() == Batch(0, [], [], 0)
    batch = reader.next_batch()
    assert batch is not None
    assert (batch.start, batch.lap) == (0, 1)
    reader.close()


def test_a_position_leaves_out_the_lines_before_it(tmp_path: Path) -> None:
    """In the first lap; without any line left, it is over."""
    path = record(tmp_path / "a.jsonl", numbered(3))
    batches = read(LapReader(Timeline([path]), None, 2), 2)
    assert [batch and (batch.start, len(batch.lines), len(batch.files)) for batch in batches] == [(2, 1, 1), (0, 0, 0)]
    assert read(LapReader(Timeline([path]), None, 3), 2) == [Batch(0, [], [], 0), None]


def test_once_stopped_it_reads_nothing_more(tmp_path: Path) -> None:
    reader = LapReader(Timeline([record(tmp_path / "a.jsonl", numbered(3))], loop=True))
    reader.next_batch()
    reader.stop()
    assert reader.next_batch() is None
    reader.close()
